"""Correcting visits: by whom, until when, and what the platform is told."""

import asyncio

from shared.contracts.monitoring import CheckedVisit
from tests.monitoring.field import MONITOR_SCOPES, Field, verdicts
from tests.monitoring.registry import OWNER, STRANGER
from tests.monitoring.submissions.test_review import APPROVED, REVISED


async def test_one_date_flips_one_visit_and_emits_one_event(field: Field) -> None:
    visits = [await field.approved() for _ in range(3)]
    answer = await field.amend(visits[1]["id"], {"delivered_on": "2026-03-26"})
    assert (answer.status_code, answer.json()["check"]["verdict"]) == (200, "breached")
    assert [(await field.get(it["id"]))["check"]["verdict"] for it in visits] == ["met", "breached", "met"]
    [event] = await field.events(REVISED)
    told = CheckedVisit.model_validate(event["data"])
    assert (str(told.id), told.aggregate_version, told.verdict) == (visits[1]["id"], 3, "breached")
    assert len(await field.events(APPROVED)) == 3


async def test_what_events_do_not_show_emits_none(field: Field) -> None:
    visit = await field.approved()
    answer = await field.amend(visit["id"], {"note": "исправлено", "channel": "in_person"})
    assert (answer.status_code, answer.json()["version"]) == (200, 3)
    assert await field.events(REVISED) == []


async def test_received_visits_are_corrected_silently(field: Field) -> None:
    visit = await field.submit()
    answer = await field.amend(visit["id"], {"fees_paid": [{"amount": "700"}]}, field.monitor)
    assert verdicts(answer.json())["fee"] == "higher_fee"
    assert len(await field.events()) == 1


async def test_null_clears_and_absent_keeps(field: Field) -> None:
    visit = await field.submit(note="x", applicant="veteran")
    changed = (await field.amend(visit["id"], {"note": None, "delivered_on": None})).json()
    assert "note" not in changed
    assert "delivered_on" not in changed
    assert (changed["applicant"], changed["documents_asked"]) == ("veteran", ["passport"])
    assert verdicts(changed)["term"] == "not_delivered"


async def test_a_monitor_corrects_only_its_own_and_only_unreviewed(field: Field) -> None:
    visit = await field.submit()
    colleague = field.service.headers(*MONITOR_SCOPES, org=OWNER)
    refused = await field.amend(visit["id"], {"tier": None}, colleague)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_visit")
    stranger = field.service.headers(*MONITOR_SCOPES, org=STRANGER)
    assert (await field.amend(visit["id"], {"tier": None}, stranger)).status_code == 404
    await field.approve(visit["id"])
    late = await field.amend(visit["id"], {"tier": None}, field.monitor)
    assert (late.status_code, late.json()["code"]) == (409, "wrong_submission_state")


async def test_dates_still_have_to_fit(field: Field) -> None:
    visit = await field.submit()
    for change, pointer in (
        ({"applied_on": "2026-03-26"}, "/delivered_on"),
        ({"delivered_on": "2027-01-01"}, "/delivered_on"),
        ({"applied_on": None}, "/applied_on"),
        ({"campaign_id": field.campaign_id}, "/campaign_id"),
    ):
        answer = await field.amend(visit["id"], change)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await field.get(visit["id"]))["version"] == 1


async def test_a_correction_of_nothing_is_no_version(field: Field) -> None:
    visit = await field.approved()
    answer = await field.client.patch(
        f"/v1/submissions/{visit['id']}", json={}, headers={**field.coordinator, "If-Match": '"2"'}
    )
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert await field.events(REVISED) == []


async def test_two_corrections_at_once(field: Field) -> None:
    visit = await field.approved()
    path = f"/v1/submissions/{visit['id']}"
    answers = await asyncio.gather(
        *(
            field.client.patch(
                path,
                json={"delivered_on": f"2026-03-{day}"},
                headers={**field.coordinator, "If-Match": '"2"'},
            )
            for day in (26, 27, 30)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert len(await field.events(REVISED)) == 1
    assert (await field.client.patch(path, json={}, headers=field.coordinator)).status_code == 428
