"""All SQL of observations and imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.scoring.observations.rows import NewObservation
from shared.db.database import Connection

Row = asyncpg.Record
Key = tuple[str, str, date]

_SHOWN = """id, method_code, municipality_code, indicator_code, period_end, observed_on, state, value, numerator,
    denominator, origin, source, import_id, version, created_at, superseded_at"""
_IMPORT = "id, method_code, sha256, rows, inserted, revised, unchanged, created_at"


@dataclass(frozen=True, slots=True)
class Filters:
    """None: any."""

    method: str | None
    municipality: str | None
    indicator: str | None
    period_end: date | None


async def observations(
    sql: Connection, filters: Filters, after: tuple[str, str, str, date] | None, limit: int
) -> Sequence[Row]:
    """Current values by method, municipality, indicator and period."""
    method, municipality, indicator, period = after or ("", "", "", date.min)
    return await sql.fetch(
        f"""SELECT {_SHOWN} FROM observation
            WHERE superseded_at IS NULL
              AND ($1::text IS NULL OR method_code = $1) AND ($2::text IS NULL OR municipality_code = $2)
              AND ($3::text IS NULL OR indicator_code = $3) AND ($4::date IS NULL OR period_end = $4)
              AND (method_code, municipality_code, indicator_code, period_end) > ($5, $6, $7, $8)
            ORDER BY method_code, municipality_code, indicator_code, period_end LIMIT $9""",
        filters.method,
        filters.municipality,
        filters.indicator,
        filters.period_end,
        method,
        municipality,
        indicator,
        period,
        limit,
    )


async def hold(sql: Connection) -> None:
    """One import at a time: two with the same key would both find it new. Readers do not wait."""
    await sql.execute("LOCK TABLE observation IN SHARE ROW EXCLUSIVE MODE")


async def current(sql: Connection, method: str, keys: Sequence[Key]) -> dict[Key, Row]:
    """What stands under these keys."""
    rows = await sql.fetch(
        """SELECT o.id, o.municipality_code, o.indicator_code, o.period_end, o.observed_on, o.state, o.value,
                  o.numerator, o.denominator, o.origin, o.source, o.version
           FROM unnest($2::text[], $3::text[], $4::date[]) AS k (municipality, indicator, period)
           JOIN observation o ON o.method_code = $1 AND o.municipality_code = k.municipality
            AND o.indicator_code = k.indicator AND o.period_end = k.period AND o.superseded_at IS NULL""",
        method,
        [municipality for municipality, _, _ in keys],
        [indicator for _, indicator, _ in keys],
        [period for _, _, period in keys],
    )
    return {(row["municipality_code"], row["indicator_code"], row["period_end"]): row for row in rows}


async def supersede(sql: Connection, identifiers: Sequence[UUID], at: datetime) -> None:
    await sql.execute("UPDATE observation SET superseded_at = $2 WHERE id = ANY($1::uuid[])", identifiers, at)


async def add(
    sql: Connection,
    method: str,
    import_id: UUID,
    identifiers: Sequence[UUID],
    rows: Sequence[NewObservation],
    versions: Sequence[int],
) -> None:
    await sql.execute(
        """INSERT INTO observation (method_code, import_id, id, version, municipality_code, indicator_code, period_end,
                                    observed_on, state, value, numerator, denominator, origin, source)
           SELECT $1, $2, n.* FROM unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::date[], $8::date[],
                                          $9::text[], $10::float8[], $11::bigint[], $12::bigint[], $13::text[],
                                          $14::text[]) AS n""",
        method,
        import_id,
        identifiers,
        versions,
        [row.municipality_code for row in rows],
        [row.indicator_code for row in rows],
        [row.period_end for row in rows],
        [row.observed_on for row in rows],
        [row.state for row in rows],
        [row.value for row in rows],
        [row.numerator for row in rows],
        [row.denominator for row in rows],
        [row.origin for row in rows],
        [row.source for row in rows],
    )


async def add_import(
    sql: Connection,
    identifier: UUID,
    method: str,
    organisation: UUID | None,
    sha256: str,
    counts: Mapping[str, int],
) -> Row:
    row = await sql.fetchrow(
        f"""INSERT INTO observation_import (id, method_code, organisation_id, sha256, rows, inserted, revised, unchanged)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {_IMPORT}""",
        identifier,
        method,
        organisation,
        sha256,
        counts["rows"],
        counts["inserted"],
        counts["revised"],
        counts["unchanged"],
    )
    assert row is not None
    return row


async def import_of(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_IMPORT} FROM observation_import WHERE id = $1", identifier)
