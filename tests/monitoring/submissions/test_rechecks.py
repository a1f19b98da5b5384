"""Late facts and passing days: what arrives afterwards changes what it touches, and nothing else."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import rechecks
from shared.clock import FixedClock
from shared.contracts.monitoring import CheckedVisit
from shared.ids import seed_id
from tests.monitoring.field import Field, verdicts
from tests.monitoring.registry import (
    CONSULAR,
    HOLIDAYS,
    OWNER,
    RECORDED,
    SERVICE,
    calendar,
    service_entry,
    standard,
    tell,
    tier,
)
from tests.monitoring.submissions.test_review import APPROVED, REVISED

CONSULAR_STANDARD: dict[str, Any] = {
    "id": seed_id("standard", "KG-KDS"),
    "version_id": seed_id("standard-version", "KG-KDS:1"),
    "service": {"id": CONSULAR},
}


async def test_pending_is_resolved_when_the_standard_arrives(field: Field) -> None:
    visit = await field.submit(service_id=str(CONSULAR), delivered_on="2026-03-26")
    await tell(field.service, standard(**CONSULAR_STANDARD))
    await field.check_again()
    checked = await field.get(visit["id"])
    assert (checked["check"]["verdict"], checked["check"]["cause"]) == ("breached", "rechecked")
    assert checked["version"] == 2
    assert len(await field.events()) == 1
    assert (await field.approve(visit["id"]))["state"] == "approved"


async def test_pending_learns_that_nothing_was_in_force(field: Field) -> None:
    visit = await field.submit(service_id=str(CONSULAR))
    await tell(field.service, standard(**CONSULAR_STANDARD, valid_from=date(2026, 5, 1)))
    await field.check_again()
    assert set(verdicts(await field.get(visit["id"])).values()) == {"no_standard_in_force"}


async def test_a_standard_that_starts_later_does_not_apply(field: Field) -> None:
    visit = await field.approved()
    stricter = (tier(days=1),)
    await tell(field.service, standard(2, 2, tiers=stricter, valid_from=date(2026, 3, 20)))
    await field.check_again()
    assert (await field.get(visit["id"])) == visit
    assert await field.events(REVISED) == []
    after = await field.submit(applied_on="2026-03-23", delivered_on="2026-03-25")
    assert after["check"]["standard"]["version"] == 2
    assert verdicts(after)["term"] == "late"


async def test_a_back_dated_standard_revises_approved_visits(field: Field) -> None:
    before, touched, received = (
        await field.approved(applied_on="2026-03-05", delivered_on="2026-03-10"),
        await field.approved(),
        await field.submit(),
    )
    stricter = standard(2, 3, tiers=(tier(days=1),), valid_from=date(2026, 3, 15))
    await tell(field.service, stricter)
    await field.check_again()
    verdict_of = [(await field.get(it["id"]))["check"]["verdict"] for it in (before, touched, received)]
    assert verdict_of == ["met", "breached", "breached"]
    [event] = await field.events(REVISED)
    told = CheckedVisit.model_validate(event["data"])
    assert (str(told.id), told.aggregate_version) == (touched["id"], 3)
    assert told.standard is not None
    assert told.standard.version_id == stricter.version_id
    assert len(await field.events("monitoring.finding.opened.v1")) == 1
    await tell(field.service, stricter)
    await field.check_again()
    assert len(await field.events(REVISED)) == 1


async def test_a_repeal_is_a_late_fact_too(field: Field) -> None:
    visit = await field.approved()
    await tell(field.service, standard(1, 2, valid_to=date(2026, 3, 1)))
    await field.check_again()
    [event] = await field.events(REVISED)
    told = CheckedVisit.model_validate(event["data"])
    assert (str(told.id), told.verdict, told.standard) == (visit["id"], "undetermined", None)


async def test_a_validity_that_moves_lets_go_of_what_it_held(field: Field) -> None:
    visit = await field.approved()
    await tell(field.service, standard(1, 2, valid_from=date(2026, 4, 1)))
    await field.check_again()
    assert set(verdicts(await field.get(visit["id"])).values()) == {"no_standard_in_force"}


async def test_a_calendar_decree_revises_what_ran_over_its_days(field: Field) -> None:
    late, other = (
        await field.approved(delivered_on="2026-03-26"),
        await field.approved(applied_on="2026-04-13", delivered_on="2026-04-17"),
    )
    assert (late["check"]["verdict"], other["check"]["verdict"]) == ("breached", "breached")
    await tell(field.service, calendar(version=2, off=(*HOLIDAYS, "2026-03-23")))
    await field.check_again()
    [event] = await field.events(REVISED)
    told = CheckedVisit.model_validate(event["data"])
    assert (str(told.id), told.verdict) == (late["id"], "met")
    assert (await field.get(late["id"]))["check"]["calendar"] == {"2026": 2}
    assert (await field.get(other["id"]))["check"]["calendar"] == {"2026": 2}
    findings = [it for it in await field.events() if it["type"].startswith("monitoring.finding.")]
    assert [it["data"]["state"] for it in findings] == ["open", "open", "withdrawn"]


async def test_decree_ends_what_was_provisional(field: Field) -> None:
    await tell(field.service, calendar(version=2, decreed=False))
    visit = await field.approved()
    assert visit["check"]["provisional"]
    await tell(field.service, calendar(version=3))
    await field.check_again()
    [event] = await field.events(REVISED)
    assert (event["data"]["provisional"], event["data"]["verdict"]) == (False, "met")


async def test_a_day_that_passes_makes_the_undelivered_late(field: Field, clock: FixedClock) -> None:
    visit = await field.approved(applied_on="2026-06-12", delivered_on=None)
    assert verdicts(visit)["term"] == "not_due_yet"
    assert visit["check"]["checks"][0]["facts"]["due"] == "2026-06-17"
    for day, reason, revised in ((17, "not_due_yet", 0), (18, "not_delivered", 1), (19, "not_delivered", 1)):
        clock.moment = datetime(2026, 6, day, 6, 0, tzinfo=UTC)
        async with field.service.unit_of_work() as uow:
            await rechecks.recheck_batch(uow, Shelf(), 100)
        found = await field.client.get(
            f"/v1/submissions/{visit['id']}",
            headers=field.service.headers("monitoring:submissions:read", org=OWNER),
        )
        assert verdicts(found.json())["term"] == reason
        assert len(await field.events(REVISED)) == revised


async def test_duplicates_and_old_versions_change_nothing(field: Field) -> None:
    visit = await field.approved()
    event_id = uuid4()
    newest = standard(1, 5, tiers=(tier(days=4),))
    assert (await tell(field.service, newest, event_id=event_id))["ok"] == 1
    assert (await tell(field.service, newest, event_id=event_id))["duplicate"] == 1
    await tell(field.service, standard(1, 4, tiers=(tier(days=1),)))
    await field.check_again()
    checked = await field.get(visit["id"])
    assert (checked["check"]["verdict"], checked["check"]["checks"][0]["facts"]["due"]) == (
        "met",
        "2026-03-26",
    )
    assert len(await field.events(REVISED)) == 1


async def test_rules_that_are_read_in_anew_take_nothing_back(field: Field) -> None:
    visit = await field.approved()
    pool = field.service.database.pool
    await pool.execute("DELETE FROM known_standard")
    await pool.execute("UPDATE reference_stamp SET stamp = stamp + 1")
    await pool.execute("UPDATE submission SET recheck_on = '2026-01-01'")
    async with field.service.unit_of_work() as uow:
        assert await rechecks.recheck_batch(uow, Shelf(), 10) == (1, 0)
    assert (await field.amend(visit["id"], {"note": "x"})).json()["check"]["verdict"] == "met"
    assert await field.events(REVISED) == []


async def test_a_service_that_is_not_known_just_now_stops_nobody_else(field: Field) -> None:
    lost, other = await field.approved(), await field.submit(service_id=str(CONSULAR))
    await field.service.database.pool.execute("DELETE FROM known_service WHERE id = $1", SERVICE)
    await tell(field.service, standard(**CONSULAR_STANDARD))
    await tell(field.service, standard(2, 2, tiers=(tier(days=1),), valid_from=date(2026, 3, 1)))
    await field.check_again()
    assert (await field.get(other["id"]))["check"]["state"] == "done"
    assert (await field.get(lost["id"]))["check"]["verdict"] == "met"
    refused = await field.amend(lost["id"], {"delivered_on": "2026-03-24"})
    assert (refused.status_code, refused.json()["code"]) == (409, "references_missing")
    await tell(field.service, service_entry())
    async with field.service.unit_of_work() as uow:
        assert await rechecks.recheck_batch(uow, Shelf(), 10) == (1, 1)
    assert (await field.get(lost["id"]))["check"]["verdict"] == "breached"


async def test_many_are_checked_in_batches(field: Field) -> None:
    visits = [await field.submit() for _ in range(5)]
    await field.service.database.pool.execute("UPDATE submission SET recheck_on = '2026-01-01'")
    await tell(field.service, standard(2, 2, tiers=(tier(days=1),), valid_from=date(2026, 3, 1)))
    async with field.service.unit_of_work() as uow:
        assert await rechecks.recheck_batch(uow, Shelf(), 3) == (3, 3)
    await field.check_again()
    assert {(await field.get(it["id"]))["check"]["verdict"] for it in visits} == {"breached"}


async def test_standards_arriving_while_visits_do(field: Field) -> None:
    """However the two interleave, in the end every visit is checked by the last standard."""

    async def standards() -> None:
        for number in range(2, 8):
            await tell(
                field.service,
                standard(
                    number,
                    number,
                    tiers=(tier(days=1 + number % 2 * 5),),
                    recorded_at=RECORDED.replace(day=10 + number),
                ),
            )

    await asyncio.gather(standards(), *(field.submit() for _ in range(30)))
    await field.check_again()
    answer = await field.client.get("/v1/submissions?limit=100", headers=field.coordinator)
    used = {it["check"]["standard"]["version"] for it in answer.json()["items"]}
    assert (len(answer.json()["items"]), used) == (30, {7})
    assert {it["check"]["verdict"] for it in answer.json()["items"]} == {"met"}


async def test_visits_to_other_services_are_left_alone(field: Field) -> None:
    await tell(field.service, standard(**CONSULAR_STANDARD))
    pool = field.service.database.pool
    await field.submit()
    await field.submit(service_id=str(CONSULAR))
    await tell(field.service, standard(2, 2, valid_from=date(2026, 3, 1)))
    marked = await pool.fetch("SELECT service_id FROM submission WHERE recheck_on IS NOT NULL")
    assert [row["service_id"] for row in marked] == [SERVICE]


async def test_approval_checks_once_more(field: Field) -> None:
    """A late fact whose re-check has not run yet is not announced wrongly first."""
    visit = await field.submit()
    await tell(field.service, standard(2, 2, tiers=(tier(days=1),), valid_from=date(2026, 3, 1)))
    assert (await field.approve(visit["id"]))["check"]["verdict"] == "breached"
    await field.check_again()
    assert len(await field.events(APPROVED)) == 1
    assert await field.events(REVISED) == []
