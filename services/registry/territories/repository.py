"""All SQL of territories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_STATE = ("kind", "name", "sort_key", "parent_code", "path", "municipality", "missing")
_KEPT = ("p_code", "latitude", "longitude", "coordinates_source", "edition", "origin", "source")
_COLUMNS = ", ".join(
    ("id", "code", *_STATE, *_KEPT, "valid_from", "valid_to", "state_from", "version", "updated_at")
)
_DAY = """(
    SELECT {columns} FROM territory
    WHERE coalesce(state_from <= {day}, true) AND coalesce({day} < valid_to, true)
    UNION ALL
    SELECT territory.id, territory.code, {past}, {kept}, territory.valid_from, territory.valid_to,
           territory_past.valid_from, territory.version, territory.updated_at
    FROM territory_past JOIN territory ON territory.id = territory_past.territory_id
    WHERE coalesce(territory_past.valid_from <= {day}, true) AND {day} < territory_past.valid_to
) AS territory"""
"""Units as they were on a day. Days nobody knows are no reason to leave a unit out."""
_PRESENT = "valid_to IS NULL"
_CLASSIFIER = 6118840101
"""Writers of units take turns: a path is right only as long as nobody moves what it leads through."""
_MISSING = {
    "ky": "missing @> '{{ky}}'",
    "ru": "missing @> '{{ru}}'",
    "coordinates": "latitude IS NULL",
    "p_code": "p_code IS NULL",
    "valid_from": "valid_from IS NULL",
}
Missing = Literal["ky", "ru", "coordinates", "p_code", "valid_from"]


@dataclass(frozen=True, slots=True)
class TerritoryFilter:
    kind: str | None = None
    municipality: bool | None = None
    parent: str | None = None
    within: str | None = None
    missing: Missing | None = None
    as_of: date | None = None


def _on(day: str) -> str:
    return _DAY.format(
        columns=_COLUMNS,
        day=f"{day}::date",
        past=", ".join(f"territory_past.{name}" for name in _STATE),
        kept=", ".join(f"territory.{name}" for name in _KEPT),
    )


async def lock_classifier(sql: Connection) -> None:
    await sql.execute("SELECT pg_advisory_xact_lock($1)", _CLASSIFIER)


async def territory(sql: Connection, code: str, as_of: date | None = None) -> Row | None:
    """The unit in its newest state, also when it is no more; with a day, as it was then (None: there was none)."""
    if as_of is None:
        return await sql.fetchrow(f"SELECT {_COLUMNS} FROM territory WHERE code = $1", code)
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM {_on('$2')} WHERE code = $1", code, as_of)


async def lock_territory(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM territory WHERE code = $1 FOR UPDATE", code)


async def territories(
    sql: Connection, wanted: TerritoryFilter, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    where = Where()
    where.given("kind = {}", wanted.kind)
    where.given("parent_code = {}", wanted.parent)
    where.given("path @> {}::text[]", wanted.within and [wanted.within])
    if wanted.missing is not None:
        where.add(_MISSING[wanted.missing])
    if wanted.municipality is not None:
        where.add("municipality" if wanted.municipality else "NOT municipality")
    if after is not None:
        where.add("(sort_key, id) > ({}, {})", *after)
    if wanted.as_of is None:
        source = "territory"
        where.add(_PRESENT)
    else:
        source = _on(where.bind(wanted.as_of))
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM {source} WHERE {where} ORDER BY sort_key, id LIMIT {where.bind(limit)}",
        *where.values,
    )


async def paths(sql: Connection, codes: Sequence[str]) -> dict[str, list[str]]:
    """Paths of those units that are recorded and still there."""
    rows = await sql.fetch(
        f"SELECT code, path FROM territory WHERE code = ANY($1::text[]) AND {_PRESENT}", codes
    )
    return {row["code"]: row["path"] for row in rows}


async def parents(sql: Connection, codes: Sequence[str]) -> dict[str, Row]:
    """`path` and `kind` of those units that are recorded and still there."""
    rows = await sql.fetch(
        f"SELECT code, path, kind FROM territory WHERE code = ANY($1::text[]) AND {_PRESENT}", codes
    )
    return {row["code"]: row for row in rows}


async def other_country(sql: Connection, code: str) -> bool:
    return bool(
        await sql.fetchval(
            "SELECT EXISTS (SELECT FROM territory WHERE kind = 'country' AND code <> $1)", code
        )
    )


async def known(sql: Connection, codes: Sequence[str]) -> set[str]:
    return set(await paths(sql, codes))


async def ever_known(sql: Connection, codes: Sequence[str]) -> set[str]:
    """Those codes that a unit has or had, or that a heading has: they are not given again."""
    rows = await sql.fetch(
        """SELECT code FROM territory WHERE code = ANY($1::text[])
           UNION SELECT code FROM territory_heading WHERE code = ANY($1::text[])""",
        codes,
    )
    return {row["code"] for row in rows}


async def territory_of_organisation(sql: Connection, acting: Acting) -> str | None:
    """SOATE code of what an organisation answers for."""
    found: str | None = await sql.fetchval("SELECT territory_code FROM organisation WHERE id = $1", acting)
    return found


async def places(sql: Connection, codes: Sequence[str]) -> dict[str, Row]:
    """id, code, name and path of those units that are recorded."""
    rows = await sql.fetch("SELECT id, code, name, path FROM territory WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row for row in rows}


async def add_territories(sql: Connection, units: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Adds units in one statement; returns those that were not there."""
    return await sql.fetch(
        f"""INSERT INTO territory
                (id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code,
                 latitude, longitude, coordinates_source, edition, origin, source, valid_from, state_from)
            SELECT id, code, kind, name, sort_key, parent_code, path, municipality, missing, p_code,
                   latitude, longitude, coordinates_source, edition, origin, source, valid_from, valid_from
            FROM jsonb_to_recordset($1) AS unit (
                id uuid, code text, kind text, name jsonb, sort_key text, parent_code text, path text[],
                municipality boolean, missing text[], p_code text, latitude float8, longitude float8,
                coordinates_source text, edition text, origin text, source text, valid_from date)
            ON CONFLICT DO NOTHING RETURNING {_COLUMNS}""",
        units,
    )


