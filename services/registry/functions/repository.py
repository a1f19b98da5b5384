"""All SQL of the Register of Functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.access.domain import BODY_KINDS
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_ACT = """act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
          act.issuer AS act_issuer, act.title AS act_title, act.url AS act_url"""
_REGISTER = f"""
    SELECT register.id, register.number, register.status, register.valid_from, register.valid_to,
           register.submitted_at, register.version, counted.functions, counted.dropped, {_ACT}
    FROM function_register AS register LEFT JOIN legal_act AS act ON act.id = register.act_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE NOT dropped) AS functions, count(*) FILTER (WHERE dropped) AS dropped
        FROM function_entry AS entry WHERE entry.register_id = register.id
    ) AS counted
"""
_ENTRY = f"""
    SELECT entry.function_id, entry.code, entry.name, entry.sort_key, entry.level, entry.financed_from,
           entry.provision, entry.services, entry.dropped, entry.origin, entry.source, entry.version,
           entry.body_id, body.code AS body_code, body.name AS body_name, body.valid_to AS body_ended,
           register.number AS register_number, act.status AS act_status, {_ACT}
    FROM function_entry AS entry
    JOIN function_register AS register ON register.id = entry.register_id
    JOIN organisation AS body ON body.id = entry.body_id
    LEFT JOIN legal_act AS act ON act.id = entry.act_id
"""
_IN_FORCE = """
    (SELECT id FROM function_register
     WHERE status = 'adopted' AND valid_from <= {day} AND coalesce({day} < valid_to, true))
"""
_BELOW = """
    entry.body_id IN (
        WITH RECURSIVE below (id) AS (
            SELECT {}::uuid
            UNION SELECT one.id FROM organisation AS one JOIN below ON one.parent_id = below.id
        ) SELECT id FROM below)
