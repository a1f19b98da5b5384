"""All SQL of standards."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.db.database import Connection

Row = asyncpg.Record

_HEAD = """
    standard.id, standard.level, standard.version, standard.sequence, standard.recorded_at AS last_recorded_at,
    standard.body_id, body.code AS body_code, body.name AS body_name,
    standard.service_id, service.code AS service_code, service.name AS service_name,
    service.regime, service.origin AS service_origin, service.status AS service_status
"""
_HEAD_FROM = """
    standard JOIN service ON service.id = standard.service_id JOIN organisation AS body ON body.id = standard.body_id
"""
_VERSION = """
    version.id AS version_id, version.standard_id, version.number, version.content, version.missing,
    version.recorded_at, version.origin, version.source, version.retroactive_basis,
    version.stale, validity.state, validity.valid_from, validity.valid_to,
    act.id AS act_id, act.kind AS act_kind, act.number AS act_number, act.date AS act_date,
    act.issuer AS act_issuer, act.title AS act_title, act.url AS act_url
"""
_VERSION_FROM = """
    standard_validity AS validity
    JOIN standard_version AS version ON version.id = validity.version_id
    LEFT JOIN legal_act AS act ON act.id = version.act_id
"""
_BELIEVED = (
    "CASE WHEN {0}::timestamptz IS NULL THEN upper_inf(validity.recorded) ELSE validity.recorded @> {0} END"
)


async def standard(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(f"SELECT {_HEAD} FROM {_HEAD_FROM} WHERE standard.id = $1", identifier)


async def lock_standard(sql: Connection, identifier: UUID) -> Row | None:
    return await sql.fetchrow(
        f"SELECT {_HEAD} FROM {_HEAD_FROM} WHERE standard.id = $1 FOR UPDATE OF standard", identifier
    )


async def lock_standards(sql: Connection, identifiers: Sequence[UUID]) -> Sequence[Row]:
    """Those that are there, locked one after another by id, so that two who lock the same wait and never stall."""
    return await sql.fetch(
        f"""SELECT {_HEAD} FROM {_HEAD_FROM} WHERE standard.id = ANY($1::uuid[])
            ORDER BY standard.id FOR UPDATE OF standard""",
        identifiers,
    )


async def standard_of_service(sql: Connection, service_id: UUID) -> UUID | None:
    found: UUID | None = await sql.fetchval("SELECT id FROM standard WHERE service_id = $1", service_id)
    return found


async def standard_on(
    sql: Connection, identifier: UUID, as_of: date, known_at: datetime | None
) -> Row | None:
    """The standard with the version in force on `as_of` as the register believed at `known_at` (None: now).

    Without such a version its columns are null. One statement, so the two never disagree."""
    return await sql.fetchrow(
        f"""SELECT {_HEAD}, found.*, EXISTS (SELECT 1 FROM standard_draft AS draft
                                             WHERE draft.standard_id = standard.id) AS has_draft
            FROM {_HEAD_FROM} LEFT JOIN LATERAL (
                SELECT {_VERSION} FROM {_VERSION_FROM}
                WHERE validity.standard_id = $1 AND validity.valid @> $2::date AND {_BELIEVED.format("$3")}
            ) AS found ON true
            WHERE standard.id = $1""",
        identifier,
        as_of,
        known_at,
    )


async def versions(
    sql: Connection, identifier: UUID, known_at: datetime | None, after: int, limit: int
) -> Sequence[Row]:
    """Versions the register knew at `known_at` (None: now), oldest first."""
    return await sql.fetch(
        f"""SELECT {_VERSION} FROM {_VERSION_FROM}
            WHERE validity.standard_id = $1 AND version.number > $2 AND {_BELIEVED.format("$3")}
            ORDER BY version.number LIMIT $4""",
        identifier,
        after,
        known_at,
        limit,
    )


async def numbered(sql: Connection, identifier: UUID, numbers: Sequence[int]) -> dict[int, Row]:
    """`number content` of these versions, by number. What a version says never changes."""
    rows = await sql.fetch(
        "SELECT number, content FROM standard_version WHERE standard_id = $1 AND number = ANY($2::int[])",
        identifier,
        numbers,
    )
    return {row["number"]: row for row in rows}


async def believed_versions(sql: Connection, identifier: UUID) -> Sequence[Row]:
    """All versions with the validity the register gives them now."""
    return await versions(sql, identifier, None, 0, 1_000_000)


async def believed_versions_of(sql: Connection, standard_ids: Sequence[UUID]) -> Sequence[Row]:
    """The same of many standards."""
    return await sql.fetch(
        f"""SELECT {_VERSION} FROM {_VERSION_FROM}
            WHERE validity.standard_id = ANY($1::uuid[]) AND upper_inf(validity.recorded)""",
        standard_ids,
    )


async def versions_of_service(sql: Connection, service_id: UUID) -> Sequence[Row]:
    """Versions of a service's standard that are in force on some day, in order of their days."""
    return await sql.fetch(
        f"""SELECT {_VERSION} FROM standard JOIN {_VERSION_FROM} ON validity.standard_id = standard.id
            WHERE standard.service_id = $1 AND upper_inf(validity.recorded) AND NOT isempty(validity.valid)
            ORDER BY validity.valid_from""",
        service_id,
    )


