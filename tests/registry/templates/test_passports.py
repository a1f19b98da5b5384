"""Drafts and versions name their template, fill its rows, and are held against it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import FixedClock
from shared.contracts.registry import StandardVersion
from tests.registry.conftest import NOON, events, pointers
from tests.registry.standards.conftest import Desk, act, content
from tests.registry.templates.conftest import record, template


async def law(desk: Desk, **changes: Any) -> str:
    record = act(kind="law", number="139", date="2014-07-17", url=None) | changes
    made = await desk.service.client.post(
        "/v1/acts", json={k: v for k, v in record.items() if v}, headers=desk.adopter
    )
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def whole(desk: Desk, **changes: Any) -> dict[str, Any]:
    return {
        "rows": {"recipients": {"ky": "Жарандар", "ru": "Граждане"}},
        "legal_basis": [{"act_id": await law(desk), "article": "5"}],
        "review_on": "2029-03-01",
        **changes,
    }


def found(response: Any) -> dict[str, str]:
    return {problem["pointer"]: problem["code"] for problem in response.json()["problems"]}


async def test_a_draft_takes_the_typical_standard_in_force_today(desk: Desk, recorded: str):
    drafted = await desk.draft(await desk.propose())
    assert drafted.json()["template_id"] == recorded
    assert found(drafted) == {
        "/rows/recipients": "row_missing",
        "/legal_basis": "row_missing",
        "/review_on": "row_missing",
    }


async def test_without_a_template_nothing_more_is_asked(desk: Desk):
    drafted = await desk.draft(await desk.propose())
    assert "template_id" not in drafted.json()
    assert found(drafted) == {}


async def test_the_version_and_its_event_hold_the_rows(desk: Desk, recorded: str):
    rows = await whole(desk)
    standard = await desk.adopted("2026-03-01", **rows)
    version = (await desk.service.client.get(f"/v1/standards/{standard}")).json()["in_force"]
    assert {name: version[name] for name in rows} == rows
    assert version["template_id"] == recorded
    (event,) = await events(desk.service, "standard.adopted")
    event.pop("type")
    told = StandardVersion.model_validate(event)
    assert str(told.template_id) == recorded
    assert told.rows == rows["rows"]
    assert told.legal_basis[0].article == "5"
    assert str(told.review_on) == "2029-03-01"


async def test_a_template_of_ones_own_choice(desk: Desk, recorded: str):
    other = await record(desk.service, 0, "short", rows=template()["rows"][:1])
    drafted = await desk.draft(await desk.propose(), template_id=other.json()["id"])
    assert (drafted.json()["template_id"], found(drafted)) == (other.json()["id"], {})
    unknown = await desk.draft(await desk.propose("S-2"), template_id=drafted.json()["standard_id"])
    assert pointers(unknown) == {"/template_id": "unknown_template"}


async def test_what_is_not_there_cannot_be_named(desk: Desk, recorded: str):
    refused = await desk.draft(
        await desk.propose(),
        rows={"recipients": {"ky": "Ж"}, "basis": {"ky": "Н"}, "nothing": {"ky": "Н"}},
        legal_basis=[{"act_id": recorded}],
        applies_to=["1"],
    )
    assert refused.status_code == 422
    assert pointers(refused) == {
        "/rows/basis": "unknown_row",
        "/rows/nothing": "unknown_row",
        "/legal_basis/0/act_id": "unknown_act",
        "/applies_to/0": "unknown_territory",
    }


async def test_languages_of_a_row_are_there_and_in_step(desk: Desk, recorded: str):
    rows = {
        "recipients": {"ky": "Жарандар:\n- чоңдор\n- балдар", "ru": "Граждане:\n- взрослые"},
        "quality": {"ru": "Вежливость"},
    }
    drafted = await desk.draft(await desk.propose(), **await whole(desk, rows=rows))
    assert found(drafted) == {
        "/rows/recipients": "languages_out_of_step",
        "/rows/quality/ky": "language_missing",
    }


async def test_the_name_of_the_service_is_a_row_too(desk: Desk, recorded: str):
    service = await desk.propose(name={"ru": "Услуга"})
    assert found(await desk.draft(service, **await whole(desk))) == {"/service/name/ky": "language_missing"}


@pytest.mark.parametrize(
    ("review_on", "code"),
    [("2026-03-01", "review_too_early"), ("2029-03-02", "review_too_late"), ("2029-03-01", None)],
)
async def test_the_next_review_lies_within_the_templates_period(
    desk: Desk, recorded: str, review_on: str, code: str | None
):
    drafted = await desk.draft(await desk.propose(), **await whole(desk, review_on=review_on))
    adopted = await desk.adopt(drafted.json()["standard_id"], 1, "2026-03-01")
    if code is None:
        assert adopted.status_code == 200, adopted.text
    else:
        assert pointers(adopted) == {"/review_on": code}


async def test_the_legal_basis_is_in_force_on_the_first_day(desk: Desk, recorded: str):
    repealed = await law(desk, number="1", status="repealed")
    later = await law(desk, number="2", date="2026-05-01", in_force_from="2026-06-01")
    basis = [{"act_id": repealed}, {"act_id": later}]
    drafted = await desk.draft(await desk.propose(), **await whole(desk, legal_basis=basis))
    standard = drafted.json()["standard_id"]
    assert pointers(await desk.adopt(standard, 1, "2026-05-31")) == {
        "/legal_basis/1/act_id": "act_not_in_force",
    }, "a repeal of an unknown day counts since it was recorded"
    today = NOON.date().isoformat()
    assert pointers(await desk.adopt(standard, 1, today)) == {"/legal_basis/0/act_id": "act_repealed"}


async def test_a_text_changed_in_one_language_only_is_a_stale_translation(
    desk: Desk, recorded: str, clock: FixedClock
):
    rows = await whole(desk)
    standard = await desk.adopted("2026-03-01", **rows)
    clock.moment = NOON + timedelta(days=1)
    changed = content(**rows | {"rows": {"recipients": {"ky": "Жарандар", "ru": "Граждане КР"}}})
    changed["refusal_grounds"][0]["text"]["ky"] = "Документтер жетишсиз"
    edited = await desk.edit(standard, 2, changed)
    assert found(edited) == {
        "/rows/recipients/ky": "stale_translation",
        "/refusal_grounds/0/text/ru": "stale_translation",
    }
    refused = await desk.adopt(standard, 3, "2026-09-01", number="8")
    assert pointers(refused) == found(edited)
    changed["corrected"] = ["recipients", "refusal_grounds/incomplete"]
    assert found(await desk.edit(standard, 3, changed)) == {}
    adopted = await desk.adopt(standard, 4, "2026-09-01", number="8")
    assert adopted.json()["stale"] == ["recipients", "refusal_grounds/incomplete"]


async def test_all_problems_at_once(desk: Desk, recorded: str):
    repealed = await law(desk, number="1", status="repealed")
    drafted = await desk.draft(
        await desk.propose(),
        legal_basis=[{"act_id": repealed}],
        review_on="2040-01-01",
        refusal_grounds=[],
        documents=[{"code": "a", "name": {"ru": "А"}}],
    )
    refused = await desk.adopt(drafted.json()["standard_id"], 1, "2026-11-23", date="2026-11-24")
    assert refused.status_code == 422
    assert pointers(refused) == {
        "/act/date": "in_future",
        "/valid_from": "before_its_act",
        "/documents/0/name/ky": "language_missing",
        "/refusal_grounds": "refusal_grounds_missing",
        "/rows/recipients": "row_missing",
        "/legal_basis/0/act_id": "act_repealed",
        "/review_on": "review_too_late",
    }
