"""All SQL of legal acts and of the days on which they are in force."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.conditions import Where
from shared.db.database import Connection

Row = asyncpg.Record

_NAMES = (
    "id",
    "kind",
    "number",
    "date",
    "issuer",
    "issuer_key",
    "title",
    "effect",
    "status",
    "status_note",
    "url",
    "links",
    "origin",
    "source",
    "published_on",
    "in_force_from",
    "retroactive_basis",
    "recorder_id",
)
_CHANGEABLE = (
    "title",
    "effect",
    "status",
    "status_note",
    "url",
    "links",
    "source",
    "published_on",
    "in_force_from",
    "retroactive_basis",
)
_COLUMNS = """
    act.id, act.kind, act.number, act.date, act.published_on, act.in_force_from, act.retroactive_basis, act.issuer,
    act.title, act.effect, act.status AS stated_status, act.status_note, act.url, act.links, act.origin, act.source,
    act.recorder_id, act.version, act.created_at
"""
_FORCE = "force.status, lower(force.valid) AS status_from, upper(force.valid) AS status_to"
_FROM = "legal_act AS act JOIN legal_act_force AS force ON force.act_id = act.id"


@dataclass(frozen=True, slots=True)
class Moment:
    """The day the law is asked for, and what the register knew at a moment (None: now)."""

    as_of: dt.date
    known_at: dt.datetime | None = None

    def narrow(self, where: Where) -> None:
        """The one row of `legal_act_force` of an act; none where the register did not know the act yet."""
        where.add("force.valid @> {}::date", self.as_of)
        if self.known_at is None:
            where.add("upper_inf(force.recorded)")
        else:
            where.add("force.recorded @> {}::timestamptz", self.known_at)


async def act(sql: Connection, identifier: UUID, moment: Moment) -> Row | None:
    """The act with its status on a day."""
    where = Where()
    where.add("act.id = {}", identifier)
    moment.narrow(where)
    return await sql.fetchrow(f"SELECT {_COLUMNS}, {_FORCE} FROM {_FROM} WHERE {where}", *where.values)


async def lock_acts(sql: Connection, identifiers: Sequence[UUID]) -> dict[UUID, Row]:
    """In the order of their ids, so that two changes never wait for each other."""
    rows = await sql.fetch(
        f"SELECT {_COLUMNS} FROM legal_act AS act WHERE act.id = ANY($1::uuid[]) ORDER BY act.id FOR UPDATE",
        identifiers,
    )
    return {row["id"]: row for row in rows}


async def known(sql: Connection, identifiers: Sequence[UUID]) -> set[UUID]:
    """Those that are recorded."""
    rows = await sql.fetch("SELECT id FROM legal_act WHERE id = ANY($1::uuid[])", identifiers)
    return {row["id"] for row in rows}


async def same_act(sql: Connection, kind: str, number: str, date: dt.date, issuer_key: str) -> Row | None:
    return await sql.fetchrow(
        f"""SELECT {_COLUMNS} FROM legal_act AS act
            WHERE act.kind = $1 AND act.number = $2 AND act.date = $3 AND act.issuer_key = $4""",
        kind,
        number,
        date,
        issuer_key,
    )


async def acts(
    sql: Connection,
    kind: str | None,
    status: str | None,
    moment: Moment,
    after: tuple[dt.date, UUID] | None,
    limit: int,
) -> Sequence[Row]:
    """Newest first, with their status on a day."""
    where = Where()
    moment.narrow(where)
    where.given("act.kind = {}", kind)
    where.given("force.status = {}", status)
    if after is not None:
        where.add("(act.date, act.id) < ({}, {})", *after)
    return await sql.fetch(
        f"""SELECT {_COLUMNS}, {_FORCE} FROM {_FROM} WHERE {where}
            ORDER BY act.date DESC, act.id DESC LIMIT {where.bind(limit)}""",
        *where.values,
    )


async def add_act(sql: Connection, act: Mapping[str, Any]) -> bool:
    """False when this act is recorded already."""
    places = ", ".join(f"${place}" for place in range(1, len(_NAMES) + 1))
    return bool(
        await sql.fetchval(
            f"""INSERT INTO legal_act ({", ".join(_NAMES)}) VALUES ({places})
                ON CONFLICT DO NOTHING RETURNING true""",
            *(act[name] for name in _NAMES),
        )
    )


async def change_act(sql: Connection, identifier: UUID, changes: Mapping[str, Any]) -> None:
    """One more version; `changes` holds columns of `_CHANGEABLE` with their new values, or nothing."""
    columns = [name for name in _CHANGEABLE if name in changes]
    assignments = "".join(f", {name} = ${place}" for place, name in enumerate(columns, 2))
    await sql.execute(
        f"UPDATE legal_act SET version = version + 1{assignments} WHERE id = $1",
        identifier,
        *(changes[name] for name in columns),
    )


async def record_times(sql: Connection, identifier: UUID) -> Row:
    """When what is known of an act was recorded: `first` and `last`, both NULL for a new one."""
    row = await sql.fetchrow(
        "SELECT min(lower(recorded)) AS first, max(lower(recorded)) AS last FROM legal_act_force WHERE act_id = $1",
        identifier,
    )
    assert row is not None
    return row


async def force_periods(sql: Connection, identifier: UUID, known_at: dt.datetime | None) -> Sequence[Row]:
    """`start`, `end` and `status` as they were believed at a moment (None: now), in order of days."""
    where = Where()
    where.add("force.act_id = {}", identifier)
    if known_at is None:
        where.add("upper_inf(force.recorded)")
    else:
        where.add("force.recorded @> {}::timestamptz", known_at)
    return await sql.fetch(
        f"""SELECT lower(force.valid) AS start, upper(force.valid) AS "end", force.status
            FROM legal_act_force AS force WHERE {where} ORDER BY force.valid""",
        *where.values,
    )


async def believe(
    sql: Connection,
    identifier: UUID,
    at: dt.datetime,
    periods: Sequence[tuple[dt.date | None, dt.date | None, str]],
) -> None:
    """From `at` on these periods hold instead of those believed until then."""
    await sql.execute(
        """UPDATE legal_act_force SET recorded = tstzrange(lower(recorded), $2)
           WHERE act_id = $1 AND upper_inf(recorded)""",
        identifier,
        at,
    )
    starts, ends, statuses = zip(*periods, strict=True)
    await sql.execute(
        """INSERT INTO legal_act_force (act_id, recorded, valid, status)
           SELECT $1, tstzrange($2, NULL), daterange(start, until), status
           FROM unnest($3::date[], $4::date[], $5::text[]) AS period (start, until, status)""",
        identifier,
        at,
        starts,
        ends,
        statuses,
    )
