"""Records of consent: who agreed to which text, when, how it was taken down, and when it was taken back."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from pydantic import Field, StringConstraints

from shared.auth.principal import Kind, Principal
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import Conflict, Forbidden, Invalid
from shared.http.schemas import Input
from shared.ids import uuid7
from shared.people.kinds import People
from shared.people.tables import PERSON_LOCKS

Row = asyncpg.Record
Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,29}$")]
_COLUMNS = "id, person_id, purpose, text_version, channel, recorded_by, object_id, given_at, withdrawn_at"
_MINE = "(person_id = $1 OR (channel = 'desk' AND organisation_id = $2))"
"""One's own, and those taken down for people without internet at the organisation `_desk_of` says."""


class PersonsOnly(Forbidden):
    """A system agrees to nothing and has nothing personal of its own: only a person can."""

    code = "persons_only"


class ConsentWithdrawn(Conflict):
    """The person has taken back the consent this would rest on."""

    code = "consent_withdrawn"


class Agreed(Input):
    """The text that was agreed to, as `GET /v1/consents/texts` has it."""

    purpose: Purpose
    text_version: Version


class DeskConsent(Agreed):
    """Taken down for somebody else, who has agreed on paper or by word of mouth."""

    channel: Literal["desk"]


class OnBehalfOf(Input):
    """A person without internet, for whom somebody at a desk enters this."""

    person_id: UUID = Field(description="Id of the person, as the registry gave it")
    consent: DeskConsent


async def give(uow: UnitOfWork, people: People, agreed: Agreed, *, object_id: UUID | None = None) -> UUID:
    """Record the caller's own consent; its id. Raises PersonsOnly (403) for a system, Invalid (422) for a text that
    is not there."""
    person = _person(uow.principal)
    return await _record(uow, people, agreed, person, "own", object_id, at="/consent")


async def give_anew(uow: UnitOfWork, people: People, agreed: Agreed, *, object_id: UUID) -> UUID:
    """The same where one consent of a purpose holds at a time: the caller's earlier ones are taken back, with what
    rests on them."""
    person = _person(uow.principal)
    await uow.sql.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", PERSON_LOCKS, str(person))
    earlier = await uow.sql.fetch(
        """SELECT id FROM consent WHERE person_id = $1 AND purpose = $2 AND channel = 'own' AND object_id = $3
           AND withdrawn_at IS NULL""",
        person,
        agreed.purpose,
        object_id,
    )
    for row in earlier:
        await withdraw(uow, people, row["id"])
    return await give(uow, people, agreed, object_id=object_id)


def _person(caller: Principal) -> UUID:
    person = caller.actor()
    if caller.kind is not Kind.PERSON:
        raise PersonsOnly
    return person


async def take_down(
    uow: UnitOfWork, people: People, given: OnBehalfOf, *, purpose: str, object_id: UUID
) -> UUID:
    """Record the consent of a person the caller enters something for; its id.

    Raises Forbidden (403) without the scope to do so, Invalid (422) for a text that is not there or is about
    something else than `purpose`."""
    if people.delegate is None or not uow.principal.may(people.delegate):
        raise Forbidden(missing_scope=people.delegate)
    at, agreed = "/on_behalf_of/consent", given.consent
    _check_text(people, agreed, at)
    if agreed.purpose != purpose:
        raise Invalid.at(f"{at}/purpose", "This is a consent to something else.", "consent_to_something_else")
    return await _record(uow, people, agreed, given.person_id, "desk", object_id, at=at)


async def _record(
    uow: UnitOfWork,
    people: People,
    agreed: Agreed,
    person: UUID,
    channel: str,
    object_id: UUID | None,
    *,
    at: str,
) -> UUID:
    _check_text(people, agreed, at)
    identifier = uuid7()
    await uow.sql.execute(
        """INSERT INTO consent (id, person_id, organisation_id, purpose, text_version, channel, recorded_by,
               object_id, given_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        identifier,
        person,
        uow.principal.org,
        agreed.purpose,
        agreed.text_version,
        channel,
        uow.principal.actor(),
        object_id,
        uow.clock.now(),
    )
    uow.audit(
        "consent.record",
        "consent",
        identifier,
        after={"purpose": agreed.purpose, "text_version": agreed.text_version, "channel": channel},
        on_behalf_of=person if channel == "desk" else None,
    )
    return identifier


async def person_of(sql: Connection, identifier: UUID) -> UUID | None:
    """Whose consent it is or was; None once its proof was past its time."""
    found: UUID | None = await sql.fetchval("SELECT person_id FROM consent WHERE id = $1", identifier)
    return found


async def hold(sql: Connection, identifier: UUID) -> UUID:
    """Whose consent it is; until the transaction ends it is not taken back, so more may be put on it.

    Raises ConsentWithdrawn (409)."""
    person = await person_of(sql, identifier)
    # The person before the consent, as an erasure takes them: the other way round each could wait for the other.
    await sql.execute("SELECT pg_advisory_xact_lock_shared($1, hashtext($2))", PERSON_LOCKS, str(person))
    given = await sql.fetchval("SELECT withdrawn_at IS NULL FROM consent WHERE id = $1 FOR SHARE", identifier)
    if person is None or not given:
        raise ConsentWithdrawn
    return person


def _check_text(people: People, agreed: Agreed, at: str) -> None:
    known = {(text.purpose, text.version) for text in people.texts}
    if (agreed.purpose, agreed.text_version) not in known:
        raise Invalid.at(at, "There is no such text to agree to.", "unknown_consent_text")


def _desk_of(caller: Principal, people: People) -> UUID | None:
    """The organisation at whose desk the caller is; None: at none, so consents of others are not there."""
    return caller.org if people.delegate is not None and caller.may(people.delegate) else None


async def of_caller(
    sql: Connection, caller: Principal, people: People, after: UUID | None, limit: int
) -> Sequence[Row]:
    """The caller's own consents and, at a desk, those its organisation has taken down, oldest first."""
    return await sql.fetch(
        f"SELECT {_COLUMNS} FROM consent WHERE {_MINE} AND id > $3 ORDER BY id LIMIT $4",
        caller.actor(),
        _desk_of(caller, people),
        after or UUID(int=0),
        limit,
    )


async def withdraw(uow: UnitOfWork, people: People, identifier: UUID) -> Row | None:
    """Take a consent back: what rests on it is removed at once. None when it is not the caller's to take back."""
    row = await uow.sql.fetchrow(
        f"""UPDATE consent SET withdrawn_at = coalesce(withdrawn_at, $4) WHERE {_MINE} AND id = $3
            RETURNING {_COLUMNS}""",
        uow.principal.actor(),
        _desk_of(uow.principal, people),
        identifier,
        uow.clock.now(),
    )
    if row is None:
        return None
    removed = await uow.sql.fetch("DELETE FROM personal_data WHERE consent_id = $1 RETURNING id", identifier)
    others = row["person_id"] if row["person_id"] != uow.principal.sub else None
    uow.audit("consent.withdraw", "consent", identifier, after={"removed": len(removed)}, on_behalf_of=others)
    return row
