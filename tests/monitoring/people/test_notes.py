"""What monitors say in their own words: sealed, seen by their organisation alone, gone with the person."""

from uuid import uuid4

from services.monitoring.references.shelf import Shelf
from services.monitoring.spec import SPEC
from services.monitoring.submissions.rechecks import recheck_batch
from shared.contracts.registry import RequiredDocument
from shared.db.unit_of_work import UnitOfWork
from shared.people.store import PersonalData
from shared.worker import service_principal
from tests.kit.events import deliver
from tests.kit.people import erased
from tests.kit.tables import everything_in
from tests.monitoring.field import COORDINATOR_SCOPES, MONITOR_SCOPES, Field
from tests.monitoring.registry import DOCUMENTS, OWNER, STRANGER, standard, tell
from tests.monitoring.submissions.test_review import APPROVED

SECRET = "Айзада Токтогулова, 0555 12 34 56, aizada@example.kg"


async def test_a_note_is_sealed_and_shown_to_its_organisation(field: Field) -> None:
    visit = await field.submit(note=SECRET)
    assert visit["note"] == SECRET
    assert (await field.get(visit["id"]))["note"] == SECRET
    listed = await field.client.get("/v1/submissions", headers=field.coordinator)
    assert listed.json()["items"][0]["note"] == SECRET
    assert SECRET not in await everything_in(field.service.database.pool)


async def test_a_visit_without_a_note_keeps_nothing(field: Field) -> None:
    visit = await field.submit()
    assert "note" not in visit
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM personal_data") == 0


async def test_every_version_keeps_its_note(field: Field) -> None:
    visit = await field.submit(note="first")
    await field.amend(visit["id"], {"note": "second"})
    await field.amend(visit["id"], {"delivered_on": "2026-03-26"})
    amended = await field.amend(visit["id"], {"note": None})
    assert "note" not in amended.json()
    rejected = await field.do(visit["id"], "reject", {"reason": "other", "comment": "why not"})
    assert rejected.json()["comment"] == "why not"
    assert (await field.get(visit["id"]))["comment"] == "why not"
    versions = await field.client.get(f"/v1/submissions/{visit['id']}/versions", headers=field.coordinator)
    notes = [version["content"].get("note") for version in versions.json()["items"]]
    assert notes == ["first", "second", "second", None, None]
    assert all("note_id" not in version["content"] for version in versions.json()["items"])


async def test_another_organisation_reads_nothing_even_from_the_store(field: Field) -> None:
    visit = await field.submit(note=SECRET)
    note_id = await field.service.database.pool.fetchval("SELECT note_id FROM submission")
    stranger = field.service.headers(*COORDINATOR_SCOPES, org=STRANGER)
    for path in ("", f"/{visit['id']}", f"/{visit['id']}/versions"):
        answer = await field.client.get(f"/v1/submissions{path}", headers=stranger)
        assert "Айзада" not in answer.text
    for org, seen in ((STRANGER, {}), (None, {}), (OWNER, {note_id: SECRET})):
        async with field.service.unit_of_work(*COORDINATOR_SCOPES, org=org) as uow:
            assert await PersonalData(uow.sql, uow.principal, uow.keyring).texts([note_id]) == seen
    async with field.service.unit_of_work(sub=field.monitor_id) as uow:
        own = await PersonalData(uow.sql, uow.principal, uow.keyring).texts([note_id])
    assert own == {note_id: SECRET}


WORDED = ["passport", "справка Айзады Токтогуловой", "паспорт"]


