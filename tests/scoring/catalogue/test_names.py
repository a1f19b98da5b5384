"""Visits behind a figure name their service as the registry does today; a published run as it did that day."""

from typing import Any

from shared.contracts.monitoring import Verdict
from shared.contracts.registry import SERVICE_CHANGED, ServiceLevel, ServiceState
from shared.ids import seed_id
from shared.messaging.broker import Record
from shared.values import Origin, Reference
from tests.kit.events import record
from tests.scoring.client import Scoring, full
from tests.scoring.events import OSH, Feed, visit

RESIDENCE = seed_id("service", "residence")


def service(name: str, version: int = 1) -> Record:
    state = ServiceState(
        id=RESIDENCE,
        aggregate_version=version,
        code="residence",
        name={"ru": name},
        level=ServiceLevel.MUNICIPAL,
        body=Reference(id=seed_id("organisation", OSH), code=OSH),
        status="included",
        origin=Origin.DEMONSTRATION,
    )
    return record(SERVICE_CHANGED, state)


async def names(scoring: Scoring, run_id: str) -> set[str]:
    found: dict[str, Any] = await scoring.get(f"runs/{run_id}/results/{OSH}/indicators/ACO3/lineage")
    assert {visit["service"]["id"] for visit in found["visits"]} == {str(RESIDENCE)}
    assert {visit["service"]["code"] for visit in found["visits"]} == {"residence"}
    return {visit["service"]["name"]["ru"] for visit in found["visits"]}


async def test_a_live_run_follows_a_rename_and_a_published_one_is_dated(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    await feed.territory(OSH, "Ош")
    await scoring.add(full(OSH))
    await feed.visits(*(visit(Verdict.MET) for _ in range(5)))
    assert await names(scoring, live["id"]) == {"Справка"}, "the visit's own word until the registry's comes"
    await feed.deliver([service("Справка о жительстве")])
    assert await names(scoring, live["id"]) == {"Справка о жительстве"}
    published = await scoring.publish_now(live["id"])
    await feed.deliver([service("Справка с места жительства", version=2)])
    await feed.deliver([service("an old name told late")])
    assert await names(scoring, live["id"]) == {"Справка с места жительства"}
    assert await names(scoring, published["id"]) == {"Справка о жительстве"}


async def test_a_rename_is_no_new_input(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    await feed.visits(*(visit(Verdict.MET) for _ in range(5)))
    before = await scoring.get(f"runs/{live['id']}")
    await feed.deliver([service("Справка о жительстве")])
    after = await scoring.get(f"runs/{live['id']}")
    assert (after["input_hash"], after["version"]) == (before["input_hash"], before["version"])
