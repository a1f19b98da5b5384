"""HTTP of contacts. They are removed by taking the consent back (`/v1/consents`)."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.notifications.contacts import service
from services.notifications.contacts.schemas import ContactKept, ContactsView, EmailGiven, PhoneGiven
from shared.http.dependencies import Caller, Reader, Uow, render, reply, requires, runtime
from shared.http.errors import Invalid
from shared.http.problems import problem_responses
from shared.people.consents import PersonsOnly

OWN = requires("notifications:contacts:write")
router = APIRouter(prefix="/v1/contacts", tags=["contacts"])


@router.get("", operation_id="get_contacts", response_model=ContactsView, dependencies=[OWN])
async def get_contacts(sql: Reader, caller: Caller, request: Request) -> Response:
    """Where you want to be told."""
    found = await service.contacts(sql, caller, runtime(request).database.keyring)
    return render(ContactsView(**found), headers={"cache-control": "no-store"})


@router.post(
    "/email",
    operation_id="give_email",
    status_code=201,
    response_model=ContactKept,
    dependencies=[OWN],
    responses=problem_responses(PersonsOnly, Invalid),
)
async def give_email(given: EmailGiven, uow: Uow) -> Response:
    """Be told by e-mail. An earlier address, and the consent it rested on, end with this."""
    consent_id = await service.put(uow, "email", given.email, given.text_version)
    return reply(uow, ContactKept(consent_id=consent_id), status=201)


@router.post(
    "/phone",
    operation_id="give_phone",
    status_code=201,
    response_model=ContactKept,
    dependencies=[OWN],
    responses=problem_responses(PersonsOnly, Invalid),
)
async def give_phone(given: PhoneGiven, uow: Uow) -> Response:
    """Be told by telephone. An earlier number, and the consent it rested on, end with this."""
    consent_id = await service.put(uow, "phone", given.phone, given.text_version)
    return reply(uow, ContactKept(consent_id=consent_id), status=201)
