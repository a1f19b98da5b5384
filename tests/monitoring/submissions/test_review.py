"""Reviewing visits: approve, reject, withdraw; races; who may not."""

import asyncio
from collections import Counter

import pytest

from shared.contracts.monitoring import CheckedVisit, SubmissionWithdrawn
from shared.ids import seed_id
from tests.monitoring.field import COORDINATOR_SCOPES, Field
from tests.monitoring.registry import (
    CONSULAR,
    COUNTRY,
    MINISTRY,
    OSH,
    OTHER,
    STRANGER,
    standard,
    tell,
)

APPROVED, REVISED, WITHDRAWN = (
    f"monitoring.submission.{word}.v1" for word in ("approved", "revised", "withdrawn")
)


async def test_approval_announces_the_checked_visit(field: Field) -> None:
    visit = await field.approved(delivered_on="2026-03-26")
    assert (visit["state"], visit["version"]) == ("approved", 2)
    [event] = await field.events(APPROVED)
    told = CheckedVisit.model_validate(event["data"])
    assert (event["audience"], event["recipients"]) == ("public", [])
    assert (str(told.id), told.aggregate_version, told.verdict) == (visit["id"], 2, "breached")
    assert (told.level, told.municipality.path) == ("municipal", (COUNTRY, OSH))
    assert (told.provider.code, told.provider.name) == (OSH, {"ru": "Мэрия города Ош"})
    assert told.standard is not None
    assert (told.standard.version, told.standard.tier) == (1, "ordinary")
    assert [(it.criterion, it.verdict, it.reason) for it in told.checks] == [
        ("term", "breached", "late"),
        ("fee", "met", "fee_within_standard"),
        ("documents", "met", "documents_as_listed"),
    ]
    assert told.origin == "demonstration"


async def test_provider(field: Field) -> None:
    """State services have a body; a municipality whose organisation has not arrived has the id it will have."""
    await field.approved(municipality_code=OTHER)
    await tell(field.service, standard(id=CONSULAR, version_id=CONSULAR, service={"id": CONSULAR}))
    await field.approved(service_id=str(CONSULAR))
    providers = [CheckedVisit.model_validate(it["data"]).provider for it in await field.events(APPROVED)]
    assert providers[0].id == seed_id("organisation", OTHER)
    assert providers[0].name == {"ru": "Алайский айылный аймак"}
    assert providers[1] == MINISTRY


async def test_nobody_and_no_hour_leaves(field: Field) -> None:
    visit = await field.submit(
        note="Меня зовут Айбек, 0555 123456",
        applied_at="09:41:07",
        delivered_at="16:43:09",
        delivered_on="2026-04-30",
        documents_asked=["Справка о судимости Айбека", "паспорт гражданина Айбека"],
    )
    await field.approve(visit["id"])
    change = {"delivered_on": "2026-04-29", "note": "Айбек", "documents_asked": ["Доверенность от Айбека"]}
    assert (await field.amend(visit["id"], change)).status_code == 200
    await field.do(visit["id"], "withdraw", {"reason": "consent_withdrawn", "comment": "Айбек просит"})
    events = await field.events()
    types = Counter(event["type"].rpartition(".")[0].partition(".")[2] for event in events)
    assert types["submission.approved"] == types["submission.revised"] == types["submission.withdrawn"] == 1
    assert types["finding.opened"] == 2, "late, and a document that is not listed"
    rows = await field.service.database.pool.fetch("SELECT * FROM event")
    told = "".join(row["value"].decode() + row["traceparent"] for row in rows)
    shown = [
        (await field.client.get(path, headers=field.coordinator)).text
        for path in ("/v1/submissions", f"/v1/submissions/{visit['id']}/versions", "/v1/findings")
    ]
    audit = str(await field.service.database.pool.fetch("SELECT before, after FROM audit"))
    for planted in ("Айбек", "судимости", "Доверенность", "09:41", "16:43"):
        assert planted not in told + audit + shown[2]
    assert str(field.monitor_id) not in told + "".join(shown) + audit


