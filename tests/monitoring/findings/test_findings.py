"""Findings: put before the body that answers, kept in step with the visit."""

from datetime import date
from uuid import UUID

from shared.contracts.monitoring import FindingState
from shared.ids import seed_id
from tests.monitoring.field import Field, Json
from tests.monitoring.registry import (
    CONSULAR,
    MINISTRY,
    OSH,
    OWNER,
    STRANGER,
    organisation,
    standard,
    tell,
)

OPENED, CHANGED = "monitoring.finding.opened.v1", "monitoring.finding.changed.v1"
MAYOR = seed_id("organisation", OSH)


async def told(field: Field) -> list[tuple[FindingState, list[UUID]]]:
    events = [it for it in await field.events() if it["type"] in (OPENED, CHANGED)]
    assert all((it["type"] == OPENED) == (it["data"]["aggregate_version"] == 1) for it in events)
    assert {it["audience"] for it in events} <= {"organisations"}
    return [(FindingState.model_validate(it["data"]), it["recipients"]) for it in events]


async def listed(field: Field, organisation_id: UUID, query: str = "") -> list[Json]:
    headers = field.service.headers("monitoring:findings:read", org=organisation_id)
    answer = await field.client.get(f"/v1/findings{query}", headers=headers)
    assert answer.status_code == 200
    found: list[Json] = answer.json()["items"]
    return found


async def test_one_finding_for_each_breached_criterion(field: Field) -> None:
    visit = await field.approved(delivered_on="2026-03-26", fees_paid=[{"amount": "150"}])
    found = await told(field)
    assert [(it.criterion, it.reason, it.severity, it.state) for it, _ in found] == [
        ("term", "late", 2, "open"),
        ("fee", "higher_fee", 3, "open"),
    ]
    finding, recipients = found[0]
    assert recipients == [MAYOR, OWNER]
    assert (finding.addressee.id, finding.addressee.code) == (MAYOR, OSH)
    assert str(finding.submission_id) == visit["id"]
    assert finding.facts["due"] == "2026-03-25"
    assert finding.answer_due_on == date(2026, 6, 29)  # ten working days after Monday, 15 June
    assert not finding.answer_due_provisional
    assert [it.code for it, _ in found] == ["F-000001", "F-000002"]


async def test_nothing_is_found_before_approval_or_where_all_is_well(field: Field) -> None:
    await field.submit(delivered_on="2026-03-26")
    await field.approved()
    assert await told(field) == []


async def test_state_services_are_answered_for_by_their_body(field: Field) -> None:
    await tell(field.service, standard(id=CONSULAR, version_id=CONSULAR, service={"id": CONSULAR}))
    await field.approved(service_id=str(CONSULAR), delivered_on="2026-03-26")
    [(finding, recipients)] = await told(field)
    assert (finding.addressee, recipients) == (MINISTRY, [MINISTRY.id, OWNER])


async def test_addressee_and_coordinator_read_nobody_else(field: Field) -> None:
    await field.approved(delivered_on="2026-03-26")
    [finding] = await listed(field, MAYOR)
    assert finding == (await listed(field, OWNER))[0]
    assert await listed(field, STRANGER) == []
    path = f"/v1/findings/{finding['id']}"
    for organisation_id, status in ((MAYOR, 200), (OWNER, 200), (STRANGER, 404)):
        headers = field.service.headers("monitoring:findings:read", org=organisation_id)
        answer = await field.client.get(path, headers=headers)
        assert answer.status_code == status
        if status == 200:
            same = await field.client.get(path, headers={**headers, "If-None-Match": answer.headers["etag"]})
            assert same.status_code == 304
    assert (await field.client.get(path, headers=field.monitor)).status_code == 403
    assert await listed(field, MAYOR, "?state=withdrawn") == []
    assert len(await listed(field, MAYOR, f"?state=open&campaign_id={field.campaign_id}")) == 1


async def test_a_revision_closes_and_opens_again(field: Field) -> None:
    visit = await field.approved(delivered_on="2026-03-26")
    await field.amend(visit["id"], {"delivered_on": "2026-03-25"})
    await field.amend(visit["id"], {"delivered_on": "2026-03-27"})
    await field.amend(visit["id"], {"delivered_on": "2026-03-30"})
    await field.amend(visit["id"], {"note": "x"})
    found = [it for it, _ in await told(field)]
    assert [(it.aggregate_version, it.state, it.facts["delivered"]) for it in found] == [
        (1, "open", "2026-03-26"),
        (2, "withdrawn", "2026-03-26"),
        (3, "open", "2026-03-27"),
        (4, "open", "2026-03-30"),
    ]
    assert len({it.id for it in found}) == 1
    assert len(await listed(field, MAYOR)) == 1


async def test_withdrawing_the_visit_withdraws_its_findings(field: Field) -> None:
    visit = await field.approved(delivered_on="2026-03-26", fees_paid=[{"amount": "150"}])
    await field.do(visit["id"], "withdraw", {"reason": "other"})
    found = [it for it, _ in await told(field)]
    assert [it.state for it in found] == ["open", "open", "withdrawn", "withdrawn"]


async def test_campaigns_set_the_time_to_answer(field: Field) -> None:
    await field.open_campaign(code="quick", answer_days=1)
    await field.approved(delivered_on="2026-03-26")
    [(finding, _)] = await told(field)
    assert finding.answer_due_on == date(2026, 6, 16)


async def test_a_body_that_monitors_itself_is_told_once(field: Field) -> None:
    await tell(field.service, organisation(OSH, "Наблюдатели", version=2, id=OWNER))
    await tell(field.service, organisation(OSH, "Мэрия", version=2, active=False))
    await field.approved(delivered_on="2026-03-26")
    [(_, recipients)] = await told(field)
    assert recipients == [OWNER]
