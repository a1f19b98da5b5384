"""Use cases of contacts: a person's own, kept while their consent lasts."""

from uuid import UUID

from services.notifications.people.kinds import EMAIL, PEOPLE, PHONE
from shared.auth.principal import Principal
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.people.consents import Agreed, give_anew
from shared.people.keyring import Keyring
from shared.people.kinds import Kind
from shared.people.store import PersonalData

KINDS: dict[str, Kind] = {"email": EMAIL, "phone": PHONE}


async def put(uow: UnitOfWork, channel: str, value: str, text_version: str) -> UUID:
    """Keep the caller's contact in the place of an earlier one; the id of the consent it rests on.

    Raises Invalid (422) for a text of consent that is not there."""
    person, kind = uow.principal.actor(), KINDS[channel]
    agreed = Agreed(purpose=kind.name, text_version=text_version)
    consent_id = await give_anew(uow, PEOPLE, agreed, object_id=person)
    people = PersonalData(uow.sql, uow.principal, uow.keyring)
    await people.keep(
        people.seal(
            kind,
            value,
            person=person,
            object_id=person,
            now=uow.clock.now(),
            consent_id=consent_id,
            private=True,
        )
    )
    uow.audit("contact.put", "contact", consent_id, after={"channel": channel})
    return consent_id


async def contacts(sql: Connection, caller: Principal, keyring: Keyring) -> dict[str, str]:
    """By channel."""
    people = PersonalData(sql, caller, keyring)
    found = {}
    for channel, kind in KINDS.items():
        for text in (await people.of_object(kind, caller.actor())).values():
            found[channel] = text
    return found
