"""Use cases of persons: mint an id for somebody at a desk, forget a person, collect what the services say."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from services.registry.access import repository as access
from services.registry.people import repository
from services.registry.people.kinds import PEOPLE
from services.registry.people.repository import Row
from shared.contracts.erasure import ErasureCompleted, PersonErased
from shared.contracts.registry import PERSON_ERASED
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound
from shared.ids import uuid7
from shared.messaging.subscription import Received
from shared.people.erasing import erase_person

REGISTRY = "registry"
SERVICES = (REGISTRY, "monitoring", "scoring", "ideas_market", "notifications")
"""All that have to answer before an erasure is complete."""


async def mint_person(uow: UnitOfWork) -> UUID:
    """An id for a person without internet. Nothing is known of them here."""
    identifier = uuid7()
    await access.add_person(uow.sql, identifier)
    uow.audit("person.mint", "person", identifier, on_behalf_of=identifier)
    return identifier


async def erase(uow: UnitOfWork, person: UUID, *, own: bool) -> Row:
    """Forget a person here and tell everybody to do the same. Asked for again it is the same erasure.

    The platform may name an id that is not known here: other services take ids in without asking the registry, and
    what they hold under one that was never minted has to go too."""
    if not own:
        await access.add_person(uow.sql, person)
    elif not await access.person_exists(uow.sql, person):
        raise NotFound
    row = await repository.add_erasure(uow.sql, uuid4(), person, uow.clock.now(), own=own)
    if row is None:
        known = await repository.erasure_of(uow.sql, person)
        assert known is not None
        return known
    uow.audit("person.request_erasure", "person", person, after={"erasure_id": row["id"], "own": own})
    kinds = await erase_person(uow, REGISTRY, PEOPLE, person, row["id"])
    await repository.keep_answer(uow.sql, row["id"], REGISTRY, uow.clock.now(), kinds or ())
    uow.emit(
        PERSON_ERASED,
        PersonErased(id=person, aggregate_version=1, erasure_id=row["id"], requested_at=row["requested_at"]),
    )
    return row


async def collect(uow: UnitOfWork, events: Sequence[Received[ErasureCompleted]]) -> None:
    """A service has erased somebody; with the last one the erasure is complete."""
    for event in events:
        answer = event.payload
        service = event.envelope.type.partition(".")[0]
        await repository.keep_answer(uow.sql, answer.id, service, answer.completed_at, answer.kinds)
        if await repository.complete(uow.sql, answer.id, SERVICES, uow.clock.now()):
            uow.trace = event.trace
            uow.audit("person.erased", "erasure", answer.id)
