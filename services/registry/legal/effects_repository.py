"""All SQL of what acts do to each other."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

EFFECTS_LOCK = 0x72656769_65666665
"""Whoever records an effect holds it: two records that make a circle together are each fine alone."""

_COLUMNS = """
    effect.id, effect.kind, effect.since, effect.until, effect.provision, effect.retroactive_basis, effect.origin,
    effect.source, effect.recorded_at, effect.withdrawn_at, effect.withdrawal_reason,
    act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date, act.title AS act_title,
    target.id AS target_id, target.kind AS target_kind, target.number AS target_number, target.date AS target_date,
    target.title AS target_title
"""
_FROM = """
    legal_act_effect AS effect JOIN legal_act AS act ON act.id = effect.act_id
    JOIN legal_act AS target ON target.id = effect.target_id
"""


async def hold_alone(sql: Connection) -> None:
    """No other effect is recorded until this transaction ends. Taken before any row is locked."""
    await sql.execute("SELECT pg_advisory_xact_lock($1)", EFFECTS_LOCK)


async def effect(sql: Connection, act_id: UUID, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE effect.act_id = $1 AND effect.id = $2", act_id, identifier
    )


async def effects(
    sql: Connection,
    act_id: UUID,
    *,
    met: bool,
    known_at: dt.datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """What an act does to others, or (`met`) what others do to it, in the order it was recorded, as it was believed at a
    moment (None: now)."""
    where = Where()
    where.add("effect.target_id = {}" if met else "effect.act_id = {}", act_id)
    if known_at is None:
        where.add("effect.withdrawn_at IS NULL")
    else:
        where.add("effect.recorded_at <= {}", known_at)
        where.add("(effect.withdrawn_at IS NULL OR {} < effect.withdrawn_at)", known_at)
    where.given("effect.id > {}", after)
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where} ORDER BY effect.id LIMIT {where.bind(limit)}",
        *where.values,
    )


async def believed(sql: Connection, act_id: UUID) -> Sequence[Row]:
    """All effects of and on an act that hold now."""
    return await sql.fetch(
        f"""SELECT {_COLUMNS} FROM {_FROM}
            WHERE (effect.act_id = $1 OR effect.target_id = $1) AND effect.withdrawn_at IS NULL
            ORDER BY effect.id""",
        act_id,
    )


async def leads_to(sql: Connection, start: UUID, wanted: UUID) -> bool:
    """Whether effects that hold lead from one act to another, over any number of acts between."""
    return bool(
        await sql.fetchval(
            """WITH RECURSIVE reached AS (
                   SELECT $1::uuid AS id
                   UNION
                   SELECT effect.target_id FROM reached JOIN legal_act_effect AS effect ON effect.act_id = reached.id
                   WHERE effect.withdrawn_at IS NULL
               )
               SELECT EXISTS (SELECT FROM reached WHERE id = $2)""",
            start,
            wanted,
        )
    )


async def add_effect(sql: Connection, effect: Mapping[str, Any]) -> bool:
    """False when the act is recorded to do this to the other from that day."""
    names = (
        "id", "act_id", "target_id", "kind", "since", "until", "provision", "retroactive_basis", "origin", "source",
        "recorded_at",
    )  # fmt: skip
    return bool(
        await sql.fetchval(
            """INSERT INTO legal_act_effect (id, act_id, target_id, kind, since, until, provision, retroactive_basis,
                                             origin, source, recorded_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING true""",
            *(effect[name] for name in names),
        )
    )


async def withdraw(sql: Connection, identifier: UUID, at: dt.datetime, reason: str) -> None:
    await sql.execute(
        "UPDATE legal_act_effect SET withdrawn_at = $2, withdrawal_reason = $3 WHERE id = $1",
        identifier,
        at,
        reason,
    )