"""


@dataclass(frozen=True, slots=True)
class FunctionFilter:
    body: str | None = None
    level: str | None = None
    financed_from: str | None = None
    service: UUID | None = None
    below: UUID | None = None
    """Of this body and those below it."""


async def register(sql: Connection, number: int) -> Row | None:
    return await sql.fetchrow(f"{_REGISTER} WHERE register.number = $1", number)


async def register_on(sql: Connection, day: date) -> Row | None:
    """The version in force on a day."""
    return await sql.fetchrow(f"{_REGISTER} WHERE register.id = {_IN_FORCE.format(day='$1::date')}", day)


async def registers(sql: Connection, *, adopted_only: bool, after: int | None, limit: int) -> Sequence[Row]:
    """Newest first."""
    where = Where()
    if adopted_only:
        where.add("register.status = 'adopted'")
    where.given("register.number < {}", after)
    return await sql.fetch(
        f"{_REGISTER} WHERE {where} ORDER BY register.number DESC LIMIT {where.bind(limit)}", *where.values
    )


async def lock_register(sql: Connection, number: int, *, shared: bool = False) -> Row | None:
    """Shared by those who edit functions: whoever moves the register on waits for them, and they for it."""
    return await sql.fetchrow(
        f"""SELECT id, number, status, version FROM function_register WHERE number = $1
            FOR {"SHARE" if shared else "UPDATE"}""",
        number,
    )


async def open_register(sql: Connection, identifier: UUID) -> Row | None:
    """A new draft with the functions of the last adopted version; None while another one is open."""
    row = await sql.fetchrow(
        """INSERT INTO function_register (id, number, status, open)
           SELECT $1, coalesce(max(number), 0) + 1, 'draft', true FROM function_register
           ON CONFLICT DO NOTHING RETURNING id, number""",
        identifier,
    )
    if row is None:
        return None
    await sql.execute(
        """INSERT INTO function_entry (register_id, function_id, code, body_id, name, sort_key, level, financed_from,
                                       act_id, provision, services, origin, source)
           SELECT $1, function_id, code, body_id, name, sort_key, level, financed_from, act_id, provision, services,
                  origin, source
           FROM function_entry
           WHERE NOT dropped AND register_id = (SELECT id FROM function_register WHERE status = 'adopted'
                                                ORDER BY number DESC LIMIT 1)""",
        identifier,
    )
    return row


async def submit(sql: Connection, identifier: UUID) -> None:
    await sql.execute(
        """UPDATE function_register SET status = 'submitted', submitted_at = now(), version = version + 1
           WHERE id = $1""",
        identifier,
    )


async def adopt(sql: Connection, identifier: UUID, act_id: UUID, valid_from: date) -> None:
    """Ends the version before from the same day on."""
    await sql.execute(
        "UPDATE function_register SET valid_to = $1 WHERE status = 'adopted' AND valid_to IS NULL", valid_from
    )
    await sql.execute(
        """UPDATE function_register SET status = 'adopted', open = false, act_id = $2, valid_from = $3,
                  version = version + 1 WHERE id = $1""",
        identifier,
        act_id,
        valid_from,
    )


async def last_adopted(sql: Connection) -> Row | None:
    return await sql.fetchrow(
        "SELECT id, valid_from FROM function_register WHERE status = 'adopted' ORDER BY number DESC LIMIT 1"
    )


async def functions(
    sql: Connection,
    register_id: UUID,
    wanted: FunctionFilter,
    after: tuple[str, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """In alphabetical order, without those that were dropped."""
    where = Where()
    where.add("entry.register_id = {} AND NOT entry.dropped", register_id)
    where.given("entry.body_id = (SELECT id FROM organisation WHERE code = {})", wanted.body)
    where.given("entry.level = {}", wanted.level)
    where.given("entry.financed_from = {}", wanted.financed_from)
    where.given("entry.services @> {}::uuid[]", wanted.service and [wanted.service])
    where.given(_BELOW, wanted.below)
    if after is not None:
        where.add("(entry.sort_key, entry.function_id) > ({}, {})", *after)
    return await sql.fetch(
        f"{_ENTRY} WHERE {where} ORDER BY entry.sort_key, entry.function_id LIMIT {where.bind(limit)}",
        *where.values,
    )


async def every_function(sql: Connection, register_id: UUID) -> Sequence[Row]:
    """All of a version, those that were dropped too."""
    return await sql.fetch(f"{_ENTRY} WHERE entry.register_id = $1 ORDER BY entry.code", register_id)


async def function(sql: Connection, register_id: UUID, function_id: UUID) -> Row | None:
    return await sql.fetchrow(
        f"{_ENTRY} WHERE entry.register_id = $1 AND entry.function_id = $2", register_id, function_id
    )


async def lock_function(sql: Connection, register_id: UUID, function_id: UUID) -> Row | None:
    return await sql.fetchrow(
        """SELECT function_id FROM function_entry WHERE register_id = $1 AND function_id = $2 FOR UPDATE""",
        register_id,
        function_id,
    )


async def add_function(sql: Connection, entry: Mapping[str, Any]) -> bool:
    """False when the version has a function with this code."""
    names = (
        *("register_id", "function_id", "code", "body_id", "name", "sort_key", "level", "financed_from"),
        *("act_id", "provision", "services", "origin", "source"),
    )
    return bool(
        await sql.fetchval(
            f"""INSERT INTO function_entry ({", ".join(names)})
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                ON CONFLICT DO NOTHING RETURNING true""",
            *(entry[name] for name in names),
        )
    )


async def restate(sql: Connection, register_id: UUID, entries: Sequence[Mapping[str, Any]]) -> None:
    """Give many functions of a version another content in one statement."""
    await sql.execute(
        """UPDATE function_entry AS known SET body_id = entry.body_id, name = entry.name, sort_key = entry.sort_key,
                  level = entry.level, financed_from = entry.financed_from, act_id = entry.act_id,
                  provision = entry.provision, services = entry.services, dropped = entry.dropped,
                  version = known.version + 1, updated_at = now()
           FROM jsonb_to_recordset($2) AS entry (function_id uuid, body_id uuid, name jsonb, sort_key text, level text,
                                                 financed_from text, act_id uuid, provision text, services uuid[],
                                                 dropped boolean)
           WHERE known.register_id = $1 AND known.function_id = entry.function_id""",
        register_id,
        entries,
    )


async def remove_function(sql: Connection, register_id: UUID, function_id: UUID) -> None:
    await sql.execute(
        "DELETE FROM function_entry WHERE register_id = $1 AND function_id = $2", register_id, function_id
    )


async def services_within(sql: Connection, services: Sequence[UUID], body_id: UUID) -> set[UUID]:
    """Those of these public services that this body gives, or one below it."""
    rows = await sql.fetch(
        """WITH RECURSIVE below (id) AS (
               SELECT $2::uuid UNION SELECT one.id FROM organisation AS one JOIN below ON one.parent_id = below.id
           ) SELECT id FROM service
             WHERE id = ANY($1::uuid[]) AND status <> 'proposed' AND body_id IN (SELECT id FROM below)""",
        services,
        body_id,
    )
    return {row["id"] for row in rows}


_DECISION = """
    SELECT decision.id, decision.function_id, entry.code, decision.decision, decision.number, decision.decided_on,
           decision.change, decision.recorded_at, decision.target_id, target.code AS target_code,
           target.name AS target_name
    FROM function_decision AS decision
    JOIN function_entry AS entry
        ON entry.register_id = decision.register_id AND entry.function_id = decision.function_id
    LEFT JOIN organisation AS target ON target.id = decision.target_id
