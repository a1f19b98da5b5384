"""An idea cites what a published run says; the run and its results arrive in any order, or late, or twice."""

from uuid import uuid4

import pytest

from tests.ideas_market.world import (
    KARA_SUU,
    OSH,
    RUN,
    author,
    based_on,
    drafted,
    idea,
    pointers,
    result,
    run,
)
from tests.kit.events import deliver
from tests.kit.service import RunningService


def cites(**changes: object) -> dict[str, object]:
    return idea(indicator={"code": "ACO3", "run_id": str(RUN), "municipality_code": OSH, **changes})


async def test_the_value_is_copied_with_its_run(market: RunningService) -> None:
    found = (await drafted(market)).json()["indicator"]
    assert found["normalised"] == 21.5
    assert (found["run_id"], found["code"], found["municipality"]["code"]) == (str(RUN), "ACO3", OSH)


async def test_a_missing_value_is_cited_with_its_reason(market: RunningService) -> None:
    wanted = {"code": "ACO1", "run_id": str(RUN), "municipality_code": OSH}
    found = (await drafted(market, indicator=wanted)).json()["indicator"]
    assert found["missing_reason"] == "too_few_visits"
    assert "normalised" not in found


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"run_id": str(uuid4())}, "/indicator/run_id", "unknown_run"),
        ({"municipality_code": KARA_SUU}, "/indicator/municipality_code", "unknown_result"),
        ({"code": "ACO9"}, "/indicator/code", "unknown_indicator"),
    ],
)
async def test_what_is_not_known_is_refused(
    market: RunningService, changes: dict[str, str], pointer: str, code: str
) -> None:
    found = await market.client.post("/v1/ideas", json=cites(**changes), headers=author(market))
    assert found.status_code == 422
    assert pointers(found) == {pointer: code}


@pytest.mark.parametrize("first", ["run", "result"])
async def test_results_arrive_after_the_idea(empty_market: RunningService, first: str) -> None:
    """Half of what is needed is not enough, whichever half it is; with both the same request succeeds."""
    halves = [run(), result()] if first == "run" else [result(), run()]
    expected = [
        "/indicator/run_id",
        "/indicator/municipality_code" if first == "run" else "/indicator/run_id",
    ]
    for half, pointer in zip(halves, expected, strict=True):
        found = await empty_market.client.post("/v1/ideas", json=cites(), headers=author(empty_market))
        assert pointer in pointers(found)
        await deliver(empty_market, half)
    found = await empty_market.client.post("/v1/ideas", json=cites(), headers=author(empty_market))
    assert found.status_code == 201
    assert found.json()["indicator"]["normalised"] == 21.5


async def test_the_newest_version_counts_whatever_the_order(market: RunningService) -> None:
    newer = result(version=3, normalised=30.0)
    await deliver(market, newer, result(version=2, normalised=99.0))
    await deliver(market, newer, newer)
    assert (await drafted(market)).json()["indicator"]["normalised"] == 30.0


async def test_publishing_takes_the_value_of_that_day(market: RunningService) -> None:
    draft = await drafted(market)
    await deliver(market, result(version=2, normalised=33.0))
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft))
    assert found.json()["indicator"]["normalised"] == 33.0


async def test_an_indicator_that_is_gone_is_told_with_the_other_problems(market: RunningService) -> None:
    draft = await drafted(market, summary=None)
    await market.database.pool.execute("DELETE FROM published_run")
    url = f"/v1/ideas/{draft.json()['id']}/publish"
    found = await market.client.post(url, headers=based_on(author(market), draft))
    assert pointers(found) == {"/summary": "missing", "/indicator/run_id": "unknown_run"}
