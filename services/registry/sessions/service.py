"""Use cases of sessions."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registry.access.credentials import revoke_credential
from services.registry.sessions import repository
from services.registry.sessions.domain import EndReason, Lives, Use, hash_token, new_refresh_token, use_of
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound


@dataclass(frozen=True, slots=True)
class Opened:
    """A living session and its next refresh token. `over_at`: when the person has to sign in again."""

    session_id: UUID
    person_id: UUID
    over_at: datetime
    refresh_token: str


async def open_session(
    uow: UnitOfWork, session_id: UUID, person_id: UUID, issuer: str, lives: Lives
) -> Opened:
    now = uow.clock.now()
    over_at = now + lives.session
    await repository.open_session(uow.sql, session_id, person_id, issuer, now, over_at)
    uow.audit("session.open", "session", session_id, after={"issuer": issuer})
    return await _next(uow, session_id, person_id, over_at, lives)


async def use_token(uow: UnitOfWork, token: str, lives: Lives) -> Opened | Use:
    """Exchange a refresh token for its successor. One that was used before ends its session: it was copied."""
    now, kept = uow.clock.now(), hash_token(token)
    row = await repository.lock_token(uow.sql, kept)
    if row is None:
        return Use.OVER
    use = use_of(
        used_at=row["used_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        over_at=row["over_at"],
        now=now,
    )
    session_id, person_id = row["session_id"], row["person_id"]
    if use is Use.REUSED and await repository.end_stolen(uow.sql, kept, now):
        await _ended(uow, session_id, EndReason.REFRESH_REUSED)
    if use is not Use.GOOD:
        return use
    await repository.mark_used(uow.sql, kept, session_id, now)
    return await _next(uow, session_id, person_id, row["over_at"], lives)


async def end_session(uow: UnitOfWork, session_id: UUID) -> None:
    """Sign out. Others' sessions are not there."""
    if not await repository.sign_out(uow.sql, uow.principal.actor(), session_id, uow.clock.now()):
        raise NotFound
    await _ended(uow, session_id, EndReason.SIGNED_OUT)


async def forget_person(uow: UnitOfWork, person_id: UUID) -> int:
    """For an erasure: nothing is left of where a person signed in, and no token of theirs is taken any more."""
    rows = await repository.forget_person(uow.sql, person_id)
    for row in rows:
        await revoke_credential(uow, row["id"], "person_erased", 1)
    return len(rows)


async def _ended(uow: UnitOfWork, session_id: UUID, reason: EndReason) -> None:
    await revoke_credential(uow, session_id, "session_ended", 1)
    uow.audit("session.end", "session", session_id, after={"reason": reason})


async def _next(
    uow: UnitOfWork, session_id: UUID, person_id: UUID, over_at: datetime, lives: Lives
) -> Opened:
    now = uow.clock.now()
    token, kept = new_refresh_token()
    await repository.add_token(uow.sql, kept, session_id, now, min(over_at, now + lives.idle))
    return Opened(session_id, person_id, over_at, token)
