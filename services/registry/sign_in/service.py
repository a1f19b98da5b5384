"""Use cases of sign-in: an identity in, a session out, and what the person may do with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from services.registry.access.roles import scopes_of
from services.registry.sessions import service as sessions
from services.registry.sessions.domain import Lives, Use
from services.registry.sign_in import repository
from services.registry.sign_in.domain import Identity, Reason, Refused, hash_nonce
from services.registry.sign_in.repository import Row
from shared.auth.principal import Kind, Principal
from shared.auth.tokens import Grant
from shared.clock import BISHKEK, local_date
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import BadRequest, Forbidden
from shared.ids import uuid7

RESIDENT = "resident"
"""What a person is who acts for no organisation."""


class InvalidGrant(BadRequest):
    """The ID token or refresh token is not valid, was used, or is not for this platform."""

    code = "invalid_grant"

    def __init__(self) -> None:
        super().__init__(error="invalid_grant")  # RFC 6749 §5.2


class NotAMember(Forbidden):
    """You hold no role at this organisation."""

    code = "not_a_member"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the token is to say, and what opens the next one."""

    grant: Grant
    refresh_token: str


async def exchange(
    uow: UnitOfWork, identity: Identity, nonce: str, organisation: str | None, lives: Lives
) -> SignedIn:
    """Open a session for the person the identity names, who is recorded when seen for the first time.

    Raises Refused when the nonce was used, NotAMember."""
    kept = hash_nonce(identity.issuer, nonce)
    if not await repository.use_nonce(uow.sql, kept, identity.believed_until):
        raise Refused(Reason.REPLAYED)
    person_id, is_new = await _person(uow, identity)
    session = uuid7()
    uow.principal = _person_principal(person_id, session)  # known only now; the trail is to name it
    if is_new:
        uow.audit("person.create", "person", person_id)
    opened = await sessions.open_session(uow, session, person_id, identity.issuer, lives)
    grant = await _grant(uow, session, organisation, opened.over_at)
    return SignedIn(grant, opened.refresh_token)


async def refresh(uow: UnitOfWork, token: str, organisation: str | None, lives: Lives) -> SignedIn | Use:
    """Go on with a session, for the same organisation or another. What the refusal is where there is one: it has
    effects that are to stay, so it is no exception. Raises NotAMember."""
    used = await sessions.use_token(uow, token, lives)
    if isinstance(used, Use):
        return used
    uow.principal = _person_principal(used.person_id, used.session_id)
    grant = await _grant(uow, used.session_id, organisation, used.over_at)
    return SignedIn(grant, used.refresh_token)


async def _person(uow: UnitOfWork, identity: Identity) -> tuple[UUID, bool]:
    """The person of this identity, and whether nobody knew them before."""
    known = await repository.person_of(uow.sql, identity.issuer, identity.subject)
    if known is None:
        minted = uuid7()
        if await repository.name_person(uow.sql, identity.issuer, identity.subject, minted):
            return minted, True
        known = await repository.person_of(uow.sql, identity.issuer, identity.subject)
        assert known is not None
    return known, False


async def _grant(uow: UnitOfWork, session: UUID, organisation: str | None, over_at: datetime) -> Grant:
    """All roles the person holds at the organisation today; a resident's where none is named."""
    person_id = uow.principal.actor()
    if organisation is None:
        roles = (RESIDENT,)
        return Grant(person_id, Kind.PERSON, session, None, roles, scopes_of(roles), until=over_at)
    today = local_date(uow.clock.now())
    held = await repository.memberships_in_force(uow.sql, person_id, today)
    there = [row for row in held if row["code"] == organisation]
    if not there:
        raise NotAMember
    roles = tuple(sorted({row["role"] for row in there}))
    return Grant(
        sub=person_id,
        kind=Kind.PERSON,
        cid=session,
        org=there[0]["organisation_id"],
        roles=roles,
        scopes=scopes_of(roles, there[0]["kind"]),
        memberships=tuple(row["id"] for row in there),
        until=_until(there, over_at),
    )


def _until(held: Sequence[Row], over_at: datetime) -> datetime:
    """When the first of these memberships ends, or the session: the day after a last one begins in Bishkek."""
    ends = [datetime.combine(row["valid_to"], time(), BISHKEK) for row in held if row["valid_to"]]
    return min([over_at, *ends])


def _person_principal(person_id: UUID, session: UUID) -> Principal:
    return Principal(sub=person_id, kind=Kind.PERSON, cid=session)
