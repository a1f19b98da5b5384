"""All SQL of the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_COLUMNS = """
    service.id, service.code, service.level, service.body_id, body.code AS body_code, body.name AS body_name,
    service.name, service.name_states, service.sort_key, service.register_numbers, service.regime, service.sector,
    service.status, service.merged_into, target.code AS target_code, target.name AS target_name, service.act_id,
    service.facts, service.missing, service.origin, service.source, service.version, service.updated_at
"""
_FROM = """
    service JOIN organisation AS body ON body.id = service.body_id
    LEFT JOIN service AS target ON target.id = service.merged_into
"""
_CHANGEABLE = (
    "name",
    "name_states",
    "sort_key",
    "register_numbers",
    "regime",
    "sector",
    "status",
    "act_id",
    "merged_into",
)


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    level: str | None = None
    body: str | None = None
    status: str | None = None
    missing: str | None = None
    origin: str | None = None


async def service(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_COLUMNS} FROM {_FROM} WHERE service.id = $1", identifier)


async def lock_service(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE service.id = $1 FOR UPDATE OF service", identifier
    )


async def ids_of_codes(sql: Connection, codes: Sequence[str]) -> dict[str, UUID]:
    rows = await sql.fetch("SELECT code, id FROM service WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["id"] for row in rows}


async def codes_of_ids(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, str]:
    rows = await sql.fetch("SELECT id, code FROM service WHERE id = ANY($1::uuid[])", identifiers)
    return {row["id"]: row["code"] for row in rows}


async def ids_of_bodies(sql: Connection, bodies: Sequence[UUID]) -> list[UUID]:
    rows = await sql.fetch("SELECT id FROM service WHERE body_id = ANY($1::uuid[]) ORDER BY id", bodies)
    return [row["id"] for row in rows]


async def pass_on(sql: Connection, before: Sequence[UUID], after: Sequence[UUID]) -> None:
    """Services of bodies that are no more, with their standards, to the bodies that took over."""
    for table in ("service", "standard"):
        await sql.execute(
            f"""UPDATE {table} SET body_id = pair.after FROM unnest($1::uuid[], $2::uuid[]) AS pair (before, after)
                WHERE {table}.body_id = pair.before""",
            before,
            after,
        )


async def ids_merged_into(sql: Connection, identifier: UUID) -> list[UUID]:
    rows = await sql.fetch("SELECT id FROM service WHERE merged_into = $1 ORDER BY id", identifier)
    return [row["id"] for row in rows]


async def services(
    sql: Connection,
    wanted: ServiceFilter,
    staff_of: Acting | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """Public entries, and unpublished ones of the body whose staff asks."""
    where = Where()
    where.add("(service.status <> 'proposed' OR service.body_id = {}::uuid)", staff_of)
    where.given("service.level = {}", wanted.level)
    where.given("service.body_id = (SELECT id FROM organisation WHERE code = {})", wanted.body)
    where.given("service.status = {}", wanted.status)
    where.given("service.missing @> {}::text[]", wanted.missing and [wanted.missing])
    where.given("service.origin = {}", wanted.origin)
    if after is not None:
        where.add("(service.sort_key, service.id) > ({}, {})", *after)
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM {_FROM} WHERE {where}
            ORDER BY service.sort_key, service.id LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def add_service(sql: Connection, entry: Mapping[str, Any]) -> bool:
    """False when this id or code is taken."""
    return bool(
        await sql.fetchval(
            """INSERT INTO service (id, code, level, body_id, name, name_states, sort_key, register_numbers, regime,
                                    sector, status, merged_into, facts, missing, origin, source, version)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '{}', $14, $15, 0)
               ON CONFLICT DO NOTHING RETURNING true""",
            *(entry[name] for name in ("id", "code", "level", "body_id", "name", "name_states", "sort_key")),
            *(entry[name] for name in ("register_numbers", "regime", "sector", "status", "merged_into")),
            *(entry[name] for name in ("facts", "origin", "source")),
        )
    )


async def change_service(sql: Connection, identifier: UUID, changes: Mapping[str, Any]) -> None:
    """`changes` holds columns of `_CHANGEABLE` with their new values."""
    columns = [name for name in _CHANGEABLE if name in changes]
    if not columns:
        return
    assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 2))
    await sql.execute(
        f"UPDATE service SET {assignments} WHERE id = $1", identifier, *(changes[name] for name in columns)
    )


async def count_change(sql: Connection, identifier: UUID, missing: Sequence[str]) -> Row:
    """One more version of the entry, with its gaps as they are now."""
    await sql.execute(
        "UPDATE service SET missing = $2, version = version + 1, updated_at = now() WHERE id = $1",
        identifier,
        missing,
    )
    row = await service(sql, identifier)
    assert row is not None
    return row


async def missing_rows(sql: Connection) -> Sequence[Row]:
    """Each row of a standard with the number of public entries that lack it."""
    return await sql.fetch(
        """SELECT row, count(*) AS services FROM service, unnest(missing) AS row
           WHERE status NOT IN ('proposed', 'merged', 'split', 'excluded')
           GROUP BY row ORDER BY services DESC, row"""
    )


async def count_public(sql: Connection) -> int:
    found: int = await sql.fetchval(
        "SELECT count(*) FROM service WHERE status NOT IN ('proposed', 'merged', 'split', 'excluded')"
    )
    return found


_GAP = "id, code, reason, text, language, level, body, origin, source"


async def collection_gaps(sql: Connection) -> Sequence[Row]:
    return await sql.fetch(f"SELECT {_GAP} FROM collection_gap ORDER BY code")


async def add_collection_gap(sql: Connection, gap: Mapping[str, Any]) -> bool:
    names = ("id", "code", "reason", "text", "language", "level", "body", "origin", "source")
    return bool(
        await sql.fetchval(
            f"""INSERT INTO collection_gap ({_GAP}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT DO NOTHING RETURNING true""",
            *(gap[name] for name in names),
        )
    )