async def test_documents_in_words_are_sealed_and_shown_to_their_organisation(field: Field) -> None:
    visit = await field.submit(documents_asked=WORDED)
    plain = await field.submit()
    assert visit["documents_asked"] == WORDED
    amended = await field.amend(visit["id"], {"documents_asked": [*WORDED, "Айзада сураган"]}, field.monitor)
    assert amended.json()["documents_asked"] == [*WORDED, "Айзада сураган"]
    approved = await field.approve(visit["id"])
    assert approved["documents_asked"] == [*WORDED, "Айзада сураган"]
    path = f"/v1/submissions/{visit['id']}"
    listed = (await field.client.get("/v1/submissions", headers=field.coordinator)).json()["items"]
    assert {one["id"]: one["documents_asked"] for one in listed} == {
        visit["id"]: approved["documents_asked"],
        plain["id"]: ["passport"],
    }
    versions = (await field.client.get(f"{path}/versions", headers=field.coordinator)).json()["items"]
    assert [one["content"]["documents_asked"] for one in versions] == [
        WORDED,
        *[approved["documents_asked"]] * 2,
    ]
    checks = (await field.client.get(f"{path}/checks", headers=field.coordinator)).json()["items"]
    assert [one["inputs"]["documents_asked"] for one in checks] == [WORDED, approved["documents_asked"]]
    assert "words_id" not in str(versions) + str(checks)
    pool = field.service.database.pool
    assert "Айзад" not in await everything_in(pool)
    assert await pool.fetchval("SELECT documents_asked FROM submission WHERE words_id IS NOT NULL") == [
        "passport", "—", "passport", "—",
    ]  # fmt: skip
    assert await pool.fetchval("SELECT count(*) FROM personal_data") == 2, "none for codes alone"
    [told] = await field.events(APPROVED)
    assert "Айзад" not in str(told)


async def test_documents_in_words_cost_one_statement_and_codes_none(
    field: Field, statements: list[str]
) -> None:
    await field.submit()
    costs = []
    for asked in (["passport", "tax_id"], ["passport", "справка Айзады"]):
        statements.clear()
        await field.submit(documents_asked=asked)
        costs.append(len(statements))
    assert costs[1] == costs[0] + 1


async def test_words_that_others_repeat_in_a_correction_are_still_the_monitors(field: Field) -> None:
    visit = await field.submit(documents_asked=["справка Айзады"])
    await field.amend(visit["id"], {"documents_asked": ["passport", "справка Айзады"]})
    await deliver(field.service, erased(field.monitor_id))
    assert (await field.get(visit["id"]))["documents_asked"] == ["passport", "—"]
    assert "Айзад" not in await everything_in(field.service.database.pool)
    later = await field.amend(visit["id"], {"documents_asked": ["справка Айзады"]})
    assert later.status_code == 200, "of a visit nobody made they are who corrects it"


async def test_a_list_that_changes_is_compared_with_the_words(field: Field) -> None:
    """Also by the worker, which acts for no organisation; and what stands for the words follows."""
    visit = await field.approved(documents_asked=["Военный билет Айзады"])
    assert visit["check"]["verdict"] == "breached"
    military = RequiredDocument(code="military", name={"ru": "Военный билет Айзады", "ky": "Билет"})
    await tell(field.service, standard(2, documents=(*DOCUMENTS, military)))
    await field.check_again()
    after = await field.get(visit["id"])
    assert (after["check"]["verdict"], after["check"]["cause"]) == ("met", "rechecked")
    assert after["documents_asked"] == ["Военный билет Айзады"]
    await deliver(field.service, erased(field.monitor_id))
    pool = field.service.database.pool
    await pool.execute("UPDATE submission SET recheck_on = '2026-06-01'")
    worker = UnitOfWork(field.service.database, service_principal(SPEC), field.service.runtime.clock)
    async with worker as uow:
        assert await recheck_batch(uow, Shelf(), 10) == (1, 0), "judged alike"
    assert (await field.get(visit["id"]))["documents_asked"] == ["military"]


async def test_words_of_all_organisations_are_for_the_services_own_work_alone(field: Field) -> None:
    await field.submit(documents_asked=["справка Айзады"])
    words_id = await field.service.database.pool.fetchval("SELECT words_id FROM submission")
    for org, sub in ((OWNER, uuid4()), (STRANGER, uuid4()), (None, field.monitor_id)):
        async with field.service.unit_of_work(*COORDINATOR_SCOPES, org=org, sub=sub) as uow:
            people = PersonalData(uow.sql, uow.principal, uow.keyring)
            assert await people.texts_at_work([words_id]) == {}


