"""All SQL of changes of units: what ends, what is as it was no more, and how units follow each other."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_UNIT = "id, code, kind, name, parent_code, path, state_from, municipality"


async def lock_units(sql: Connection, codes: Sequence[str]) -> Sequence[Row]:
    """These units as far as they are still there, and everything below them."""
    return await sql.fetch(
        f"SELECT {_UNIT} FROM territory WHERE path && $1::text[] AND valid_to IS NULL ORDER BY code FOR UPDATE",
        codes,
    )


async def keep_states(sql: Connection, codes: Sequence[str], until: date) -> None:
    """Put by the states that end: a state of no day is none."""
    await sql.execute(
        """INSERT INTO territory_past (territory_id, valid_to, valid_from, kind, name, sort_key, parent_code, path,
                                       municipality, missing)
           SELECT id, $2, state_from, kind, name, sort_key, parent_code, path, municipality, missing
           FROM territory WHERE code = ANY($1::text[]) AND coalesce(state_from < $2, true)""",
        codes,
        until,
    )


async def end_units(sql: Connection, codes: Sequence[str], on: date) -> Sequence[UUID]:
    rows = await sql.fetch(
        """UPDATE territory SET valid_to = $2, version = version + 1, updated_at = now()
           WHERE code = ANY($1::text[]) RETURNING id""",
        codes,
        on,
    )
    return [row["id"] for row in rows]


async def restate(sql: Connection, units: Sequence[Mapping[str, Any]], on: date) -> None:
    """Give many units another state in one statement."""
    await sql.execute(
        """UPDATE territory SET kind = unit.kind, name = unit.name, sort_key = unit.sort_key,
                  parent_code = unit.parent_code, path = unit.path, municipality = unit.municipality,
                  missing = unit.missing, state_from = $2, version = version + 1, updated_at = now()
           FROM jsonb_to_recordset($1) AS unit (code text, kind text, name jsonb, sort_key text, parent_code text,
                                                path text[], municipality boolean, missing text[])
           WHERE territory.code = unit.code""",
        units,
        on,
    )


async def add_change(sql: Connection, change: Mapping[str, Any]) -> None:
    names = ("id", "kind", "happened_on", "act_id", "origin", "source")
    await sql.execute(
        """INSERT INTO territory_change (id, kind, happened_on, act_id, origin, source)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        *(change[name] for name in names),
    )


async def relate(sql: Connection, change_id: UUID, pairs: Sequence[tuple[str, str]]) -> None:
    """Units that follow each other, by code: (predecessor, successor)."""
    before, after = zip(*pairs, strict=True)
    await sql.execute(
        """INSERT INTO territory_relation (change_id, predecessor_id, successor_id)
           SELECT $1, predecessor.id, successor.id
           FROM unnest($2::text[], $3::text[]) AS pair (before, after)
           JOIN territory AS predecessor ON predecessor.code = pair.before
           JOIN territory AS successor ON successor.code = pair.after""",
        change_id,
        before,
        after,
    )


_CHANGE = """
    SELECT change.id, change.kind, change.happened_on, change.origin, change.source, change.recorded_at,
           act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
           act.issuer AS act_issuer, act.title AS act_title, act.url AS act_url,
           ARRAY(SELECT DISTINCT unit.code FROM territory_relation AS relation
                 JOIN territory AS unit ON unit.id = relation.predecessor_id
                 WHERE relation.change_id = change.id ORDER BY unit.code) AS predecessors,
           ARRAY(SELECT DISTINCT unit.code FROM territory_relation AS relation
                 JOIN territory AS unit ON unit.id = relation.successor_id
                 WHERE relation.change_id = change.id ORDER BY unit.code) AS successors
    FROM territory_change AS change JOIN legal_act AS act ON act.id = change.act_id
"""


async def change(sql: Connection, identifier: UUID) -> Row:
    row = await sql.fetchrow(f"{_CHANGE} WHERE change.id = $1", identifier)
    assert row is not None
    return row


async def changes(
    sql: Connection, territory: str | None, after: tuple[date, UUID] | None, limit: int
) -> Sequence[Row]:
    """Newest first; of one unit, or of all."""
    where = Where()
    where.given(
        """change.id IN (SELECT relation.change_id FROM territory_relation AS relation
                         JOIN territory AS unit ON unit.id IN (relation.predecessor_id, relation.successor_id)
                         WHERE unit.code = {})""",
        territory,
    )
    if after is not None:
        where.add("(change.happened_on, change.id) < ({}, {})", *after)
    return await sql.fetch(
        f"""{_CHANGE} WHERE {where}
            ORDER BY change.happened_on DESC, change.id DESC LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def relatives(sql: Connection, identifier: UUID) -> Sequence[Row]:
    """Other units this one came from (`before`) or went over to, oldest first."""
    return await sql.fetch(
        """SELECT unit.code, unit.name, relation.successor_id = $1 AS before, change.kind, change.happened_on,
                  change.id AS change_id
           FROM territory_relation AS relation
           JOIN territory_change AS change ON change.id = relation.change_id
           JOIN territory AS unit ON unit.id = CASE WHEN relation.successor_id = $1 THEN relation.predecessor_id
                                                    ELSE relation.successor_id END
           WHERE (relation.predecessor_id = $1 OR relation.successor_id = $1)
             AND relation.predecessor_id <> relation.successor_id
           ORDER BY change.happened_on, change.id, unit.code""",
        identifier,
    )


async def past(sql: Connection, identifier: UUID) -> Sequence[Row]:
    """States a unit had, newest first."""
    return await sql.fetch(
        """SELECT valid_from, valid_to, kind, name, parent_code FROM territory_past
           WHERE territory_id = $1 ORDER BY valid_to DESC""",
        identifier,
    )


async def rows(sql: Connection, codes: Sequence[str]) -> Sequence[Row]:
    """Whole rows, as they are announced."""
    return await sql.fetch("SELECT * FROM territory WHERE code = ANY($1::text[]) ORDER BY code", codes)
