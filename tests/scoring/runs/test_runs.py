"""Live and published runs over HTTP: what moves, what stays, what is refused."""

from datetime import date
from uuid import uuid4

from shared.contracts.monitoring import Criterion, Verdict
from tests.kit.service import RunningService
from tests.scoring.client import PERIOD, Scoring, full
from tests.scoring.events import NOOKAT, OSH, OSH_OBLAST, TALAS, Feed, revised, visit

MET, BREACHED, UNDETERMINED = Verdict.MET, Verdict.BREACHED, Verdict.UNDETERMINED


async def test_a_revised_visit_moves_the_numerator_by_one_and_the_provisional_score_only(
    scoring: Scoring, feed: Feed
) -> None:
    visits = [visit(MET) for _ in range(4)] + [visit(BREACHED), visit(BREACHED)]
    await scoring.add(full(OSH))
    live = await scoring.open()
    await feed.visits(*visits)
    published = await scoring.publish_now(live["id"])
    frozen = await scoring.everything(published["id"])
    before = await scoring.get(f"runs/{live['id']}/results/{OSH}")

    late = visits[0].model_copy(update={"applied_on": date(2026, 3, 2)})
    await feed.deliver([revised(late, verdict=BREACHED)])

    after = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    moved = await scoring.indicator(live["id"])
    assert (moved["numerator"], moved["denominator"]) == (3, 6)
    assert after["score"] < before["score"]
    assert await scoring.everything(published["id"]) == frozen
    assert (await scoring.indicator(published["id"]))["numerator"] == 4


async def test_two_visits_are_too_few_and_say_so(scoring: Scoring, feed: Feed) -> None:
    await scoring.add([*full(OSH), *full(NOOKAT)])
    live = await scoring.open()
    await feed.visits(*(visit(MET) for _ in range(6)), visit(MET, municipality=NOOKAT))
    await feed.visits(visit(BREACHED, municipality=NOOKAT))
    missing = await scoring.indicator(live["id"], municipality=NOOKAT)
    assert missing["missing_reason"] == "fewer_than_5"
    assert (missing["numerator"], missing["denominator"]) == (1, 2)
    assert "value" not in missing
    assert "normalised" not in missing
    assert (await scoring.indicator(live["id"]))["value"] == 100


async def test_a_gap_in_the_records_neither_lowers_nor_raises_the_share(scoring: Scoring, feed: Feed) -> None:
    """A breach beside an undetermined criterion is told in the lineage and counts as little as a met one beside it."""
    live = await scoring.open()
    gap = {"criterion": Criterion.FEE, "verdict": UNDETERMINED, "reason": "fee_not_recorded"}
    late, early = visit(BREACHED), visit(MET)
    gaps = [found.checks[0].model_copy(update=gap) for found in (late, early)]
    await feed.visits(
        *(visit(MET) for _ in range(4)),
        visit(BREACHED),
        late.model_copy(update={"checks": (*late.checks, gaps[0])}),
        early.model_copy(update={"checks": (*early.checks, gaps[1]), "verdict": UNDETERMINED}),
    )
    found = await scoring.indicator(live["id"])
    assert (found["value"], found["numerator"], found["denominator"]) == (80, 4, 5)
    lineage = await scoring.get(f"runs/{live['id']}/results/{OSH}/indicators/ACO3/lineage")
    listed = sorted((one["verdict"], one["counted"]) for one in lineage["visits"])
    assert listed == [("breached", False), ("breached", True), *[("met", True)] * 4, ("undetermined", False)]


