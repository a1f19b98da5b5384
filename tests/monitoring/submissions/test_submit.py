"""Reporting a visit: who may, what is refused, what is stored."""

import asyncio
import json
from uuid import uuid4

import pytest

from tests.monitoring.field import MONITOR_SCOPES, Field, Json, verdicts
from tests.monitoring.registry import CONSULAR, OSH, OWNER, SERVICE, STRANGER


async def test_everything_of_a_visit_is_stored_together(field: Field) -> None:
    visit = await field.submit(note="Очередь до улицы", applied_at="09:15", delivered_at="17:40:30")
    assert (visit["state"], visit["version"], visit["check"]["state"]) == ("received", 1, "done")
    assert visit == await field.get(visit["id"])
    pool = field.service.database.pool
    check = await pool.fetchrow("SELECT * FROM submission_check")
    assert check is not None
    assert str(check["id"]) == visit["check"]["id"]
    assert check["inputs"] == {
        "tier": "ordinary",
        "applicant": None,
        "channel": None,
        "applied_on": "2026-03-19",
        "applied_at": "09:15:00",
        "term_started_on": None,
        "delivered_on": "2026-03-25",
        "delivered_at": "17:40:30",
        "fees_paid": [{"amount": "100", "currency": "KGS"}],
        "documents_asked": ["passport"],
        "place": ["41700000000000", OSH],
    }
    assert (check["tier"], check["calendar"], check["verdict"]) == ("ordinary", {"2026": 1}, "met")
    assert await pool.fetchval("SELECT monitor_id FROM submission_monitor") == field.monitor_id
    version = await pool.fetchrow("SELECT * FROM submission_version")
    assert version is not None
    assert (version["version"], version["change"]) == (1, "submitted")
    assert version["content"]["note_id"] == str(await pool.fetchval("SELECT note_id FROM submission"))
    said = await pool.fetchrow("SELECT * FROM personal_data")
    assert said is not None
    assert str(said["id"]) == version["content"]["note_id"]
    assert (said["person_id"], said["organisation_id"]) == (field.monitor_id, OWNER)
    assert "Очередь".encode() not in said["value"]
    audit = await pool.fetchrow("SELECT * FROM audit WHERE object_type = 'submission'")
    assert audit is not None
    assert (audit["action"], audit["actor"]) == ("submission.submit", field.monitor_id)
    assert len(await field.events()) == 1  # the campaign's: nothing is told of a visit before it is approved


async def test_only_the_owners_monitors_report(field: Field) -> None:
    stranger = field.service.headers(*MONITOR_SCOPES, org=STRANGER)
    answer = await field.post(stranger)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_owner")
    nobody = field.service.headers(*MONITOR_SCOPES)
    assert (await field.post(nobody)).json()["code"] == "no_organisation"
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM submission") == 0


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"campaign_id": str(uuid4())}, "/campaign_id", "unknown_campaign"),
        ({"municipality_code": "41706207809000"}, "/municipality_code", "not_in_campaign"),
        ({"service_id": str(uuid4())}, "/service_id", "not_in_campaign"),
        ({"applied_on": "2026-06-16", "delivered_on": None}, "/applied_on", "in_future"),
        ({"delivered_on": "2026-06-16"}, "/delivered_on", "in_future"),
        ({"delivered_on": "2026-03-18"}, "/delivered_on", "before_application"),
        ({"term_started_on": "2026-03-18"}, "/term_started_on", "before_application"),
        ({"term_started_on": "2026-03-26"}, "/delivered_on", "before_term_start"),
        ({"applied_on": "1999-12-31"}, "/applied_on", "too_early"),
        ({"delivered_on": None, "delivered_at": "10:00"}, "/delivered_at", "needs_delivered_on"),
        (
            {"delivered_on": "2026-03-19", "applied_at": "10:00", "delivered_at": "09:59"},
            "/delivered_at",
            "before_application",
        ),
        ({"applied_at": "10:00+06:00"}, "/applied_at", "local_time"),
        ({"fees_paid": [{"amount": "-1", "currency": "KGS"}]}, "/fees_paid/0/amount", "greater_than_equal"),
        (
            {"fees_paid": [{"amount": "1", "currency": "som"}]},
            "/fees_paid/0/currency",
            "string_pattern_mismatch",
        ),
        ({"fees_paid": [{"amount": "1", "colour": "x"}]}, "/fees_paid/0/colour", "extra_forbidden"),
        ({"documents_asked": ["\u0000"]}, "/documents_asked/0", "control_character"),
        ({"documents_asked": ["x"] * 51}, "/documents_asked", "too_long"),
        ({"tier": "No Code"}, "/tier", "string_pattern_mismatch"),
        ({"monitor_id": str(uuid4())}, "/monitor_id", "extra_forbidden"),
    ],
)
async def test_bad_input_is_named(field: Field, change: Json, pointer: str, code: str) -> None:
    answer = await field.post(**change)
    assert answer.status_code == 422, answer.text
    assert [(it["pointer"], it["code"]) for it in answer.json()["errors"]] == [(pointer, code)]