async def correct_territory(sql: Connection, code: str, changes: Mapping[str, Any]) -> Row:
    row = await sql.fetchrow(
        f"""UPDATE territory SET name = $2, sort_key = $3, missing = $4, latitude = $5, longitude = $6,
                coordinates_source = $7, edition = $8, source = $9, version = version + 1, updated_at = now()
            WHERE code = $1 RETURNING {_COLUMNS}""",
        code,
        *(
            changes[name]
            for name in (
                "name",
                "sort_key",
                "missing",
                "latitude",
                "longitude",
                "coordinates_source",
                "edition",
                "source",
            )
        ),
    )
    assert row is not None
    return row


async def counted_gaps(sql: Connection) -> Sequence[Row]:
    """By kind of the units there are today: how many lack what."""
    return await sql.fetch(
        f"""SELECT kind, count(*) AS units,
                   count(*) FILTER (WHERE missing @> '{{ky}}') AS without_ky,
                   count(*) FILTER (WHERE missing @> '{{ru}}') AS without_ru,
                   count(*) FILTER (WHERE latitude IS NULL) AS without_coordinates,
                   count(*) FILTER (WHERE p_code IS NULL) AS without_p_code,
                   count(*) FILTER (WHERE NOT EXISTS (SELECT FROM territory_boundary AS boundary
                                                      WHERE boundary.territory_id = territory.id)) AS without_boundary,
                   count(*) FILTER (WHERE valid_from IS NULL) AS without_valid_from
            FROM territory WHERE {_PRESENT} GROUP BY kind ORDER BY units, kind"""
    )


async def edition_on(sql: Connection, day: date) -> Row | None:
    """The newest edition of the classifier on a day, else the earliest there is, and the last change on top of it."""
    return await sql.fetchrow(
        """SELECT date, title, origin, source,
                  (SELECT max(happened_on) FROM territory_change WHERE happened_on BETWEEN date AND $1) AS changed_on
           FROM classifier_edition ORDER BY date <= $1 DESC, abs(date - $1) LIMIT 1""",
        day,
    )


async def add_edition(sql: Connection, edition: Mapping[str, Any]) -> bool:
    """False when an edition of this day is recorded."""
    return bool(
        await sql.fetchval(
            """INSERT INTO classifier_edition (date, title, origin, source) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING RETURNING true""",
            *(edition[name] for name in ("date", "title", "origin", "source")),
        )
    )


_HEADING = "code, name, parent_code, origin, source"


async def headings(sql: Connection, after: str, limit: int) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_HEADING} FROM territory_heading WHERE code > $1 ORDER BY code LIMIT $2", after, limit
    )


async def heading(sql: Connection, code: str) -> Row | None:
    return await sql.fetchrow(f"SELECT {_HEADING} FROM territory_heading WHERE code = $1", code)


async def add_headings(sql: Connection, headings: Sequence[Mapping[str, Any]]) -> int:
    """How many were not there."""
    rows = await sql.fetch(
        f"""INSERT INTO territory_heading ({_HEADING})
            SELECT {_HEADING} FROM jsonb_to_recordset($1) AS heading (
                code text, name jsonb, parent_code text, origin text, source text)
            ON CONFLICT DO NOTHING RETURNING code""",
        headings,
    )
    return len(rows)
