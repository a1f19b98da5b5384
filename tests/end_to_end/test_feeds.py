"""The change feeds of a platform that has worked: dense, in order per aggregate, each service only its own."""

from collections import defaultdict
from typing import Any

import pytest

from deploy.gateway.settings import SERVICES
from deploy.local.demo.client import Demo
from shared.contracts import BY_NAME
from shared.contracts.audit import AuditHead
from shared.messaging.contract import Audience
from shared.messaging.local_headers import decode_headers
from tests.end_to_end.databases import query
from tests.end_to_end.stage import Gateway, Stage

Feed = list[dict[str, Any]]
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture(scope="module")
def feeds(story: Demo, stage: Stage, api: Gateway) -> dict[str, Feed]:
    """Every event of every service, as the platform's own service sees them."""
    assert story.ids
    stage.settle()
    token = api.service_token()
    stage.settle()
    return {service: api.changes(service, token) for service in SERVICES}


@EACH_SERVICE
def test_a_feed_is_dense_and_whole(service: str, feeds: dict[str, Feed], stage: Stage) -> None:
    seen = [(event["position"], event["id"]) for event in feeds[service]]
    assert [position for position, _ in seen] == list(range(1, len(seen) + 1))
    told = "SELECT position, event_id FROM event WHERE position <= $1 ORDER BY id"
    rows = query(stage.folder, service, told, len(seen))
    later = "SELECT DISTINCT topic FROM event WHERE position > $1"
    assert {row["topic"] for row in query(stage.folder, service, later, len(seen))} <= {f"{service}.audit"}
    assert seen == [(row["position"], str(row["event_id"])) for row in rows], "in the order of commitment"


@EACH_SERVICE
def test_a_service_speaks_of_its_own(service: str, feeds: dict[str, Feed]) -> None:
    assert feeds[service] or service == "notifications"
    for event in feeds[service]:
        kind = BY_NAME[event["type"]]
        assert kind.service == service
        assert kind.audience.allows(Audience(event["audience"]))
        assert str(kind.payload.model_validate(event["data"]).id) == event["subject"]


@EACH_SERVICE
def test_versions_of_an_aggregate_only_grow(service: str, feeds: dict[str, Feed]) -> None:
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in feeds[service]:
        topic = BY_NAME[event["type"]].topic
        versions[topic, event["subject"]].append(event["data"]["aggregate_version"])
    for key, found in versions.items():
        assert found == sorted(set(found)), key


@EACH_SERVICE
def test_the_broker_has_each_event_once_in_the_order_of_its_key(
    service: str, feeds: dict[str, Feed], stage: Stage
) -> None:
    rows = query(
        stage.folder,
        "broker",
        """SELECT key, headers FROM record WHERE starts_with(topic, $1) AND topic <> $2
           ORDER BY topic, partition, "offset\"""",
        f"{service}.",
        f"{service}.audit",  # heads of the trail follow by themselves: some may be on their way
    )
    published: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        published[row["key"].decode()].append(dict(decode_headers(row["headers"]))["ce_id"].decode())
    emitted: dict[str, list[str]] = defaultdict(list)
    for event in feeds[service]:
        if BY_NAME[event["type"]].payload is not AuditHead:
            emitted[event["subject"]].append(event["id"])
    assert published == emitted


def test_outsiders_see_what_is_public(feeds: dict[str, Feed], api: Gateway) -> None:
    for service in SERVICES:
        page = api.call("GET", f"{service}/v1/changes", params={"limit": 1000}).json()
        assert {event["audience"] for event in page["items"]} <= {"public"}
        seen = {event["audience"] for event in feeds[service]}
        assert seen <= {"public", "organisations", "internal"}
    assert any(event["audience"] == "organisations" for event in feeds["notifications"])


def test_an_organisation_sees_what_is_addressed_to_it(feeds: dict[str, Feed], api: Gateway) -> None:
    for role, sees in (("donor", True), ("analyst", False)):
        seen = api.changes("ideas_market", api.token(role))
        made = [event for event in seen if event["type"] == "ideas_market.reservation.made.v1"]
        assert bool(made) is sees, role
        assert all("recipients" not in event for event in seen), "who else is addressed is not theirs to know"
    assert any(event["type"] == "ideas_market.reservation.made.v1" for event in feeds["ideas_market"])
