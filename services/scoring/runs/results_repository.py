"""All SQL of results: what a run says of each municipality, and the inputs it is computed from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.scoring.runs.domain import UNRANKED
from shared.db.database import Connection

Row = asyncpg.Record

_SUMMARY = "run_id, municipality_code, municipality_id, name, path, score, rank, place, dimensions"
_ALL = f"{_SUMMARY}, indicators, input_hash"


@dataclass(frozen=True, slots=True)
class NewResult:
    """A result before it is ranked."""

    municipality_code: str
    municipality_id: UUID | None
    name: Mapping[str, str]
    path: Sequence[str]
    score: float | None
    dimensions: Sequence[Mapping[str, Any]]
    indicators: Sequence[Mapping[str, Any]]
    input_hash: str


async def observations(
    sql: Connection, method: str, until: date, municipalities: Collection[str] | None
) -> Sequence[Row]:
    """Per municipality and indicator the current value of the latest period that ended by `until`."""
    return await sql.fetch(
        """SELECT DISTINCT ON (municipality_code, indicator_code)
                  id, municipality_code, indicator_code, period_end, state, value, numerator, denominator, origin
           FROM observation
           WHERE method_code = $1 AND superseded_at IS NULL AND period_end <= $2
             AND ($3::text[] IS NULL OR municipality_code = ANY($3))
           ORDER BY municipality_code, indicator_code, period_end DESC""",
        method,
        until,
        None if municipalities is None else list(municipalities),
    )


async def save(sql: Connection, run_id: UUID, results: Sequence[NewResult]) -> int:
    """How many rows differ from what stood there; the ranks of these are to be set."""
    return len(
        await sql.fetch(
            """INSERT INTO result AS r (run_id, municipality_code, municipality_id, name, path, score, place,
                                        dimensions, indicators, input_hash)
               SELECT $1, n.code, n.id, n.name::jsonb, ARRAY(SELECT jsonb_array_elements_text(n.path::jsonb)),
                      n.score, $10, n.dimensions::jsonb, n.indicators::jsonb, n.input_hash
               FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::text[],
                           $9::text[]) AS n (code, id, name, path, score, dimensions, indicators, input_hash)
               ON CONFLICT (run_id, municipality_code) DO UPDATE
               SET municipality_id = excluded.municipality_id, name = excluded.name, path = excluded.path,
                   score = excluded.score, dimensions = excluded.dimensions, indicators = excluded.indicators,
                   input_hash = excluded.input_hash
               WHERE (r.municipality_id, r.name, r.path, r.score, r.dimensions, r.indicators, r.input_hash)
                     IS DISTINCT FROM (excluded.municipality_id, excluded.name, excluded.path, excluded.score,
                                       excluded.dimensions, excluded.indicators, excluded.input_hash)
               RETURNING 1""",
            run_id,
            [found.municipality_code for found in results],
            [found.municipality_id for found in results],
            [_json(found.name) for found in results],
            [_json(list(found.path)) for found in results],
            [found.score for found in results],
            [_json(found.dimensions) for found in results],
            [_json(found.indicators) for found in results],
            [found.input_hash for found in results],
            UNRANKED,
        )
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def remove(sql: Connection, run_id: UUID, municipalities: Collection[str]) -> int:
    """How many there were."""
    rows = await sql.fetch(
        "DELETE FROM result WHERE run_id = $1 AND municipality_code = ANY($2::text[]) RETURNING 1",
        run_id,
        list(municipalities),
    )
    return len(rows)


async def standings(sql: Connection, run_id: UUID) -> Sequence[Row]:
    """Of every municipality in the run: score, rank and input hash."""
    return await sql.fetch(
        "SELECT municipality_code, score, rank, input_hash FROM result WHERE run_id = $1", run_id
    )


async def set_ranks(sql: Connection, run_id: UUID, ranks: Mapping[str, int | None]) -> None:
    await sql.execute(
        """UPDATE result r SET rank = n.rank, place = coalesce(n.rank, $4)
           FROM unnest($2::text[], $3::int[]) AS n (code, rank)
           WHERE r.run_id = $1 AND r.municipality_code = n.code""",
        run_id,
        list(ranks),
        list(ranks.values()),
        UNRANKED,
    )


async def all_of(sql: Connection, run_id: UUID) -> Sequence[Row]:
    return await sql.fetch(
        f"SELECT {_ALL} FROM result WHERE run_id = $1 ORDER BY place, municipality_code", run_id
    )


async def listed(
    sql: Connection, run_id: UUID, territory: str | None, after: tuple[int, str] | None, limit: int
) -> Sequence[Row]:
    """By rank, those without one last; `territory`: only what lies in it."""
    place, code = after or (0, "")
    return await sql.fetch(
        f"""SELECT {_SUMMARY} FROM result
            WHERE run_id = $1 AND (place, municipality_code) > ($2, $3)
              AND ($4::text IS NULL OR path @> ARRAY[$4::text])
            ORDER BY place, municipality_code LIMIT $5""",
        run_id,
        place,
        code,
        territory,
        limit,
    )


async def one(sql: Connection, run_id: UUID, municipality: str) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_ALL} FROM result WHERE run_id = $1 AND municipality_code = $2", run_id, municipality
    )


async def frozen_visits(
    sql: Connection, run_id: UUID, municipality: str, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Row]:
    """The visits behind a published figure, by day of application."""
    day, identifier = after or (date.min, UUID(int=0))
    return await sql.fetch(
        """SELECT visit_id AS id, version, service, standard, applied_on, verdict, checks, provisional, origin
           FROM run_visit
           WHERE run_id = $1 AND municipality_code = $2 AND (applied_on, visit_id) > ($3, $4)
           ORDER BY applied_on, visit_id LIMIT $5""",
        run_id,
        municipality,
        day,
        identifier,
        limit,
    )


async def observation(sql: Connection, identifier: UUID) -> Row | None:
    """The very version of an observation; these rows never change."""
    return await sql.fetchrow(
        """SELECT id, version, period_end, observed_on, state, value, numerator, denominator, origin, source, import_id,
                  created_at, superseded_at
           FROM observation WHERE id = $1""",
        identifier,
    )
