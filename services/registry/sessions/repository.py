"""All SQL of sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.auth.principal import Actor
from shared.db.database import Connection

Row = asyncpg.Record

_SESSION = "id, issuer, created_at, used_at, expires_at"


async def open_session(
    sql: Connection, identifier: UUID, person_id: UUID, issuer: str, at: datetime, expires_at: datetime
) -> None:
    await sql.execute(
        """INSERT INTO sign_in_session (id, person_id, issuer, created_at, used_at, expires_at)
           VALUES ($1, $2, $3, $4, $4, $5)""",
        identifier,
        person_id,
        issuer,
        at,
        expires_at,
    )


async def add_token(
    sql: Connection, token_hash: bytes, session_id: UUID, at: datetime, expires_at: datetime
) -> None:
    await sql.execute(
        "INSERT INTO refresh_token (token_hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
        token_hash,
        session_id,
        at,
        expires_at,
    )


async def lock_token(sql: Connection, token_hash: bytes) -> Row | None:
    """The token and its session, both locked: of two uses at once one sees what the other did."""
    return await sql.fetchrow(
        """SELECT token.used_at, token.expires_at, session.id AS session_id, session.person_id,
               session.ended_at, session.expires_at AS over_at
           FROM refresh_token AS token JOIN sign_in_session AS session ON session.id = token.session_id
           WHERE token_hash = $1 FOR UPDATE""",
        token_hash,
    )


async def mark_used(sql: Connection, token_hash: bytes, session_id: UUID, at: datetime) -> None:
    await sql.execute("UPDATE refresh_token SET used_at = $2 WHERE token_hash = $1", token_hash, at)
    await sql.execute("UPDATE sign_in_session SET used_at = $2 WHERE id = $1", session_id, at)


async def sessions_of(
    sql: Connection, person_id: Actor, now: datetime, before: UUID | None, limit: int
) -> Sequence[Row]:
    """Those that live, newest first."""
    return await sql.fetch(
        f"""SELECT {_SESSION} FROM sign_in_session
            WHERE person_id = $1 AND ended_at IS NULL AND expires_at > $2 AND ($3::uuid IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4""",
        person_id,
        now,
        before,
        limit,
    )


async def sign_out(sql: Connection, person_id: Actor, identifier: UUID, at: datetime) -> bool:
    """False when the person has no such session, or it has ended."""
    ended = await sql.fetchval(
        """UPDATE sign_in_session SET ended_at = $3, end_reason = 'signed_out'
           WHERE id = $2 AND person_id = $1 AND ended_at IS NULL RETURNING true""",
        person_id,
        identifier,
        at,
    )
    return bool(ended)


async def end_stolen(sql: Connection, token_hash: bytes, at: datetime) -> UUID | None:
    """End the session of a token that was used before; None when it has ended already."""
    ended: UUID | None = await sql.fetchval(
        """UPDATE sign_in_session SET ended_at = $2, end_reason = 'refresh_reused'
           WHERE id = (SELECT session_id FROM refresh_token WHERE token_hash = $1 AND used_at IS NOT NULL)
               AND ended_at IS NULL RETURNING id""",
        token_hash,
        at,
    )
    return ended


async def forget_person(sql: Connection, person_id: UUID) -> Sequence[Row]:
    """Delete every session of a person, with its tokens; their ids."""
    return await sql.fetch("DELETE FROM sign_in_session WHERE person_id = $1 RETURNING id", person_id)


async def forget_sessions(sql: Connection, before: datetime, limit: int) -> int:
    """Delete sessions that were over before this moment, with their tokens; how many."""
    rows = await sql.fetch(
        """DELETE FROM sign_in_session WHERE id IN (
               SELECT id FROM sign_in_session WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING 1""",
        before,
        limit,
    )
    return len(rows)
