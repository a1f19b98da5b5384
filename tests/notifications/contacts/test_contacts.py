"""A person's own contacts: sealed, theirs alone, there while their consent is."""

import asyncio
from uuid import UUID, uuid4

import pytest

from shared.auth.principal import Kind
from tests.kit.events import deliver
from tests.kit.people import erased
from tests.kit.service import RunningService
from tests.kit.tables import everything_in

SCOPES = ("notifications:contacts:write", "people:consents:write")
EMAIL, PHONE, VERSION = "aizada.t@example.kg", "+996555123456", "2026-11"


async def give(service: RunningService, headers: dict[str, str], channel: str, value: str, **more: str):
    body = {channel: value, "text_version": VERSION, **more}
    return await service.client.post(f"/v1/contacts/{channel}", json=body, headers=headers)


async def own(service: RunningService, headers: dict[str, str]) -> dict[str, str]:
    answer = await service.client.get("/v1/contacts", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_contacts_are_sealed_and_their_persons_alone(notifications: RunningService):
    organisation, person = uuid4(), uuid4()
    headers = notifications.headers(*SCOPES, sub=person, org=organisation)
    assert (await give(notifications, headers, "email", EMAIL)).status_code == 201
    assert (await give(notifications, headers, "phone", PHONE)).status_code == 201
    assert await own(notifications, headers) == {"email": EMAIL, "phone": PHONE}
    colleague = notifications.headers(*SCOPES, org=organisation)
    assert await own(notifications, colleague) == {}
    elsewhere = notifications.headers(*SCOPES, sub=person)
    assert await own(notifications, elsewhere) == {"email": EMAIL, "phone": PHONE}
    found = await everything_in(notifications.database.pool)
    assert EMAIL not in found
    assert PHONE not in found


async def test_a_new_address_takes_the_place_of_the_old_with_its_consent(notifications: RunningService):
    headers = notifications.headers(*SCOPES, sub=uuid4())
    first = (await give(notifications, headers, "email", "old@example.kg")).json()["consent_id"]
    await give(notifications, headers, "phone", PHONE)
    again = [give(notifications, headers, "email", f"new{number}@example.kg") for number in range(6)]
    await asyncio.gather(*again)
    assert (await own(notifications, headers))["email"].startswith("new")
    pool = notifications.database.pool
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 2, "one of each, whoever raced"
    assert await pool.fetchval("SELECT count(*) FROM consent WHERE withdrawn_at IS NULL") == 2
    assert await pool.fetchval("SELECT withdrawn_at IS NOT NULL FROM consent WHERE id = $1", UUID(first))


async def test_the_consent_taken_back_removes_the_contact(notifications: RunningService):
    headers = notifications.headers(*SCOPES, sub=uuid4())
    consent = (await give(notifications, headers, "email", EMAIL)).json()["consent_id"]
    await give(notifications, headers, "phone", PHONE)
    other = notifications.headers(*SCOPES)
    path = f"/v1/consents/{consent}/withdraw"
    assert (await notifications.client.post(path, headers=other)).status_code == 404
    assert (await notifications.client.post(path, headers=headers)).status_code == 200
    assert await own(notifications, headers) == {"phone": PHONE}


@pytest.mark.parametrize(
    ("channel", "value", "more"),
    [
        ("email", "not an address", {}),
        ("email", "a@b@c.kg", {}),
        ("phone", "0555 12 34 56", {}),
        ("phone", "+99655512345678901", {}),
        ("email", EMAIL, {"text_version": "1999"}),
    ],
)
async def test_what_cannot_be_is_refused_and_not_repeated(
    notifications: RunningService, channel: str, value: str, more: dict[str, str]
):
    headers = notifications.headers(*SCOPES, sub=uuid4())
    refused = await give(notifications, headers, channel, value, **more)
    assert refused.status_code == 422
    assert value not in refused.text
    assert await notifications.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_erasure_takes_contacts_and_later_ones_are_refused(notifications: RunningService):
    person = uuid4()
    headers = notifications.headers(*SCOPES, sub=person)
    await give(notifications, headers, "email", EMAIL)
    await deliver(notifications, erased(person))
    assert await own(notifications, headers) == {}
    late = await give(notifications, headers, "phone", PHONE)
    assert (late.status_code, late.json()["code"]) == (409, "person_erased")
    pool = notifications.database.pool
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 0
    event = await pool.fetchval(
        "SELECT convert_from(value, 'UTF8')::jsonb FROM event WHERE type LIKE '%erasure%'"
    )
    counts = {kind["kind"]: kind["count"] for kind in event["kinds"]}
    assert (counts["contact_email"], counts["contact_phone"]) == (1, 0)
    kept = next(kind for kind in event["kinds"] if kind["kind"] == "consents")
    assert (kept["effect"], kept["count"]) == ("kept", 1)
    assert kept["ground"]


@pytest.mark.parametrize(("channel", "value"), [("email", EMAIL), ("phone", PHONE)])
async def test_a_machine_has_no_contacts(notifications: RunningService, channel: str, value: str):
    machine = notifications.headers(*SCOPES, org=uuid4(), kind=Kind.SYSTEM)
    refused = await give(notifications, machine, channel, value)
    assert (refused.status_code, refused.json()["code"]) == (403, "persons_only")
    assert await notifications.database.pool.fetchval("SELECT count(*) FROM consent") == 0
