"""Subscriptions that could never be heard of are refused; those that are can be deleted."""

from uuid import uuid4

import pytest

from shared.contracts.ideas_market import IDEA_PUBLISHED, RESERVATION_MADE
from shared.contracts.scoring import RUN_PUBLISHED
from tests.kit.events import deliver
from tests.kit.service import RunningService
from tests.notifications.conftest import OSH, idea, member, territory

IDEA, RUN, RESERVATION = IDEA_PUBLISHED.name, RUN_PUBLISHED.name, RESERVATION_MADE.name
URL = "/v1/subscriptions"


@pytest.mark.parametrize(
    ("wanted", "errors"),
    [
        ({"event_types": [RUN], "territory_code": OSH}, {"/event_types/0": "never_matches"}),
        ({"event_types": [IDEA, RUN], "sector": "water"}, {"/event_types/1": "never_matches"}),
        ({"event_types": [RESERVATION], "sector": "water"}, {"/event_types/0": "never_matches"}),
        (
            {"event_types": [IDEA], "territory_code": "41799999999999"},
            {"/territory_code": "unknown_territory"},
        ),
        ({"event_types": ["nothing.known.v1"]}, {"/event_types/0": "unknown_event_type"}),
    ],
)
async def test_what_can_never_match_is_refused(
    notifications: RunningService, wanted: dict[str, object], errors: dict[str, str]
) -> None:
    headers = member(notifications, uuid4())
    refused = await notifications.client.post(URL, json=wanted, headers=headers)
    assert refused.status_code == 422
    assert {error["pointer"]: error["code"] for error in refused.json()["errors"]} == errors
    made = await notifications.client.post(URL, json={"event_types": [IDEA]}, headers=headers)
    changed = await notifications.client.put(
        f"{URL}/{made.json()['id']}", json=wanted, headers=headers | {"If-Match": made.headers["etag"]}
    )
    assert changed.status_code == 422


async def test_a_unit_the_registry_told_of_can_be_named(notifications: RunningService) -> None:
    headers = member(notifications, uuid4())
    wanted = {"event_types": [IDEA], "territory_code": "41722000000000"}
    assert (await notifications.client.post(URL, json=wanted, headers=headers)).status_code == 422
    await deliver(notifications, territory("41722000000000"))
    assert (await notifications.client.post(URL, json=wanted, headers=headers)).status_code == 201


async def test_a_deleted_subscription_is_heard_of_no_more(notifications: RunningService) -> None:
    headers = member(notifications, uuid4())
    made = await notifications.client.post(URL, json={"event_types": [IDEA]}, headers=headers)
    url = f"{URL}/{made.json()['id']}"
    assert (await notifications.client.delete(url, headers=headers)).status_code == 428
    stale = await notifications.client.delete(url, headers=headers | {"If-Match": '"9"'})
    assert stale.status_code == 412
    tag = {"If-Match": made.headers["etag"]}
    stranger = await notifications.client.delete(url, headers=member(notifications, uuid4()) | tag)
    assert stranger.status_code == 404
    gone = await notifications.client.delete(url, headers=headers | tag)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await notifications.client.get(url, headers=headers)).status_code == 404
    await deliver(notifications, idea())
    inbox = await notifications.client.get("/v1/inbox", headers=headers)
    assert inbox.json()["items"] == []
    last = await notifications.database.pool.fetchrow(
        """SELECT convert_from(value, 'UTF8')::jsonb AS told FROM event WHERE key = $1 ORDER BY id DESC LIMIT 1""",
        made.json()["id"],
    )
    assert (last["told"]["active"], last["told"]["aggregate_version"]) == (False, 2)
