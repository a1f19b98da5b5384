"""Whom to talk to about an idea: for its organisation, for the donor who holds it, and only so long."""

from uuid import UUID, uuid4

import pytest

from shared.auth.principal import Kind
from shared.messaging.broker import Record
from tests.ideas_market.world import (
    AUTHOR,
    DONOR,
    OTHER_DONOR,
    RESERVE,
    WRITE_IDEAS,
    author,
    based_on,
    donor,
    drafted,
    idea,
    published,
    reserved,
)
from tests.kit.events import deliver
from tests.kit.people import erased
from tests.kit.service import RunningService
from tests.kit.tables import everything_in

NAME, PHONE, EMAIL = "Айзада Токтогулова", "+996555123456", "aizada@example.kg"
CONTACT = {"name": NAME, "phone": PHONE, "email": EMAIL}
DESK = (WRITE_IDEAS, "ideas:ideas:delegate", "people:consents:write")


def behalf(person: UUID, purpose: str) -> dict:
    consent = {"purpose": purpose, "text_version": "2026-11", "channel": "desk"}
    return {"person_id": str(person), "consent": consent}


async def give(market: RunningService, idea_id: str, headers: dict[str, str] | None = None, **more):
    body = {**CONTACT, **(more or {"text_version": "2026-11"})}
    return await market.client.post(
        f"/v1/ideas/{idea_id}/contact", json=body, headers=headers or author(market)
    )


async def seen(market: RunningService, idea_id: str, headers: dict[str, str]):
    answer = await market.client.get(f"/v1/ideas/{idea_id}/contact", headers=headers)
    return answer.json() if answer.status_code == 200 else answer.status_code


async def test_a_contact_follows_the_reservation(market: RunningService) -> None:
    found = (await published(market)).json()["id"]
    assert (await give(market, found)).status_code == 201
    assert await seen(market, found, author(market)) == CONTACT
    assert await seen(market, found, donor(market)) == 404
    assert NAME not in await everything_in(market.database.pool)
    reservation = await reserved(market, found)
    assert await seen(market, found, donor(market)) == CONTACT
    assert await seen(market, found, donor(market, OTHER_DONOR)) == 404
    await market.client.post(
        f"/v1/reservations/{reservation.json()['id']}/withdraw", headers=based_on(donor(market), reservation)
    )
    assert await seen(market, found, donor(market)) == 404
    assert (await reserved(market, found, OTHER_DONOR)).status_code == 201
    await give(market, found)
    assert await seen(market, found, donor(market, OTHER_DONOR)) == CONTACT, "one that is given later too"
    assert (await market.client.get(f"/v1/ideas/{found}/contact")).status_code == 401


async def test_others_give_and_remove_none(market: RunningService) -> None:
    found = (await published(market)).json()["id"]
    stranger = market.headers(WRITE_IDEAS, org=uuid4())
    assert (await give(market, found, stranger)).status_code == 404
    await give(market, found)
    removed = await market.client.delete(f"/v1/ideas/{found}/contact", headers=stranger)
    assert removed.status_code == 404
    assert await seen(market, found, author(market)) == CONTACT
    assert (
        await market.client.delete(f"/v1/ideas/{found}/contact", headers=author(market))
    ).status_code == 204
    assert await market.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"text_version": None}, 422),
        ({"text_version": "1999"}, 422),
        ({"on_behalf_of": behalf(uuid4(), "idea_contact")}, 403),
        ({"on_behalf_of": behalf(uuid4(), "idea_contact"), "text_version": "2026-11"}, 422),
    ],
)
async def test_without_consent_there_is_no_contact(market: RunningService, more: dict, status: int) -> None:
    found = (await published(market)).json()["id"]
    refused = await give(market, found, **more)
    assert refused.status_code == status, refused.text
    assert NAME not in refused.text
    assert PHONE not in refused.text
    assert await market.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_an_idea_is_entered_at_a_desk_for_somebody(market: RunningService) -> None:
    staff, person = uuid4(), uuid4()
    headers = market.headers(*DESK, sub=staff, org=AUTHOR)
    made = await market.client.post(
        "/v1/ideas", json=idea(on_behalf_of=behalf(person, "idea_by_desk")), headers=headers
    )
    assert made.status_code == 201, made.text
    pool = market.database.pool
    audited = await pool.fetchrow("SELECT actor, on_behalf_of FROM audit WHERE action = 'idea.draft'")
    assert tuple(audited) == (staff, person)
    consent = await pool.fetchrow("SELECT person_id, recorded_by, object_id, channel FROM consent")
    assert tuple(consent) == (person, staff, UUID(made.json()["id"]), "desk")
    contact = await give(market, made.json()["id"], headers, on_behalf_of=behalf(person, "idea_contact"))
    assert contact.status_code == 201
    person_headers = market.headers("people:consents:write", sub=person)
    taken = await market.client.post(
        f"/v1/consents/{contact.json()['consent_id']}/withdraw", headers=person_headers
    )
    assert taken.status_code == 200
    assert await seen(market, made.json()["id"], headers) == 404
    refused = await market.client.post(
        "/v1/ideas", json=idea(on_behalf_of=behalf(person, "idea_by_desk")), headers=author(market)
    )
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "ideas:ideas:delegate")


