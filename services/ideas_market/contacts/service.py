"""Use cases of an idea's contact."""

from uuid import UUID

import orjson

from services.ideas_market.contacts import repository
from services.ideas_market.contacts.schemas import ContactGiven, ContactView
from services.ideas_market.ideas import repository as ideas
from services.ideas_market.people.kinds import CONTACT, PEOPLE
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import NotFound
from shared.people.consents import Agreed, give_anew, take_down
from shared.people.keyring import Keyring
from shared.people.store import PersonalData


async def put(uow: UnitOfWork, idea_id: UUID, given: ContactGiven) -> UUID:
    """Keep whom to talk to, in the place of an earlier contact; the id of the consent it rests on. Raises NotFound for an idea of others."""
    idea = await ideas.lock(uow.sql, idea_id)
    if idea is None or idea["organisation_id"] != uow.principal.acting():
        raise NotFound
    people = PersonalData(uow.sql, uow.principal, uow.keyring)
    await people.remove(CONTACT, idea_id)
    view = ContactView(name=given.name, phone=given.phone, email=given.email)
    person, consent_id = await _agreed(uow, idea_id, given)
    await people.keep(
        people.seal(
            CONTACT,
            view.model_dump_json(exclude_none=True),
            person=person,
            object_id=idea_id,
            now=uow.clock.now(),
            consent_id=consent_id,
            shared_with=await repository.holder(uow.sql, idea_id),
        )
    )
    behalf = person if given.on_behalf_of else None
    uow.audit("idea.contact", "idea", idea_id, after={"consent_id": consent_id}, on_behalf_of=behalf)
    return consent_id


async def _agreed(uow: UnitOfWork, idea_id: UUID, given: ContactGiven) -> tuple[UUID, UUID]:
    """Whose contact it is, and the consent it rests on."""
    if given.on_behalf_of is not None:
        consent = await take_down(uow, PEOPLE, given.on_behalf_of, purpose=CONTACT.name, object_id=idea_id)
        return given.on_behalf_of.person_id, consent
    assert given.text_version is not None
    agreed = Agreed(purpose=CONTACT.name, text_version=given.text_version)
    return uow.principal.actor(), await give_anew(uow, PEOPLE, agreed, object_id=idea_id)


async def contact(sql: Connection, caller: Principal, keyring: Keyring, idea_id: UUID) -> ContactView:
    """For the idea's organisation, the donor who holds it, and the person. For all others there is none: NotFound."""
    found = await PersonalData(sql, caller, keyring).of_object(CONTACT, idea_id)
    if not found:
        raise NotFound
    return ContactView(**orjson.loads(list(found.values())[-1]))


async def remove(uow: UnitOfWork, idea_id: UUID) -> None:
    """Raises NotFound where your organisation has none to remove."""
    uow.principal.acting()
    if not await PersonalData(uow.sql, uow.principal, uow.keyring).remove(CONTACT, idea_id):
        raise NotFound
    uow.audit("idea.contact_removed", "idea", idea_id)
