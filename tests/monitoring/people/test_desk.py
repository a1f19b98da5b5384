"""Visits entered at a desk for people without internet: with their consent, and gone with it."""

import asyncio
from uuid import UUID, uuid4

import pytest

from tests.kit.events import deliver
from tests.kit.people import erased
from tests.kit.tables import everything_in
from tests.monitoring.field import MONITOR_SCOPES, Field
from tests.monitoring.registry import OWNER, STRANGER

DESK = (*MONITOR_SCOPES, "monitoring:submissions:delegate", "people:consents:write")
SECRET = "Уулу Асан, 0700 11 22 33"


def behalf(person: UUID, **changes: str) -> dict:
    consent = {"purpose": "visit_by_desk", "text_version": "2026-11", "channel": "desk", **changes}
    return {"person_id": str(person), "consent": consent}


def desk(field: Field, sub: UUID | None = None, org: UUID = OWNER) -> dict[str, str]:
    return field.service.headers(*DESK, sub=sub or uuid4(), org=org)


async def test_who_for_whom_and_with_which_consent_is_recorded(field: Field) -> None:
    staff, person = uuid4(), uuid4()
    made = await field.post(desk(field, staff), note=SECRET, on_behalf_of=behalf(person))
    assert made.status_code == 201, made.text
    pool = field.service.database.pool
    consent = await pool.fetchrow("SELECT * FROM consent")
    assert (consent["person_id"], consent["recorded_by"], consent["channel"]) == (person, staff, "desk")
    assert (consent["purpose"], consent["text_version"]) == ("visit_by_desk", "2026-11")
    assert consent["object_id"] == UUID(made.json()["id"])
    said = await pool.fetchrow("SELECT * FROM personal_data")
    assert (said["person_id"], said["ground"], said["consent_id"]) == (person, "consent", consent["id"])
    audited = await pool.fetchrow("SELECT * FROM audit WHERE action = 'submission.submit'")
    assert (audited["actor"], audited["on_behalf_of"]) == (staff, person)
    assert await pool.fetchval("SELECT monitor_id FROM submission_monitor") == staff


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"consent": None}, "/on_behalf_of/consent", None),
        ({"consent": {"purpose": "visit_by_desk", "channel": "desk"}}, "/on_behalf_of/consent/text_version", None),
        ({"consent": {"purpose": "other", "text_version": "1", "channel": "desk"}}, "/on_behalf_of/consent", "unknown_consent_text"),
        ({"consent": {"purpose": "visit_by_desk", "text_version": "1999", "channel": "desk"}}, "/on_behalf_of/consent", "unknown_consent_text"),
    ],
)  # fmt: skip
async def test_without_consent_it_is_refused(
    field: Field, change: dict, pointer: str, code: str | None
) -> None:
    refused = await field.post(desk(field), note=SECRET, on_behalf_of={**behalf(uuid4()), **change})
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["pointer"] == pointer
    assert code in (None, error["code"])
    assert "0700" not in refused.text
    pool = field.service.database.pool
    assert await pool.fetchval("SELECT count(*) FROM submission") == 0
    assert await pool.fetchval("SELECT count(*) FROM consent") == 0


async def test_colleagues_who_are_not_at_the_desk_neither_see_nor_take_back_its_consents(
    field: Field,
) -> None:
    staff, person = uuid4(), uuid4()
    visit = (await field.post(desk(field, staff), note=SECRET, on_behalf_of=behalf(person))).json()
    monitor = field.service.headers(*MONITOR_SCOPES, "people:consents:write", org=OWNER)
    assert (await field.client.get("/v1/consents", headers=monitor)).json()["items"] == []
    consent = await field.service.database.pool.fetchval("SELECT id FROM consent")
    path = f"/v1/consents/{consent}/withdraw"
    assert (await field.client.post(path, headers=monitor)).status_code == 404
    assert (await field.get(visit["id"]))["note"] == SECRET
    colleague = desk(field)
    [seen] = (await field.client.get("/v1/consents", headers=colleague)).json()["items"]
    assert seen["id"] == str(consent)
    assert (await field.client.post(path, headers=colleague)).status_code == 200


async def test_only_a_desk_enters_for_others(field: Field) -> None:
    refused = await field.post(note=SECRET, on_behalf_of=behalf(uuid4()))
    assert (refused.status_code, refused.json()["missing_scope"]) == (403, "monitoring:submissions:delegate")
    own = behalf(uuid4(), channel="own")
    assert (await field.post(desk(field), on_behalf_of=own)).status_code == 422


async def test_a_consent_taken_back_takes_the_words_with_it(field: Field) -> None:
    person, staff = uuid4(), desk(field)
    visit = (await field.post(staff, note=SECRET, on_behalf_of=behalf(person))).json()
    other = (await field.post(staff, note="kept", on_behalf_of=behalf(uuid4()))).json()
    stranger = desk(field, org=STRANGER)
    [consent] = [
        one
        for one in (await field.client.get("/v1/consents", headers=staff)).json()["items"]
        if one["person_id"] == str(person)
    ]
    path = f"/v1/consents/{consent['id']}/withdraw"
    assert (await field.client.post(path, headers=stranger)).status_code == 404
    assert (await field.client.get("/v1/consents", headers=stranger)).json()["items"] == []
    taken = await field.client.post(path, headers=staff)
    assert taken.json()["withdrawn_at"]
    assert (await field.client.post(path, headers=staff)).json() == taken.json()
    assert "note" not in await field.get(visit["id"])
    assert (await field.get(other["id"]))["note"] == "kept"
    pool = field.service.database.pool
    audited = await pool.fetchrow("SELECT * FROM audit WHERE action = 'consent.withdraw'")
    assert (audited["on_behalf_of"], audited["after"]) == (person, {"removed": 1})