async def test_two_coordinators_approve_at_once(field: Field) -> None:
    visit = await field.submit()
    answers = await asyncio.gather(*(field.do(visit["id"], "approve", version=1) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await field.events(APPROVED)) == 1


async def test_approve_and_reject_at_once(field: Field) -> None:
    visit = await field.submit(delivered_on="2026-04-30")
    answers = await asyncio.gather(
        field.do(visit["id"], "approve", version=1),
        field.do(visit["id"], "reject", {"reason": "implausible"}, version=1),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    state = (await field.get(visit["id"]))["state"]
    assert len(await field.events(APPROVED)) == (state == "approved")


async def test_pending_visits_wait_for_their_standard(field: Field) -> None:
    visit = await field.submit(service_id=str(CONSULAR))
    answer = await field.do(visit["id"], "approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "check_pending")
    assert (await field.get(visit["id"]))["state"] == "received"


async def test_rejected_is_the_end(field: Field) -> None:
    visit = await field.submit()
    rejected = await field.do(visit["id"], "reject", {"reason": "duplicate", "comment": "см. № 12"})
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("rejected", "duplicate")
    for action, body in (
        ("approve", None),
        ("withdraw", {"reason": "other"}),
        ("reject", {"reason": "other"}),
    ):
        answer = await field.do(visit["id"], action, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_submission_state")
    assert (await field.amend(visit["id"], {"tier": None})).status_code == 409
    assert len(await field.events()) == 1


async def test_withdrawing_an_approved_visit_is_told(field: Field) -> None:
    received, approved = await field.submit(), await field.approved()
    await field.do(received["id"], "withdraw", {"reason": "other"})
    answer = await field.do(approved["id"], "withdraw", {"reason": "fabricated"})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    [event] = await field.events(WITHDRAWN)
    told = SubmissionWithdrawn.model_validate(event["data"])
    assert (str(told.id), told.aggregate_version, told.reason) == (approved["id"], 3, "fabricated")


async def test_reasons_are_codes(field: Field) -> None:
    visit = await field.submit()
    answer = await field.do(visit["id"], "reject", {"reason": "Айбек лжёт"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/reason")


@pytest.mark.parametrize("action", ["approve", "reject", "withdraw"])
async def test_visits_of_others_are_not_there(field: Field, action: str) -> None:
    visit = await field.submit()
    path = f"/v1/submissions/{visit['id']}/{action}"
    body = None if action == "approve" else {"reason": "other"}
    stranger = field.service.headers(*COORDINATOR_SCOPES, org=STRANGER)
    answer = await field.client.post(path, json=body, headers={**stranger, "If-Match": '"1"'})
    assert answer.status_code == 404
    monitor = await field.client.post(path, json=body, headers={**field.monitor, "If-Match": '"1"'})
    assert (monitor.status_code, monitor.json()["missing_scope"]) == (403, "monitoring:submissions:review")
    assert (await field.client.post(path, json=body, headers=field.coordinator)).status_code == 428
    assert (await field.get(visit["id"]))["version"] == 1


async def test_history_keeps_every_version(field: Field) -> None:
    visit = await field.approved()
    await field.amend(visit["id"], {"delivered_on": "2026-03-26"})
    await field.do(visit["id"], "withdraw", {"reason": "other"})
    answer = await field.client.get(f"/v1/submissions/{visit['id']}/versions", headers=field.coordinator)
    history = [
        (it["version"], it["change"], it["content"]["state"], it["content"]["delivered_on"])
        for it in answer.json()["items"]
    ]
    assert history == [
        (1, "submitted", "received", "2026-03-25"),
        (2, "approved", "approved", "2026-03-25"),
        (3, "amended", "approved", "2026-03-26"),
        (4, "withdrawn", "withdrawn", "2026-03-26"),
    ]
    checks = await field.client.get(f"/v1/submissions/{visit['id']}/checks", headers=field.coordinator)
    assert [(it["submission_version"], it["verdict"]) for it in checks.json()["items"]] == [
        (1, "met"),
        (3, "breached"),
    ]
    audit = await field.service.database.pool.fetchrow(
        "SELECT * FROM audit WHERE action = 'submission.amend'"
    )
    assert audit is not None
    assert audit["before"] == {"delivered_on": "2026-03-25"}
    assert audit["after"] == {"delivered_on": "2026-03-26"}
