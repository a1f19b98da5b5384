"""The registry's table of personal data."""

from uuid import UUID

from services.registry.access.credentials import revoke_credential
from services.registry.access.service import revoke_keys_that_give, role_changed
from services.registry.people import repository
from services.registry.reviews import repository as reviews
from services.registry.sessions.service import forget_person
from shared.clock import local_date
from shared.contracts.erasure import Effect
from shared.contracts.registry import ERASURE_COMPLETED
from shared.db.unit_of_work import UnitOfWork
from shared.people.kinds import Ground, Holding, People

ACTED_FOR = "who acted for a public body in which role and when; ids only"


async def end_memberships(uow: UnitOfWork, person: UUID) -> int:
    """Every role ends today, and with it the tokens that rest on it."""
    for row in await repository.end_memberships(uow.sql, person, local_date(uow.clock.now())):
        await revoke_credential(uow, row["id"], "person_erased", row["version"])
        await role_changed(uow, row["organisation_id"], row["role"])
    await revoke_keys_that_give(uow, person)
    return await repository.count_memberships(uow.sql, person)


async def count_invitations(uow: UnitOfWork, person: UUID) -> int:
    return await repository.count_invitations(uow.sql, person)


async def count_appointments(uow: UnitOfWork, person: UUID) -> int:
    return await reviews.count_appointments(uow.sql, person)


async def forget_identities(uow: UnitOfWork, person: UUID) -> int:
    return await repository.delete_identities(uow.sql, person)


async def forget_labels(uow: UnitOfWork, person: UUID) -> int:
    return await repository.blank_key_labels(uow.sql, person)


PEOPLE = People(
    completed=ERASURE_COMPLETED,
    holdings=(
        Holding(
            "identity",
            what="How an identity provider names a person (issuer and subject).",
            purpose="Finds the person again when they sign in.",
            ground=Ground.PUBLIC_TASK,
            table="person_identity",
            erase=forget_identities,
        ),
        Holding(
            "sessions",
            what="When a person (an id) signed in through which provider.",
            purpose="Keeps somebody signed in, and lets them see and end where they are.",
            ground=Ground.PUBLIC_TASK,
            table="sign_in_session",
            erase=forget_person,
        ),
        Holding(
            "memberships",
            what="Which role a person (an id) holds at which organisation, from when to when.",
            purpose="Says who may act for whom. Erasure ends every role and revokes what rests on it, keys that give rights too.",
            ground=Ground.LEGAL_OBLIGATION,
            on_erasure=Effect.KEPT,
            kept_on=ACTED_FOR,
            table="membership",
            erase=end_memberships,
        ),
        Holding(
            "invitations",
            what="Which role a person (an id) offered somebody at their organisation, and when.",
            purpose="Says who gave a role. Nobody can take an invitation of somebody whose roles have ended.",
            ground=Ground.LEGAL_OBLIGATION,
            on_erasure=Effect.KEPT,
            kept_on=ACTED_FOR,
            table="invitation",
            erase=count_invitations,
        ),
        Holding(
            "reviewers",
            what="Which round of expert review a person (an id) was appointed to, for which organisation.",
            purpose="Says who judged the draft of a standard. What they wrote is their organisation's.",
            ground=Ground.LEGAL_OBLIGATION,
            on_erasure=Effect.KEPT,
            kept_on=ACTED_FOR,
            table="review_reviewer",
            erase=count_appointments,
        ),
        Holding(
            "api_key_label",
            what="What somebody called a key of their organisation's systems.",
            purpose="Tells the organisation its keys apart.",
            ground=Ground.PUBLIC_TASK,
            on_erasure=Effect.ANONYMISED,
            table="api_key",
            erase=forget_labels,
        ),
    ),
)