async def add_standard(
    sql: Connection, identifier: UUID, service_id: UUID, body_id: UUID, level: str
) -> bool:
    """False when the service has a standard."""
    return bool(
        await sql.fetchval(
            """INSERT INTO standard (id, service_id, body_id, level) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING RETURNING true""",
            identifier,
            service_id,
            body_id,
            level,
        )
    )


async def draft(sql: Connection, standard_id: UUID) -> Row | None:
    return await sql.fetchrow(
        "SELECT standard_id, content, updated_at FROM standard_draft WHERE standard_id = $1", standard_id
    )


async def drafts(sql: Connection, standard_ids: Sequence[UUID]) -> Sequence[Row]:
    return await sql.fetch(
        "SELECT standard_id, content FROM standard_draft WHERE standard_id = ANY($1::uuid[])", standard_ids
    )


async def put_draft(sql: Connection, standard_id: UUID, content: Mapping[str, Any]) -> Row:
    row = await sql.fetchrow(
        """INSERT INTO standard_draft (standard_id, content) VALUES ($1, $2)
           ON CONFLICT (standard_id) DO UPDATE SET content = excluded.content, updated_at = now()
           RETURNING standard_id, content, updated_at""",
        standard_id,
        content,
    )
    assert row is not None
    return row


async def drop_draft(sql: Connection, standard_id: UUID) -> None:
    await sql.execute("DELETE FROM standard_draft WHERE standard_id = $1", standard_id)


async def add_version(sql: Connection, version: Mapping[str, Any]) -> None:
    await sql.execute(
        """INSERT INTO standard_version (id, standard_id, number, content, missing, act_id, recorded_at, origin, source,
                                         retroactive_basis, template_id, review_on, stale)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        *(version[name] for name in ("id", "standard_id", "number", "content", "missing")),
        *(version[name] for name in ("act_id", "recorded_at", "origin", "source", "retroactive_basis")),
        *(version[name] for name in ("template_id", "review_on", "stale")),
    )


async def last_contents(sql: Connection, standard_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """By standard, what its last adopted version says."""
    rows = await sql.fetch(
        """SELECT DISTINCT ON (standard_id) standard_id, content FROM standard_version
           WHERE standard_id = ANY($1::uuid[]) ORDER BY standard_id, number DESC""",
        standard_ids,
    )
    return {row["standard_id"]: row["content"] for row in rows}


async def cited_acts(sql: Connection, identifiers: Sequence[UUID]) -> Sequence[Row]:
    """`id since starts ends status`: a row for each period of a recorded act, as it is believed now."""
    return await sql.fetch(
        """SELECT act.id, coalesce(act.in_force_from, act.date) AS since, lower(force.valid) AS starts,
                  upper(force.valid) AS ends, force.status
           FROM legal_act AS act JOIN legal_act_force AS force ON force.act_id = act.id AND upper_inf(force.recorded)
           WHERE act.id = ANY($1::uuid[])""",
        identifiers,
    )


async def cite_repealing_act(sql: Connection, version_ids: Sequence[UUID], act_id: UUID) -> None:
    await sql.execute(
        "UPDATE standard_version SET repealing_act_id = $2 WHERE id = ANY($1::uuid[])", version_ids, act_id
    )


async def stop_believing(sql: Connection, version_ids: Sequence[UUID], at: datetime) -> None:
    """What was believed of these versions was believed until `at`."""
    await sql.execute(
        """UPDATE standard_validity SET recorded = tstzrange(lower(recorded), $2)
           WHERE version_id = ANY($1::uuid[]) AND upper_inf(recorded)""",
        version_ids,
        at,
    )


async def believe(
    sql: Connection,
    standard_id: UUID,
    at: datetime,
    beliefs: Sequence[tuple[UUID, date, date | None, str]],
) -> None:
    """From `at` on: (version, first day in force, first day no longer, state)."""
    await sql.executemany(
        """INSERT INTO standard_validity (standard_id, recorded, version_id, valid_from, valid_to, state)
           VALUES ($1, tstzrange($2, NULL), $3, $4, $5, $6)""",
        [(standard_id, at, *belief) for belief in beliefs],
    )


async def count_change(
    sql: Connection, identifier: UUID, events: int = 0, recorded_at: datetime | None = None
) -> int:
    """One more version of the standard, and as many more events; returns the version."""
    found: int = await sql.fetchval(
        """UPDATE standard SET version = version + 1, sequence = sequence + $2,
               recorded_at = coalesce($3, recorded_at), updated_at = now()
           WHERE id = $1 RETURNING version""",
        identifier,
        events,
        recorded_at,
    )
    return found