async def test_undetermined_visits_are_not_checked_ones(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    await feed.visits(*(visit(MET) for _ in range(4)), visit(UNDETERMINED))
    assert (await scoring.indicator(live["id"]))["missing_reason"] == "fewer_than_5"
    await feed.visits(visit(BREACHED))
    found = await scoring.indicator(live["id"])
    assert (found["value"], found["numerator"], found["denominator"]) == (80, 4, 5)


async def test_only_municipal_visits_of_the_period_count(scoring: Scoring, feed: Feed) -> None:
    from shared.contracts.registry import ServiceLevel

    live = await scoring.open()
    inside = [visit(MET, applied_on=date(2026, 1, 1)), visit(MET, applied_on=date(2026, 12, 31))]
    outside = [visit(BREACHED, applied_on=date(2025, 12, 31)), visit(BREACHED, applied_on=date(2027, 1, 1))]
    state = visit(BREACHED, level=ServiceLevel.STATE)
    await feed.visits(*inside, *outside, state)
    found = await scoring.indicator(live["id"])
    assert (found["numerator"], found["denominator"]) == (2, 2)


async def test_scores_and_ranks_are_recomputed_and_ties_share_a_rank(scoring: Scoring) -> None:
    await scoring.add([*full(OSH, 10), *full(NOOKAT, 30), *full(TALAS, 30)])
    live = await scoring.open()
    results = (await scoring.get(f"runs/{live['id']}/results"))["items"]
    assert [(found["municipality"]["code"], found["rank"]) for found in results] == [
        (NOOKAT, 1),
        (TALAS, 1),
        (OSH, 3),
    ]
    await scoring.add([(OSH, "PAR1", 49), (OSH, "PAR2", 29), (OSH, "PAR4", 49), (OSH, "ACC1", 99)])
    await scoring.add([(OSH, code, 99) for code in ("ACC3", "ACC4", "ACC5", "RIG1", "RIG3", "RIG4", "BUD1")])
    results = (await scoring.get(f"runs/{live['id']}/results"))["items"]
    assert [found["municipality"]["code"] for found in results] == [OSH, NOOKAT, TALAS]
    assert (await scoring.get(f"runs/{live['id']}"))["version"] == 4


async def test_a_municipality_without_enough_indicators_has_no_score(scoring: Scoring) -> None:
    await scoring.add([*full(OSH), (NOOKAT, "PAR1", 20)])
    live = await scoring.open()
    assert (live["municipalities"], live["ranked"]) == (2, 1)
    result = await scoring.get(f"runs/{live['id']}/results/{NOOKAT}")
    assert "score" not in result
    assert "rank" not in result
    reasons = {found["code"]: found.get("missing_reason") for found in result["indicators"]}
    assert reasons["PAR1"] is None
    assert reasons["PAR2"] == "no_observation"
    results = (await scoring.get(f"runs/{live['id']}/results"))["items"]
    assert results[-1]["municipality"]["code"] == NOOKAT


async def test_values_that_are_too_old_show_as_expired(scoring: Scoring) -> None:
    await scoring.add([(OSH, "PAR1", 20), (OSH, "ACC1", 50), (OSH, "RIG3", 50)], period_end="2025-06-30")
    live = await scoring.open(period_start="2026-01-01", period_end="2026-06-30")
    result = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    reasons = {found["code"]: found.get("missing_reason") for found in result["indicators"]}
    assert (reasons["PAR1"], reasons["ACC1"], reasons["RIG3"]) == (None, None, "expired")
    later = await scoring.open(period_start="2026-01-01", period_end="2026-07-31")
    expired = await scoring.indicator(later["id"], "ACC1")
    assert expired["missing_reason"] == "expired"


async def test_the_list_of_results_is_paged_and_cut_to_a_territory(scoring: Scoring) -> None:
    await scoring.add([*full(OSH, 30), *full(NOOKAT, 20), *full(TALAS, 10)])
    live = await scoring.open()
    path = f"runs/{live['id']}/results"
    first = await scoring.get(path, limit=2)
    second = await scoring.get(path, limit=2, cursor=first["next_cursor"])
    codes = [found["municipality"]["code"] for found in (*first["items"], *second["items"])]
    assert codes == [OSH, NOOKAT, TALAS]
    assert "next_cursor" not in second
    inside = (await scoring.get(path, territory=OSH_OBLAST))["items"]
    assert [found["municipality"]["code"] for found in inside] == [NOOKAT]


async def test_opening_twice_gives_the_same_run(scoring: Scoring) -> None:
    first = await scoring.post_run(PERIOD)
    second = await scoring.post_run(PERIOD)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["provisional"] is True


async def test_runs_are_listed_newest_first(scoring: Scoring) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    items = (await scoring.get("runs"))["items"]
    assert [found["id"] for found in items] == [published["id"], live["id"]]
    assert [found["provisional"] for found in items] == [False, True]
    only = (await scoring.get("runs", state="published", method="sji25"))["items"]
    assert [found["id"] for found in only] == [published["id"]]
    assert (await scoring.get("runs", method="other"))["items"] == []


async def test_publishing_tells_everybody(scoring: Scoring, service: RunningService, feed: Feed) -> None:
    await scoring.add([*full(OSH), *full(NOOKAT, 10)])
    await feed.visits(*(visit(MET) for _ in range(5)))
    live = await scoring.open()
    published = await scoring.publish_now(live["id"])
    rows = await service.database.pool.fetch(
        "SELECT type, key, convert_from(value, 'UTF8')::jsonb AS value FROM event ORDER BY id"
    )
    told = [row["value"] for row in rows if row["type"] == "scoring.run.published.v1"]
    assert [found["id"] for found in told] == [published["id"]]
    assert (told[0]["municipalities"], told[0]["ranked"]) == (2, 2)
    assert told[0]["input_hash"] == published["input_hash"] == live["input_hash"]
    results = {
        row["value"]["municipality"]["code"]: row["value"]
        for row in rows
        if row["type"] == "scoring.result.published.v1"
    }
    assert set(results) == {OSH, NOOKAT}
    assert results[OSH]["run_id"] == published["id"]
    assert len(results[OSH]["indicators"]) == 25
    shown = await scoring.get(f"runs/{published['id']}/results/{OSH}")
    assert (results[OSH]["score"], results[OSH]["rank"]) == (shown["score"], shown["rank"])
    audited = await service.database.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'run.publish'")
    assert audited == 1


async def test_what_may_not_be_published(scoring: Scoring, feed: Feed) -> None:
    live = await scoring.open()
    empty = await scoring.publish(live["id"], **{"If-Match": '"2"'})
    assert (empty.status_code, empty.json()["code"]) == (409, "nothing_to_publish")
    await scoring.add(full(OSH))
    without = await scoring.publish(live["id"])
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    stale = await scoring.publish(live["id"], **{"If-Match": '"2"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    published = await scoring.publish_now(live["id"])
    version = (await scoring.get(f"runs/{live['id']}"))["version"]
    again = await scoring.publish(live["id"], **{"If-Match": f'"{version}"'})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_changed")
    frozen = await scoring.publish(published["id"], **{"If-Match": '"1"'})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "run_published")
    nowhere = await scoring.publish(str(uuid4()), **{"If-Match": '"1"'})
    assert nowhere.status_code == 404
    await feed.visits(visit(MET))
    second = await scoring.publish_now(live["id"])
    assert (published["edition"], second["edition"]) == (1, 2)
    assert (await scoring.get(f"runs/{live['id']}"))["published_run_id"] == second["id"]


async def test_nothing_is_published_while_a_projection_is_rebuilt(
    scoring: Scoring, service: RunningService
) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    await service.database.pool.execute(
        "INSERT INTO projection (name, state) VALUES ('visits', 'rebuilding')"
    )
    refused = await scoring.publish(live["id"], **{"If-Match": f'"{live["version"]}"'})
    assert (refused.status_code, refused.json()["code"]) == (503, "projection_rebuilding")
    assert refused.headers["retry-after"]


async def test_a_run_that_was_not_up_to_date_is_not_published_as_it_looked(
    scoring: Scoring, service: RunningService, feed: Feed
) -> None:
    """A rebuilt projection may lose visits without an event; publishing finds out."""
    await scoring.add(full(OSH))
    await feed.visits(*(visit(MET) for _ in range(5)))
    live = await scoring.open()
    await service.database.pool.execute("DELETE FROM visit")
    stale = await scoring.publish(live["id"], **{"If-Match": f'"{live["version"]}"'})
    assert stale.status_code == 412


async def test_bad_openings_name_their_field(scoring: Scoring) -> None:
    reversed_ = await scoring.post_run({"period_start": "2026-12-31", "period_end": "2026-01-01"})
    assert (reversed_.status_code, reversed_.json()["errors"][0]["pointer"]) == (422, "/period_end")
    unknown = await scoring.post_run({**PERIOD, "method_code": "nothing"})
    assert unknown.json()["errors"][0]["code"] == "unknown_method"
    version = await scoring.post_run({**PERIOD, "method_version": 2})
    assert version.json()["errors"][0]["pointer"] == "/method_code"
    long = await scoring.post_run({"period_start": "2020-01-01", "period_end": "2026-01-01"})
    assert long.json()["errors"][0]["code"] == "period_too_long"


async def test_an_unchanged_run_is_not_sent_again(scoring: Scoring, service: RunningService) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    for path in (f"/v1/runs/{live['id']}", f"/v1/runs/{live['id']}/results/{OSH}"):
        first = await service.client.get(path)
        again = await service.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        await scoring.add([(OSH, "PAR1", 5 + len(path))])
        changed = await service.client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200


async def test_unknown_things_are_not_found(scoring: Scoring, service: RunningService) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    for path in (
        f"runs/{uuid4()}",
        f"runs/{uuid4()}/results",
        f"runs/{live['id']}/results/{TALAS}",
        f"runs/{live['id']}/results/{OSH}/indicators/ABC1/lineage",
    ):
        answer = await service.client.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
