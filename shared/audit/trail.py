"""The audit trail as auditors read it, newest first. All its SQL for them; knows no HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.auth.principal import Acting, Principal
from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_ROW = """position, at, actor, actor_kind, organisation, on_behalf_of, credential, action, object_type, object_id,
before, after, trace_id, request_id, hash"""
_HEAD = "number, service, epoch, position, hash, count, at, received_at"


EVERYBODYS = "audit:read:all"
"""Scope: rows of all organisations, and of those who acted for none. Without it, rows of the acting organisation."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the trail is wanted; None: all. `since` inclusive, `until` exclusive."""

    object_id: UUID | None = None
    object_type: str | None = None
    actor: UUID | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def reach(caller: Principal) -> Acting | None:
    """Whose rows they read; None: everybody's. Raises Forbidden where the token names no organisation."""
    return None if caller.may(EVERYBODYS) else caller.acting()


async def rows(
    sql: Connection,
    acting: Acting | None,
    filters: Filters,
    before: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[Row]:
    """Rows that have their position, in the order of time and position; `before`: those of the last row seen.
    `acting`: what was done for this organisation; None: by anybody.

    Each filter has an index in this order."""
    where = Where()
    where.add("position IS NOT NULL")
    where.given("organisation = {}", acting)
    where.given("object_id = {}", filters.object_id)
    where.given("object_type = {}", filters.object_type)
    where.given("actor = {}", filters.actor)
    where.given("action = {}", filters.action)
    where.given("at >= {}", filters.since)
    where.given("at < {}", filters.until)
    if before is not None:
        where.add("(at, position) < ({}, {})", *before)
    query = (
        f"SELECT {_ROW} FROM audit WHERE {where} ORDER BY at DESC, position DESC LIMIT {where.bind(limit)}"
    )
    return await sql.fetch(query, *where.values)


async def heads(sql: Connection, service: str | None, before: int | None, limit: int) -> Sequence[Row]:
    """Heads kept here, those that came last first; `before`: the number of the last one seen."""
    where = Where()
    where.given("service = {}", service)
    where.given("number < {}", before)
    query = f"SELECT {_HEAD} FROM audit_head WHERE {where} ORDER BY number DESC LIMIT {where.bind(limit)}"
    return await sql.fetch(query, *where.values)