"""


async def decisions(sql: Connection, register_id: UUID, after: UUID | None, limit: int) -> Sequence[Row]:
    """As they were recorded, those that a later one took the place of too."""
    return await sql.fetch(
        f"""{_DECISION} WHERE decision.register_id = $1 AND ($2::uuid IS NULL OR decision.id > $2)
            ORDER BY decision.id LIMIT $3""",
        register_id,
        after,
        limit,
    )


async def last_decisions(sql: Connection, register_id: UUID) -> Sequence[Row]:
    """The one that counts of each function."""
    return await sql.fetch(
        """SELECT DISTINCT ON (function_id) function_id, decision, target_id, change FROM function_decision
           WHERE register_id = $1 ORDER BY function_id, id DESC""",
        register_id,
    )


async def decision(sql: Connection, identifier: UUID) -> Row:
    row = await sql.fetchrow(f"{_DECISION} WHERE decision.id = $1", identifier)
    assert row is not None
    return row


async def add_decision(sql: Connection, decision: Mapping[str, Any]) -> None:
    names = ("id", "register_id", "function_id", "decision", "number", "decided_on", "target_id", "change")
    await sql.execute(
        f"""INSERT INTO function_decision ({", ".join(names)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        *(decision[name] for name in names),
    )


_ORPHANS = {
    "function_without_services": """
        SELECT entry.function_id AS id, entry.code, entry.name, entry.sort_key, entry.body_id, body.code AS body_code,
               body.name AS body_name
        FROM function_entry AS entry JOIN organisation AS body ON body.id = entry.body_id
        WHERE entry.register_id = $1 AND NOT entry.dropped AND entry.services = '{}'""",
    "service_without_function": """
        SELECT service.id, service.code, service.name, service.sort_key, service.body_id, body.code AS body_code,
               body.name AS body_name
        FROM service JOIN organisation AS body ON body.id = service.body_id
        WHERE service.status NOT IN ('proposed', 'merged', 'split', 'excluded') AND NOT EXISTS (
            SELECT FROM function_entry AS entry
            WHERE entry.register_id = $1 AND NOT entry.dropped AND entry.services @> ARRAY[service.id])""",
    "body_without_functions": f"""
        SELECT body.id, body.code, body.name, body.sort_key, NULL::uuid AS body_id, NULL AS body_code,
               NULL::jsonb AS body_name
        FROM organisation AS body
        WHERE body.valid_to IS NULL AND body.kind IN ({", ".join(f"'{kind}'" for kind in sorted(BODY_KINDS))})
          AND NOT EXISTS (SELECT FROM function_entry AS entry
                          WHERE entry.register_id = $1 AND NOT entry.dropped AND entry.body_id = body.id)""",
}


async def orphans(
    sql: Connection, kind: str, register_id: UUID | None, after: tuple[str, UUID] | None, limit: int
) -> Sequence[Row]:
    """What has no counterpart in this version; without one, nothing has."""
    key, identifier = after or ("", UUID(int=0))
    return await sql.fetch(
        f"""SELECT * FROM ({_ORPHANS[kind]}) AS orphan WHERE (sort_key, id) > ($2, $3)
            ORDER BY sort_key, id LIMIT $4""",
        register_id,
        key,
        identifier,
        limit,
    )


async def counted_orphans(sql: Connection, register_id: UUID | None) -> Row:
    counts = ", ".join(
        f"(SELECT count(*) FROM ({query}) AS orphan) AS {kind}" for kind, query in _ORPHANS.items()
    )
    row = await sql.fetchrow(
        f"""SELECT (SELECT count(*) FROM function_entry WHERE register_id = $1 AND NOT dropped) AS functions,
                   {counts}""",
        register_id,
    )
    assert row is not None
    return row