async def test_texts_everybody_reads_take_no_contacts(market: RunningService) -> None:
    texts = {
        "title": {"ky": "Суу. 0555 12 34 56"},
        "summary": {"ky": f"Жазыңыз: {EMAIL}"},
        "problem": {"ky": "Жол", "ru": "Звоните +996 700 11 22 33"},
        "activities": [{"title": {"ky": EMAIL}, "starts": "2026-05-01"}],
    }
    refused = await market.client.post("/v1/ideas", json=idea(**texts), headers=author(market))
    assert refused.status_code == 422
    errors = refused.json()["errors"]
    assert {error["code"] for error in errors} == {"contact_in_text"}
    assert {error["pointer"].split("/")[1] for error in errors} == set(texts)
    assert EMAIL not in refused.text
    assert "0555" not in refused.text


async def test_messages_are_the_parties_and_go_with_their_writer(market: RunningService) -> None:
    found = (await published(market)).json()["id"]
    writer = uuid4()
    headers = market.headers(RESERVE, sub=writer, org=DONOR)
    body = {"pledge": {"amount": "300000.00", "currency": "KGS"}, "message": f"{NAME}, {PHONE}"}
    again = {**headers, "Idempotency-Key": "reserve-this"}
    made = await market.client.post(f"/v1/ideas/{found}/reservations", json=body, headers=again)
    assert made.json()["message"] == body["message"]
    repeated = await market.client.post(f"/v1/ideas/{found}/reservations", json=body, headers=again)
    assert repeated.headers["idempotent-replayed"] == "true"
    assert "message" not in repeated.json()
    path = f"/v1/reservations/{made.json()['id']}"
    for party in (author(market), donor(market)):
        assert (await market.client.get(path, headers=party)).json()["message"] == body["message"]
        [listed] = (await market.client.get("/v1/reservations", headers=party)).json()["items"]
        assert listed["message"] == body["message"]
    assert (await market.client.get(path, headers=donor(market, OTHER_DONOR))).status_code == 404
    assert NAME not in await everything_in(market.database.pool)
    await deliver(market, erased(writer))
    after = (await market.client.get(path, headers=donor(market))).json()
    assert "message" not in after
    assert after["state"] == "active"


async def test_erasure_takes_the_contact(market: RunningService) -> None:
    found = (await drafted(market)).json()["id"]
    person = uuid4()
    await give(market, found, author(market, sub=person))
    told: Record = erased(person)
    await deliver(market, told)
    assert await seen(market, found, author(market)) == 404
    assert (await give(market, found, author(market, sub=person))).status_code == 409


async def test_a_consent_to_one_text_is_no_ground_for_something_else(market: RunningService) -> None:
    desk, person = market.headers(*DESK, org=AUTHOR), uuid4()
    wrong = {**idea(), "on_behalf_of": behalf(person, "idea_contact")}
    refused = [await market.client.post("/v1/ideas", json=wrong, headers=desk)]
    found = (await drafted(market)).json()["id"]
    refused.append(await give(market, found, desk, on_behalf_of=behalf(person, "idea_by_desk")))
    for answer in refused:
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == (
            "/on_behalf_of/consent/purpose",
            "consent_to_something_else",
        )
    pool = market.database.pool
    assert await pool.fetchval("SELECT count(*) FROM consent") == 0
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 0
    right = {**idea(), "on_behalf_of": behalf(person, "idea_by_desk")}
    assert (await market.client.post("/v1/ideas", json=right, headers=desk)).status_code == 201


@pytest.mark.parametrize("kind", [Kind.SYSTEM, Kind.SERVICE, Kind.DEVICE])
async def test_a_machine_agrees_to_nothing(market: RunningService, kind: Kind) -> None:
    found = (await drafted(market)).json()["id"]
    machine = market.headers(WRITE_IDEAS, org=AUTHOR, kind=kind)
    refused = await give(market, found, machine)
    assert (refused.status_code, refused.json()["code"]) == (403, "persons_only")
    pool = market.database.pool
    assert await pool.fetchval("SELECT count(*) FROM consent") == 0
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 0