async def test_answers_kept_for_repeated_requests_hold_no_words(field: Field) -> None:
    again = {**field.monitor, "Idempotency-Key": "visit-of-monday"}
    asked = ["passport", f"кагаз: {SECRET}"]
    first = await field.post(again, note=SECRET, documents_asked=asked)
    repeated = await field.post(again, note=SECRET, documents_asked=asked)
    assert first.json()["documents_asked"] == asked
    assert (first.status_code, first.json()["note"]) == (201, SECRET)
    assert repeated.headers["idempotent-replayed"] == "true"
    unsaid = {"note": None, "documents_asked": ["passport", "—"]}
    assert {**first.json(), **unsaid} == {**repeated.json(), "note": None}
    key = {**field.coordinator, "Idempotency-Key": "approve-it", "If-Match": '"1"'}
    approved = await field.client.post(f"/v1/submissions/{first.json()['id']}/approve", headers=key)
    assert (approved.json()["note"], approved.json()["documents_asked"]) == (SECRET, asked)
    assert SECRET not in await everything_in(field.service.database.pool)


async def test_erasure_forgets_words_and_maker_and_keeps_the_visit(field: Field) -> None:
    visit = await field.submit(note=SECRET, documents_asked=["passport", "справка от Айзады", "паспорт"])
    other_monitor = uuid4()
    kept = await field.post(
        field.service.headers(*MONITOR_SCOPES, sub=other_monitor, org=OWNER), note="of somebody else"
    )
    await field.amend(visit["id"], {"note": f"again {SECRET}"}, headers=field.monitor)
    approved = await field.approve(visit["id"])
    erasure = uuid4()
    outcome = await deliver(field.service, erased(field.monitor_id, erasure))
    assert outcome["ok"] == 1
    after = await field.get(visit["id"])
    assert "note" not in after
    assert after["check"] == approved["check"], "what was found stays"
    assert after["documents_asked"] == ["passport", "—", "passport"]
    assert (await field.get(kept.json()["id"]))["note"] == "of somebody else"
    pool = field.service.database.pool
    assert "Айзад" not in await everything_in(pool)
    assert await pool.fetchval("SELECT array_agg(monitor_id) FROM submission_monitor") == [other_monitor]
    [answer] = await field.events("monitoring.erasure.completed.v1")
    counts = {kind["kind"]: (kind["effect"], kind["count"]) for kind in answer["data"]["kinds"]}
    assert (answer["data"]["id"], answer["data"]["service"]) == (str(erasure), "monitoring")
    assert counts["visit_note"] == ("erased", 2)
    assert counts["visit_maker"] == ("anonymised", 1)
    assert counts["asked_documents"] == ("erased", 1)
    grounds = {kind["kind"]: kind.get("ground") for kind in answer["data"]["kinds"]}
    assert grounds["audit"]
    assert grounds["visit_note"] is None
    assert answer["audience"] == "internal"


async def test_an_erased_visit_checked_again_says_the_same(field: Field) -> None:
    visit = await field.approved(documents_asked=["passport", "справка от Айзады"])
    await deliver(field.service, erased(field.monitor_id))
    pool = field.service.database.pool
    await pool.execute("UPDATE submission SET recheck_on = '2026-06-01'")
    async with field.service.unit_of_work() as uow:
        assert await recheck_batch(uow, Shelf(), 10) == (1, 0)
    assert (await field.get(visit["id"]))["check"] == visit["check"]


async def test_redelivered_it_changes_and_says_nothing_more(field: Field) -> None:
    await field.submit(note=SECRET)
    erasure = uuid4()
    first = erased(field.monitor_id, erasure)
    await deliver(field.service, first)
    assert (await deliver(field.service, first))["duplicate"] == 1
    assert (await deliver(field.service, erased(field.monitor_id, erasure)))["ok"] == 1
    assert len(await field.events("monitoring.erasure.completed.v1")) == 1
