"""The projection of visits: only the newest version counts, whatever order events come in."""

from dataclasses import replace
from itertools import permutations

from shared.contracts.monitoring import Verdict
from shared.contracts.registry import ServiceLevel
from shared.ids import uuid7
from shared.values import Origin
from tests.kit.service import RunningService
from tests.scoring.client import Scoring
from tests.scoring.events import COUNTRY, Feed, approved, revised, visit, withdrawn

MET, BREACHED = Verdict.MET, Verdict.BREACHED


async def counts(scoring: Scoring, run_id: str) -> tuple[int, int] | None:
    results = (await scoring.get(f"runs/{run_id}/results"))["items"]
    if not results:
        return None
    found = await scoring.indicator(run_id)
    return found["numerator"], found["denominator"]


async def test_versions_in_any_order_in_one_batch_or_many(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    done = 0
    for order in permutations(range(3)):
        for together in (True, False):
            first = visit(MET)
            second = first.model_copy(update={"aggregate_version": 2, "verdict": BREACHED})
            events = [approved(first), revised(first, verdict=BREACHED), revised(second, verdict=MET)]
            chosen = [events[place] for place in order]
            for batch in [chosen] if together else [[found] for found in chosen]:
                await feed.deliver(batch)
            done += 1
            assert await counts(scoring, live["id"]) == (done, done), (order, together)


async def test_a_withdrawn_visit_no_longer_counts_and_does_not_come_back(
    scoring: Scoring, feed: Feed
) -> None:
    live = await scoring.open()
    gone, late = visit(MET), visit(MET)
    await feed.visits(gone, visit(BREACHED))
    await feed.deliver([withdrawn(gone.id, 2), withdrawn(late.id, 5)])
    assert await counts(scoring, live["id"]) == (0, 1)
    await feed.deliver([approved(gone), revised(late)])
    await feed.deliver([approved(late)])
    assert await counts(scoring, live["id"]) == (0, 1)


async def test_the_last_visit_withdrawn_leaves_no_result(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    only = visit(MET)
    await feed.visits(only)
    assert await counts(scoring, live["id"]) == (1, 1)
    await feed.deliver([withdrawn(only.id, 2)])
    assert await counts(scoring, live["id"]) is None
    assert (await scoring.get(f"runs/{live['id']}"))["municipalities"] == 0


async def test_a_visit_that_turns_out_not_municipal_no_longer_counts(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    turning, staying = visit(MET), visit(MET)
    await feed.visits(turning, staying)
    await feed.deliver([revised(turning, level=ServiceLevel.STATE)])
    assert await counts(scoring, live["id"]) == (1, 1)


async def test_a_repeated_event_changes_nothing(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    live = await scoring.open()
    event = approved(visit(MET))
    await feed.deliver([event])
    version = (await scoring.get(f"runs/{live['id']}"))["version"]
    for _ in range(3):
        await feed.deliver([event, event])
    assert (await scoring.get(f"runs/{live['id']}"))["version"] == version


async def test_a_revision_that_changes_no_figure_still_changes_the_inputs(
    scoring: Scoring, feed: Feed
) -> None:
    live = await scoring.open()
    first = visit(MET)
    await feed.visits(first)
    before = await scoring.get(f"runs/{live['id']}")
    await feed.deliver([revised(first, provisional=True)])
    after = await scoring.get(f"runs/{live['id']}")
    assert after["input_hash"] != before["input_hash"]


async def test_the_weakest_origin_is_the_figures_own(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    await feed.visits(*(visit(MET, origin=Origin.OFFICIAL) for _ in range(4)))
    assert (await scoring.indicator(live["id"]))["origin"] == "official"
    await feed.visits(visit(MET, origin=Origin.DEMONSTRATION))
    assert (await scoring.indicator(live["id"]))["origin"] == "demonstration"


async def test_a_municipality_the_registry_has_not_told_of_yet(scoring: Scoring, feed: Feed) -> None:
    """The visit brings the name along; the registry's own replaces it when it comes."""
    live = await scoring.open()
    code = "41799000000001"
    await feed.visits(visit(MET, municipality=code))
    result = await scoring.get(f"runs/{live['id']}/results/{code}")
    assert result["municipality"]["name"] == {"ru": "Место"}
    assert result["municipality"]["path"][0] == COUNTRY
    await feed.territory(code, "Дара", version=1)
    result = await scoring.get(f"runs/{live['id']}/results/{code}")
    assert result["municipality"]["name"] == {"ru": "Дара"}


async def test_an_unreadable_event_becomes_a_dead_letter_and_the_rest_goes_on(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    live = await scoring.open()
    good, bad = approved(visit(MET)), approved(visit(MET), uuid7())
    await feed.deliver([replace(bad, value=b'{"id": 1}', offset=9), good])
    assert await counts(scoring, live["id"]) == (1, 1)
    assert await service.database.pool.fetchval("SELECT count(*) FROM dead_letter WHERE state = 'dead'") == 1