async def test_the_person_sees_and_takes_back_what_was_taken_down_for_them(field: Field) -> None:
    person = uuid4()
    await field.post(desk(field), note=SECRET, on_behalf_of=behalf(person))
    own = field.service.headers("people:consents:write", sub=person)
    [consent] = (await field.client.get("/v1/consents", headers=own)).json()["items"]
    taken = await field.client.post(f"/v1/consents/{consent['id']}/withdraw", headers=own)
    assert taken.status_code == 200
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_who_is_erased_is_forgotten_though_others_entered_it(field: Field) -> None:
    person = uuid4()
    visit = (
        await field.post(
            desk(field), note=SECRET, documents_asked=["справка Асана"], on_behalf_of=behalf(person)
        )
    ).json()
    await deliver(field.service, erased(person))
    after = await field.get(visit["id"])
    assert "note" not in after
    assert after["documents_asked"] == ["—"]
    found = await everything_in(field.service.database.pool)
    assert "Асан" not in found
    assert "0700" not in found
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM submission_monitor") == 1
    again = await field.post(desk(field), note=SECRET, on_behalf_of=behalf(person))
    assert (again.status_code, again.json()["code"]) == (409, "person_erased")


async def corrected(field: Field, headers: dict[str, str], person: UUID, coordinators: bool) -> dict:
    """A visit entered for a person, whose note and documents are corrected twice, by the desk or by a coordinator."""
    visit = (
        await field.post(
            headers, note=SECRET, documents_asked=["passport", "кагаз Асан"], on_behalf_of=behalf(person)
        )
    ).json()
    by = field.coordinator if coordinators else headers
    for change in (
        {"note": f"оңдолду: {SECRET}"},
        {"documents_asked": ["Асан сураган"], "channel": "in_person"},
    ):
        answer = await field.amend(visit["id"], change, by)
        assert answer.status_code == 200, answer.text
    return await field.get(visit["id"])


@pytest.mark.parametrize("coordinators", [False, True], ids=["by the desk", "by a coordinator"])
async def test_words_that_were_corrected_are_still_the_persons(field: Field, coordinators: bool) -> None:
    staff, person = uuid4(), uuid4()
    visit = await corrected(field, desk(field, staff), person, coordinators)
    assert (visit["note"], visit["documents_asked"]) == (f"оңдолду: {SECRET}", ["Асан сураган"])
    pool = field.service.database.pool
    consent = await pool.fetchval("SELECT id FROM consent")
    rows = await pool.fetch(
        "SELECT DISTINCT kind, person_id, consent_id, ground FROM personal_data ORDER BY kind"
    )
    assert [tuple(row) for row in rows] == [
        (kind, person, consent, "consent") for kind in ("desk_asked_documents", "desk_note")
    ]
    audited = await pool.fetch("SELECT on_behalf_of FROM audit WHERE action = 'submission.amend'")
    assert [row["on_behalf_of"] for row in audited] == [person, person]
    await deliver(field.service, erased(person))
    after = await field.get(visit["id"])
    assert ("note" in after, after["documents_asked"]) == (False, ["—"])
    assert after["check"] == visit["check"], "what was found stays"
    found = await everything_in(pool)
    assert "Асан" not in found
    assert "0700" not in found


async def test_a_consent_taken_back_takes_corrected_words_and_takes_no_more(field: Field) -> None:
    headers, person = desk(field), uuid4()
    visit = await corrected(field, headers, person, coordinators=False)
    [consent] = (await field.client.get("/v1/consents", headers=headers)).json()["items"]
    await field.client.post(f"/v1/consents/{consent['id']}/withdraw", headers=headers)
    assert "Асан" not in await everything_in(field.service.database.pool)
    for path in ("", "/versions", "/checks"):
        shown = await field.client.get(f"/v1/submissions/{visit['id']}{path}", headers=field.coordinator)
        assert "Асан" not in shown.text
    for change in ({"note": SECRET}, {"documents_asked": ["кагаз Асан"]}):
        refused = await field.amend(visit["id"], change, headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "consent_withdrawn")
    facts = {"delivered_on": "2026-03-26", "documents_asked": ["passport"], "note": None}
    assert (await field.amend(visit["id"], facts, headers)).status_code == 200
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


@pytest.mark.parametrize("ending", ["erasure", "withdrawal"])
async def test_corrections_that_meet_an_end_leave_nothing(field: Field, ending: str) -> None:
    headers, person = desk(field), uuid4()
    visits = [(await field.post(headers, note=SECRET, on_behalf_of=behalf(person))).json() for _ in range(6)]
    consents = (await field.client.get("/v1/consents", headers=headers)).json()["items"]

    async def end() -> None:
        if ending == "erasure":
            assert (await deliver(field.service, erased(person)))["ok"] == 1
        else:
            for one in consents:
                path = f"/v1/consents/{one['id']}/withdraw"
                assert (await field.client.post(path, headers=headers)).status_code == 200

    change = {"note": SECRET, "documents_asked": ["кагаз Асан"]}
    answers, _ = await asyncio.gather(
        asyncio.gather(*(field.amend(one["id"], change, headers) for one in visits)), end()
    )
    assert {one.status_code for one in answers} <= {200, 409}, [one.text for one in answers]
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_the_texts_are_there_for_everybody(field: Field) -> None:
    answer = await field.client.get("/v1/consents/texts")
    [text] = answer.json()["items"]
    assert (text["purpose"], text["version"], text["current"]) == ("visit_by_desk", "2026-11", True)
    assert set(text["text"]) == {"ky", "ru", "en"}
