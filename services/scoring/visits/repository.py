"""All SQL of visits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from shared.db.database import Connection

Row = asyncpg.Record
COUNTING = "level = 'municipal' AND NOT withdrawn AND municipality_code IS NOT NULL"
"""The visits a computed indicator counts, lists and freezes."""

SERVICE = """CASE WHEN named.id IS NULL THEN v.service
    ELSE jsonb_build_object('id', named.id, 'code', named.code, 'name', named.name) END"""
"""The service of a `visit AS v` as the registry calls it today; `NAMED` is joined."""
NAMED = "LEFT JOIN service AS named ON named.id = (v.service ->> 'id')::uuid"

Touched = set[tuple[str, date]]
"""(municipality, day of application) whose counts may have changed."""

_TYPES = {
    "id": "uuid",
    "version": "int",
    "withdrawn": "bool",
    "level": "text",
    "municipality_code": "text",
    "municipality": "jsonb",
    "service": "jsonb",
    "standard": "jsonb",
    "applied_on": "date",
    "verdict": "text",
    "checks": "jsonb",
    "provisional": "bool",
    "origin": "text",
}
_NAMES = ", ".join(_TYPES)
# Documents travel as text: the driver would read a list of lists as an array of two dimensions.
_SOURCES = ", ".join(
    f"${n}::{'text' if kind == 'jsonb' else kind}[]" for n, kind in enumerate(_TYPES.values(), 1)
)
_VALUES = ", ".join(f"r.{name}::{kind}" for name, kind in _TYPES.items())
# Written out instead of the kit's Upsert for the old row: a revision may move a visit to another municipality or
# day, and both have to be counted again. Rows in id order, so that two batches cannot deadlock.
_SAVE = f"""
INSERT INTO visit ({_NAMES})
SELECT {_VALUES} FROM unnest({_SOURCES}) AS r ({_NAMES}) ORDER BY r.id
ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _TYPES if name != "id")}
WHERE excluded.version > visit.version
RETURNING old.municipality_code AS old_municipality, old.applied_on AS old_day,
          new.municipality_code AS new_municipality, new.applied_on AS new_day
"""


async def save(sql: Connection, rows: Iterable[Mapping[str, Any]]) -> Touched:
    """Keep the newest version of each visit; what is not newer changes nothing and touches nothing."""
    newest: dict[UUID, Mapping[str, Any]] = {}
    for row in rows:
        held = newest.get(row["id"])
        if held is None or row["version"] > held["version"]:
            newest[row["id"]] = row
    changed = await sql.fetch(
        _SAVE, *([_packed(row[name], kind) for row in newest.values()] for name, kind in _TYPES.items())
    )
    touched: Touched = set()
    for found in changed:
        for municipality, day in (
            (found["old_municipality"], found["old_day"]),
            (found["new_municipality"], found["new_day"]),
        ):
            if municipality is not None and day is not None:
                touched.add((municipality, day))
    return touched


def _packed(value: Any, kind: str) -> Any:
    return orjson.dumps(value).decode() if kind == "jsonb" and value is not None else value


DECIDED = """NOT jsonb_path_exists(checks, '$[*] ? (@.verdict == "undetermined")')"""
"""A verdict on every criterion, as the method asks. Else what was not recorded could only lower a share: one
breach is enough for "breached", "met" needs all three."""


async def counts(
    sql: Connection, start: date, end: date, municipalities: Sequence[str] | None
) -> Sequence[Row]:
    """Per municipality the verdicts of its municipal visits, their origins, and a digest of which visits these
    are in which version. `municipalities` None: all."""
    return await sql.fetch(
        f"""SELECT municipality_code,
                  count(*) FILTER (WHERE verdict = 'met') AS met,
                  count(*) FILTER (WHERE verdict = 'breached' AND {DECIDED}) AS breached,
                  array_agg(DISTINCT origin) AS origins,
                  encode(sha256(convert_to(
                      string_agg(id::text || ':' || version, ',' ORDER BY id), 'UTF8')), 'hex') AS digest
           FROM visit
           WHERE {COUNTING} AND applied_on BETWEEN $1 AND $2
             AND ($3::text[] IS NULL OR municipality_code = ANY($3))
           GROUP BY municipality_code""",
        start,
        end,
        municipalities,
    )


async def places(sql: Connection, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What visits say of the municipalities they were made in, until the registry's own event is here."""
    rows = await sql.fetch(
        """SELECT DISTINCT ON (municipality_code) municipality_code, municipality FROM visit
           WHERE municipality_code = ANY($1::text[]) AND municipality IS NOT NULL
           ORDER BY municipality_code, id DESC""",
        codes,
    )
    return {row["municipality_code"]: row["municipality"] for row in rows}


async def listed(
    sql: Connection,
    municipality: str,
    start: date,
    end: date,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """The visits behind a live figure, by day of application."""
    day, identifier = after or (date.min, UUID(int=0))
    return await sql.fetch(
        f"""SELECT v.id, v.version, {SERVICE} AS service, standard, applied_on, verdict, checks, provisional, origin
            FROM visit AS v {NAMED}
            WHERE {COUNTING} AND municipality_code = $1 AND applied_on BETWEEN $2 AND $3
              AND (applied_on, v.id) > ($4, $5)
            ORDER BY applied_on, v.id LIMIT $6""",
        municipality,
        start,
        end,
        day,
        identifier,
        limit,
    )
