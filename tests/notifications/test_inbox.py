"""Who is told of what, and that everybody is told once."""

import asyncio
from uuid import uuid4

from shared.contracts.ideas_market import IDEA_PUBLISHED
from shared.messaging.contract import Audience
from tests.kit.events import deliver
from tests.kit.service import RunningService
from tests.notifications.conftest import OSH, idea, member, reservation

IDEA = IDEA_PUBLISHED.name


async def subscribe(service: RunningService, headers: dict[str, str], **wanted: object) -> dict:
    body = {"event_types": [IDEA], **wanted}
    answer = await service.client.post("/v1/subscriptions", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def inbox(service: RunningService, headers: dict[str, str], query: str = "") -> list[dict]:
    answer = await service.client.get(f"/v1/inbox{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_subscriber_hears_what_matches_and_nothing_else(notifications: RunningService):
    donor = member(notifications, uuid4())
    made = await subscribe(notifications, donor, territory_code=OSH, sector="water")
    await deliver(
        notifications,
        idea(),
        idea(sector="roads"),
        idea(path=("41700000000000", "41711000000000")),
    )
    entries = await inbox(notifications, donor)
    assert [entry["reason"] for entry in entries] == ["subscription"]
    assert entries[0]["subscription_id"] == made["id"]
    assert entries[0]["title"] == {
        "ky": "Жаңы долбоордук идея: Таза суу",
        "ru": "Новая проектная идея: Чистая вода",
        "en": "New project idea: Чистая вода",
    }
    for language, written in {"ky": "000,00 KGS", "ru": "000,00 KGS", "en": "000.00 KGS"}.items():
        assert f"1\u00a0200\u00a0{written}" in entries[0]["body"][language]


async def test_a_country_wide_subscription_hears_of_every_place(notifications: RunningService):
    donor = member(notifications, uuid4())
    await subscribe(notifications, donor, territory_code="41700000000000")
    await deliver(notifications, idea(), idea(path=("41700000000000", "41711000000000")))
    assert len(await inbox(notifications, donor)) == 2


async def test_recipients_are_told_without_a_subscription_and_others_never(notifications: RunningService):
    ngo, donor, stranger = uuid4(), uuid4(), member(notifications, uuid4())
    await subscribe(notifications, stranger, event_types=["ideas_market.reservation.made.v1"])
    await deliver(notifications, reservation(recipients=[ngo, donor]))
    for organisation in (ngo, donor):
        entries = await inbox(notifications, member(notifications, organisation))
        assert [entry["reason"] for entry in entries] == ["recipient"]
    assert await inbox(notifications, stranger) == []


async def test_an_embargoed_event_reaches_only_its_recipients(notifications: RunningService):
    donor = member(notifications, uuid4())
    await subscribe(notifications, donor)
    await deliver(notifications, idea(audience=Audience.INTERNAL))
    assert await inbox(notifications, donor) == []


async def test_four_deliveries_at_once_of_each_event_make_one_entry_each(notifications: RunningService):
    organisation = uuid4()
    donor = member(notifications, organisation)
    await subscribe(notifications, donor)
    await subscribe(notifications, donor, territory_code=OSH)
    records = [idea(recipients=[organisation]) for _ in range(25)]
    await asyncio.gather(*(deliver(notifications, found) for found in records * 4))
    assert len(await inbox(notifications, donor, "?limit=200")) == 25


async def test_reading_is_per_organisation_and_the_first_time_counts(notifications: RunningService):
    donor, stranger = member(notifications, uuid4()), member(notifications, uuid4())
    await subscribe(notifications, donor)
    await deliver(notifications, idea(), idea())
    first = (await inbox(notifications, donor))[0]
    url = f"/v1/inbox/{first['id']}/read"
    assert (await notifications.client.post(url, headers=stranger)).status_code == 404
    read = (await notifications.client.post(url, headers=donor)).json()["read_at"]
    assert (await notifications.client.post(url, headers=donor)).json()["read_at"] == read
    assert len(await inbox(notifications, donor, "?unread=true")) == 1


async def test_an_ended_subscription_hears_nothing(notifications: RunningService):
    donor = member(notifications, uuid4())
    made = await subscribe(notifications, donor)
    answer = await notifications.client.put(
        f"/v1/subscriptions/{made['id']}",
        json={"event_types": [IDEA], "active": False},
        headers=donor | {"If-Match": '"1"'},
    )
    assert answer.json()["active"] is False
    await deliver(notifications, idea())
    assert await inbox(notifications, donor) == []


async def test_subscriptions_of_others_are_not_there(notifications: RunningService):
    made = await subscribe(notifications, member(notifications, uuid4()))
    stranger = member(notifications, uuid4())
    url = f"/v1/subscriptions/{made['id']}"
    assert (await notifications.client.get(url, headers=stranger)).status_code == 404
    change = await notifications.client.put(
        url, json={"event_types": [IDEA]}, headers=stranger | {"If-Match": '"1"'}
    )
    assert change.status_code == 404
    listed = await notifications.client.get("/v1/subscriptions", headers=stranger)
    assert listed.json()["items"] == []


async def test_bad_subscriptions_name_the_field(notifications: RunningService):
    donor = member(notifications, uuid4())
    for body, pointer in (
        ({"event_types": []}, "/event_types"),
        ({"event_types": ["nothing.known.v1"]}, "/event_types/0"),
        ({"event_types": [IDEA], "channels": ["pigeon"]}, "/channels/0"),
        ({"event_types": [IDEA], "territory_code": "'; DROP TABLE"}, "/territory_code"),
    ):
        answer = await notifications.client.post("/v1/subscriptions", json=body, headers=donor)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_token_without_organisation_is_told_so(notifications: RunningService):
    headers = notifications.headers("notifications:inbox:read")
    answer = await notifications.client.get("/v1/inbox", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_organisation")
