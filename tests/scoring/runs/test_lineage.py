"""Why this score: the arithmetic can be repeated by hand, and the facts behind it are the right ones."""

from datetime import date
from math import fsum
from typing import Any

import pytest
from hypothesis import given

from services.scoring.methods.domain import Method
from services.scoring.runs.domain import score_municipality
from services.scoring.runs.lineage import steps
from services.scoring.runs.recompute import _dimensions, _indicators
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import ServiceLevel
from tests.kit.service import RunningService
from tests.scoring.builders import methods
from tests.scoring.client import Scoring, full
from tests.scoring.events import OSH, STANDARD, Feed, revised, visit, withdrawn
from tests.scoring.runs.test_domain import VALUES, known

MET, BREACHED, UNDETERMINED = Verdict.MET, Verdict.BREACHED, Verdict.UNDETERMINED


def repeated(formula: str) -> float:
    """What the arithmetic gives: nothing but numbers, signs, min and max."""
    return float(eval(formula, {"__builtins__": {}}, {"min": min, "max": max}))


@given(methods(), VALUES)
def test_each_formula_gives_its_result(of: Method, values: list[float | None]) -> None:
    scored = score_municipality(of, known(of, values))
    parts = []
    for rule in of.indicators():
        found = steps(of, rule.code, _indicators(scored), _dimensions(scored))
        for step in found:
            assert repeated(step.formula) == pytest.approx(step.result, abs=1e-9)
        parts += [step.result for step in found if step.name == "contribution"]
    if scored.score is not None:
        assert fsum(parts) == pytest.approx(scored.score, abs=1e-9)


async def lineage(scoring: Scoring, run_id: str, code: str, **query: Any) -> Any:
    return await scoring.get(f"runs/{run_id}/results/{OSH}/indicators/{code}/lineage", **query)


async def test_the_visits_behind_a_share(scoring: Scoring, feed: Feed) -> None:
    visits = [
        *(visit(MET, applied_on=date(2026, 3, day)) for day in (1, 2, 3, 4)),
        visit(BREACHED, applied_on=date(2026, 3, 5)),
        visit(UNDETERMINED, applied_on=date(2026, 3, 6)),
    ]
    await scoring.add(full(OSH))
    await feed.visits(*reversed(visits))
    live = await scoring.open()
    found = await lineage(scoring, live["id"], "ACO3")
    assert found["provisional"] is True
    assert [shown["id"] for shown in found["visits"]] == [str(one.id) for one in visits]
    assert [shown["counted"] for shown in found["visits"]] == [True] * 5 + [False]
    first = found["visits"][0]
    assert (first["applied_on"], first["verdict"], first["version"]) == ("2026-03-01", "met", 1)
    assert first["standard"]["version_id"] == str(STANDARD.version_id)
    assert first["service"]["code"] == "residence"
    assert first["checks"][0]["reason"] == "delivered_in_time"
    assert [step["name"] for step in found["steps"]] == ["value", "normalised", "weight", "contribution"]
    assert found["steps"][0]["formula"] == "100 * 4 / 5"
    for step in found["steps"]:
        assert repeated(step["formula"]) == pytest.approx(step["result"], abs=1e-9)
    assert found["indicator"]["goalposts"] == {"low": 50, "high": 100}
    assert found["origin"] == "demonstration"


async def test_a_visit_without_a_verdict_on_every_criterion_counts_neither_way(
    scoring: Scoring, feed: Feed
) -> None:
    """One breach is enough for "breached", "met" needs all: what was not recorded could only lower a share."""
    late = visit(BREACHED, applied_on=date(2026, 3, 9))
    gap = late.checks[0].model_copy(update={"verdict": UNDETERMINED, "reason": "fee_not_recorded"})
    await scoring.add(full(OSH))
    await feed.visits(
        *(visit(MET, applied_on=date(2026, 3, day)) for day in range(1, 6)),
        late.model_copy(update={"checks": (*late.checks, gap)}),
    )
    live = await scoring.open()
    found = await lineage(scoring, live["id"], "ACO3")
    assert (found["numerator"], found["denominator"]) == (5, 5)
    assert [shown["counted"] for shown in found["visits"]] == [True] * 5 + [False]


async def test_a_score_can_be_computed_again_from_its_own_page(scoring: Scoring, feed: Feed) -> None:
    await scoring.add(full(OSH, 37.5))
    await feed.visits(*(visit(MET) for _ in range(6)))
    live = await scoring.open()
    result = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    exact = (await lineage(scoring, live["id"], "PAR1"))["score"]
    used = [one for one in result["indicators"] if "normalised" in one]
    again = fsum(one["normalised"] * one["weight"] for one in used)
    assert len(used) > 20
    assert again == pytest.approx(exact, abs=1e-9)
    assert fsum(one["contribution"] for one in used) == pytest.approx(exact, abs=1e-9)
    assert (result["unrounded_score"], result["score"]) == (exact, round(exact, 2))


async def test_the_observation_behind_a_value(scoring: Scoring, service: RunningService) -> None:
    await scoring.add([(OSH, "PAR1", 31.5)])
    live = await scoring.open()
    found = await lineage(scoring, live["id"], "PAR1")
    assert found["observation"]["source"] == "test"
    assert found["observation"]["origin"] == "demonstration"
    assert found["observation"]["period_end"] == "2026-06-30"
    imported = await service.client.get(f"/v1/observations/imports/{found['observation']['import_id']}")
    assert imported.json()["inserted"] == 1
    assert found["steps"][1]["formula"] == "min(max((31.5 - 0.0) / (50.0 - 0.0), 0), 1) * 100"
    missing = await lineage(scoring, live["id"], "PAR2")
    assert (missing["missing_reason"], missing["steps"]) == ("no_observation", [])
    assert "observation" not in missing


async def test_a_published_figure_keeps_its_visits_and_its_observation(scoring: Scoring, feed: Feed) -> None:
    visits = [visit(MET) for _ in range(5)]
    gone = visit(MET)
    uncounted = [visit(MET, level=ServiceLevel.STATE), visit(MET, applied_on=date(2025, 3, 1)), gone]
    await scoring.add(full(OSH, 20))
    await feed.visits(*visits, *uncounted)
    await feed.deliver([withdrawn(gone.id, 2)])
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    await feed.deliver([revised(visits[0], verdict=BREACHED)])
    await scoring.add([(OSH, "PAR1", 44)])
    then, now = [await lineage(scoring, run["id"], "ACO3") for run in (published, live)]
    assert [shown["verdict"] for shown in then["visits"]] == ["met"] * 5
    assert sorted(shown["verdict"] for shown in now["visits"]) == ["breached"] + ["met"] * 4
    assert then["provisional"] is False
    values = [(await lineage(scoring, run["id"], "PAR1"))["observation"] for run in (published, live)]
    assert [(found["value"], found["version"]) for found in values] == [(20, 1), (44, 2)]


async def test_many_visits_come_in_pages(scoring: Scoring, feed: Feed) -> None:
    await feed.visits(*(visit(MET, applied_on=date(2026, 3, 1 + n % 3)) for n in range(7)))
    await scoring.add(full(OSH))
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    for run in (live, published):
        seen, cursor = [], None
        while True:
            page = await lineage(
                scoring, run["id"], "ACO3", limit=3, **({"cursor": cursor} if cursor else {})
            )
            seen += [shown["id"] for shown in page["visits"]]
            cursor = page.get("next_cursor")
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 7
