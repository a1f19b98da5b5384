"""What happens at the same moment: nothing is lost, nothing doubled, and a live run equals one computed anew."""

import asyncio
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

from services.scoring.runs import service as runs
from shared.contracts.monitoring import Verdict
from shared.ids import uuid7
from tests.kit.service import RunningService
from tests.scoring.client import PERIOD, Scoring, full
from tests.scoring.events import NOOKAT, OSH, TALAS, Feed, approved, revised, visit, withdrawn

MET, BREACHED = Verdict.MET, Verdict.BREACHED


async def stored(service: RunningService, run_id: str) -> list[dict[str, Any]]:
    rows = await service.database.pool.fetch(
        "SELECT * FROM result WHERE run_id = $1 ORDER BY municipality_code", run_id
    )
    return [dict(row) for row in rows]


async def computed_anew(service: RunningService, run_id: str) -> bool:
    """Whether a full computation changes anything."""
    async with service.unit_of_work() as uow:
        return await runs.bring_up_to_date(uow, UUID(run_id))


async def test_a_storm_of_duplicates_counts_each_visit_once(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    live = await scoring.open()
    visits = [visit(MET) for _ in range(12)] + [visit(BREACHED) for _ in range(6)]
    await feed.storm([approved(found, uuid7()) for found in visits])
    found = await scoring.indicator(live["id"])
    assert (found["numerator"], found["denominator"]) == (12, 18)
    assert await service.database.pool.fetchval("SELECT count(*) FROM visit") == 18
    assert not await computed_anew(service, live["id"])


async def test_the_same_visit_in_many_events_at_once_counts_once(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    """Versions of one visit in other events, out of order and at the same time: the newest stands."""
    live = await scoring.open()
    first = visit(MET)
    others = [visit(BREACHED) for _ in range(5)]
    versions = [
        revised(first.model_copy(update={"aggregate_version": version}), verdict=verdict, applied_on=day)
        for version, verdict, day in (
            (1, BREACHED, date(2026, 4, 1)),
            (2, MET, date(2026, 5, 1)),
            (3, BREACHED, date(2025, 5, 1)),
            (4, MET, date(2026, 6, 1)),
        )
    ]
    await feed.storm([*versions, approved(first), *map(approved, others)], times=2)
    found = await scoring.indicator(live["id"])
    assert (found["numerator"], found["denominator"]) == (1, 6)
    assert await service.database.pool.fetchval("SELECT version FROM visit WHERE id = $1", first.id) == 5
    assert not await computed_anew(service, live["id"])


async def test_a_visit_that_moves_is_counted_in_one_place(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    live = await scoring.open()
    moving = [visit(MET) for _ in range(6)]
    at_home = [revised(found) for found in moving]
    gone = [
        revised(
            found.model_copy(update={"aggregate_version": 2}),
            municipality=visit(MET, municipality=NOOKAT).municipality,
        )
        for found in moving
    ]
    await asyncio.gather(*(feed.deliver([found]) for found in (*map(approved, moving), *at_home, *gone)))
    found = await scoring.indicator(live["id"], municipality=NOOKAT)
    assert (found["numerator"], found["denominator"]) == (6, 6)
    assert (await service.client.get(f"/v1/runs/{live['id']}/results/{OSH}")).status_code == 404
    assert not await computed_anew(service, live["id"])


async def test_imports_and_visits_at_once_lose_nothing(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    live = await scoring.open()
    visits = [visit(MET if n % 3 else BREACHED, municipality=(OSH, NOOKAT)[n % 2]) for n in range(24)]
    await asyncio.gather(
        *(feed.deliver([approved(found)]) for found in visits),
        *(scoring.add(full(code, 10 + n)) for n, code in enumerate((OSH, NOOKAT, TALAS))),
        *(scoring.add([(OSH, "PAR1", 30 + n)], period_end=f"2026-0{n}-28") for n in range(1, 6)),
    )
    assert not await computed_anew(service, live["id"])
    result = await scoring.get(f"runs/{live['id']}/results/{OSH}")
    visited = next(found for found in result["indicators"] if found["code"] == "ACO3")
    assert visited["denominator"] == 12
    assert all("missing_reason" not in found for found in result["indicators"])
    assert (await scoring.get(f"runs/{live['id']}"))["municipalities"] == 3


async def test_a_run_opened_among_writers_misses_none_of_them(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    visits = [visit(MET) for _ in range(16)]
    await asyncio.gather(
        *(feed.deliver([approved(found)]) for found in visits[:8]),
        scoring.post_run(PERIOD),
        scoring.add(full(OSH)),
        scoring.post_run(PERIOD),
        *(feed.deliver([approved(found)]) for found in visits[8:]),
    )
    live = await scoring.open()
    found = await scoring.indicator(live["id"])
    assert (found["numerator"], found["denominator"]) == (16, 16)
    assert (await scoring.indicator(live["id"], "PAR1"))["value"] == 20
    assert not await computed_anew(service, live["id"])
    assert await service.database.pool.fetchval("SELECT count(*) FROM run") == 1


async def test_two_publications_at_once_publish_once(scoring: Scoring, service: RunningService) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    answers = await asyncio.gather(
        *(scoring.publish(live["id"], **{"If-Match": f'"{live["version"]}"'}) for _ in range(4))
    )
    assert sorted(found.status_code for found in answers) == [201, 412, 412, 412]
    count = "SELECT count(*) FROM event WHERE type = 'scoring.run.published.v1'"
    assert await service.database.pool.fetchval(count) == 1
    assert len((await scoring.get("runs", state="published"))["items"]) == 1


async def test_the_same_idempotency_key_publishes_once_and_answers_the_same(scoring: Scoring) -> None:
    await scoring.add(full(OSH))
    live = await scoring.open()
    token = scoring.headers("scoring:runs:publish")
    headers = {**token, "If-Match": f'"{live["version"]}"', "Idempotency-Key": "publish-it-once"}
    first, second = await asyncio.gather(
        scoring.publish(live["id"], **headers), scoring.publish(live["id"], **headers)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content


async def test_publishing_among_visits_freezes_one_moment(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    """The frozen counts, the frozen visits and the frozen score are of the same moment."""
    await scoring.add(full(OSH))
    await feed.visits(*(visit(MET) for _ in range(5)))
    live = await scoring.open()

    async def publish_until_done() -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                version = (await scoring.get(f"runs/{live['id']}"))["version"]
                answer = await scoring.publish(live["id"], **{"If-Match": f'"{version}"'})
                if answer.status_code == 201:
                    return answer.json()  # type: ignore[no-any-return]
                assert answer.status_code == 412

    visits = [visit(BREACHED) for _ in range(20)]
    published, *_ = await asyncio.gather(
        publish_until_done(), *(feed.deliver([approved(found)]) for found in visits)
    )
    lineage = await scoring.get(f"runs/{published['id']}/results/{OSH}/indicators/ACO3/lineage", limit=200)
    assert lineage["denominator"] == len(lineage["visits"])
    assert lineage["value"] == 100 * 5 / lineage["denominator"]
    assert (await scoring.indicator(live["id"]))["denominator"] == 25


async def test_any_sequence_of_changes_gives_what_a_full_computation_gives(
    scoring: Scoring, feed: Feed, service: RunningService
) -> None:
    """Bit for bit: the rows of a run that followed every change, and of the same run computed at the end."""
    random = Random(7)
    await scoring.add([*full(OSH), *full(NOOKAT, 33)])
    live = await scoring.open()
    visits: dict[Any, Any] = {}
    for _ in range(40):
        choice = random.random()
        if choice < 0.5 or not visits:
            new = visit(random.choice([MET, BREACHED]), municipality=random.choice([OSH, NOOKAT, TALAS]))
            visits[new.id] = new
            await feed.visits(new)
        elif choice < 0.75:
            old = visits[random.choice(list(visits))]
            changed = old.model_copy(
                update={
                    "aggregate_version": old.aggregate_version + 1,
                    "applied_on": date(random.choice([2025, 2026]), 5, random.randint(1, 28)),
                }
            )
            visits[old.id] = changed
            await feed.deliver([approved(changed)])
        elif choice < 0.85:
            gone = visits.pop(random.choice(list(visits)))
            await feed.deliver([withdrawn(gone.id, gone.aggregate_version + 1)])
        else:
            code = random.choice(["PAR1", "ACC1", "RIG2"])
            await scoring.add([(random.choice([OSH, TALAS]), code, round(random.uniform(0, 60), 1))])
    followed = await stored(service, live["id"])
    assert not await computed_anew(service, live["id"])
    await service.database.pool.execute("DELETE FROM result")
    assert await computed_anew(service, live["id"])
    assert await stored(service, live["id"]) == followed