async def test_half_a_character_is_refused(field: Field) -> None:
    body = json.dumps(field.visit(note="?")).replace("?", "\\ud800").encode()
    headers = {**field.monitor, "content-type": "application/json"}
    answer = await field.client.post("/v1/submissions", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/note")


async def test_texts_of_problems_follow_the_language(field: Field) -> None:
    headers = {**field.monitor, "Accept-Language": "ky"}
    answer = await field.post(headers, campaign_id=str(uuid4()))
    assert answer.json()["errors"][0]["detail"] == "Мындай кампания жок."


async def test_a_repeated_key_has_one_effect(field: Field) -> None:
    headers = {**field.monitor, "Idempotency-Key": "visit-0001"}
    answers = await asyncio.gather(*(field.post(headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    pool = field.service.database.pool
    for table in ("submission", "submission_check", "submission_version", "submission_monitor"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 1
    other = await field.post(headers, tier="urgent")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_visit_to_a_service_without_standard_is_pending(field: Field) -> None:
    visit = await field.submit(service_id=str(CONSULAR))
    assert visit["check"]["state"] == "pending"
    assert "verdict" not in visit["check"]
    assert visit["check"]["checks"] == []


async def test_what_was_not_recorded_is_undetermined(field: Field) -> None:
    visit = await field.submit(fees_paid=None, documents_asked=None, tier="express")
    assert verdicts(visit) == {
        "term": "unknown_tier",
        "fee": "unknown_tier",
        "documents": "documents_not_recorded",
    }
    assert visit["check"]["verdict"] == "undetermined"


async def test_reading_is_for_the_own_organisation(field: Field) -> None:
    visit = await field.submit()
    stranger = field.service.headers(*MONITOR_SCOPES, "monitoring:findings:read", org=STRANGER)
    for path in ("", "/versions", "/checks"):
        address = f"/v1/submissions/{visit['id']}{path}"
        assert (await field.client.get(address, headers=stranger)).status_code == 404
        assert (await field.client.get(address, headers=field.monitor)).status_code == 200
    assert (await field.client.get("/v1/submissions", headers=stranger)).json()["items"] == []
    addressee = field.service.headers("monitoring:findings:read", org=OWNER)
    assert (await field.client.get("/v1/submissions", headers=addressee)).status_code == 403


async def test_list_by_state_verdict_campaign_and_own(field: Field) -> None:
    late = await field.submit(delivered_on="2026-04-30")
    fine = await field.submit()
    await field.approve(fine["id"])

    async def found(query: str, headers: dict[str, str] = field.coordinator) -> list[str]:
        answer = await field.client.get(f"/v1/submissions{query}", headers=headers)
        return [it["id"] for it in answer.json()["items"]]

    assert await found("") == [fine["id"], late["id"]]
    assert await found("?state=approved") == [fine["id"]]
    assert await found("?verdict=breached") == [late["id"]]
    assert await found(f"?campaign_id={uuid4()}") == []
    assert await found("?mine=true", field.monitor) == [fine["id"], late["id"]]
    assert await found("?mine=true") == []
    first = await field.client.get("/v1/submissions?limit=1", headers=field.coordinator)
    assert await found(f"?limit=1&cursor={first.json()['next_cursor']}") == [late["id"]]


async def test_unchanged_visit_is_not_sent_again(field: Field) -> None:
    visit = await field.submit()
    path = f"/v1/submissions/{visit['id']}"
    answer = await field.client.get(path, headers=field.monitor)
    again = await field.client.get(path, headers={**field.monitor, "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_service_and_municipality_are_as_sent(field: Field) -> None:
    visit = await field.submit()
    assert (visit["service_id"], visit["municipality_code"]) == (str(SERVICE), OSH)
