"""Rounds of expert review: who takes part, what is said and answered, when a draft has passed."""

import asyncio
from datetime import date
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.reviews.domain import Standing, is_open, review_problems
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.adoption_rules.test_rules import record as record_rule
from tests.registry.conftest import every_page, pointers
from tests.registry.reviews.conftest import Review, open_round
from tests.registry.standards.conftest import Desk, act, content


async def draft(desk: Desk, code: str = "S-1") -> str:
    found: str = (await desk.draft(await desk.propose(code))).json()["standard_id"]
    return found


async def test_a_round_is_public_and_its_drafts_are_not(review: Review, desk: Desk, other_desk: Desk):
    standard, reviewer = await draft(desk), await review.appointed()
    shown = (await desk.service.client.get(f"/v1/reviews/{review.id}")).json()
    assert (shown["bodies"][0]["body"]["code"], shown["bodies"][0]["services"]) == ("MFA", 1)
    assert [(one["number"], one["organisation"]["code"]) for one in shown["reviewers"]] == [(1, "EXPERTS")]
    assert [one["id"] for one in await every_page(desk.service, "/v1/reviews")] == [review.id]
    url = f"/v1/reviews/{review.id}/standards"
    listed = await every_page(desk.service, url, headers=reviewer)
    assert [one["standard_id"] for one in listed] == [standard]
    read = await desk.service.client.get(f"{url}/{standard}", headers=reviewer)
    assert read.json()["draft"]["documents"], "who reviews it reads it"
    stranger = review.as_reviewer(uuid4())
    for headers in (stranger, other_desk.registrar):
        assert (await desk.service.client.get(f"{url}/{standard}", headers=headers)).status_code == 404
    assert (await desk.service.client.get(url, headers=stranger)).status_code == 404
    assert (await desk.service.client.get(url)).status_code == 401
    assert await every_page(desk.service, url, headers=other_desk.registrar) == []


async def test_remarks_are_answered_once_by_the_body(review: Review, desk: Desk, other_desk: Desk):
    standard, reviewer = await draft(desk), await review.appointed()
    made = await review.remark(standard, reviewer)
    assert made.status_code == 201, made.text
    remark = made.json()["id"]
    assert (made.json()["reviewer"], made.json()["draft_version"]) == (1, 1)
    assert (await review.answer(remark, other_desk)).status_code == 404
    answers = await asyncio.gather(review.answer(remark, desk), review.answer(remark, desk))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    url = f"/v1/reviews/{review.id}/standards/{standard}"
    [shown] = (await desk.service.client.get(url, headers=desk.registrar)).json()["remarks"]
    assert shown["answer"]["ru"] == "Исправлено"


async def test_only_the_appointed_review_and_only_what_the_round_covers(
    review: Review, desk: Desk, other_desk: Desk
):
    own, other = await draft(desk), await draft(other_desk, "O-1")
    reviewer = await review.appointed()
    assert (await review.remark(other, reviewer)).status_code == 404
    assert (await review.remark(str(uuid4()), reviewer)).status_code == 404
    assert (await review.remark(own, review.as_reviewer(uuid4()))).status_code == 404
    assert (await review.remark(own, desk.registrar)).status_code == 403
    assert (await review.verdict(own, review.as_reviewer(uuid4()))).status_code == 404
    assert (await review.verdict(own, reviewer, version=2)).status_code == 412
    assert (await review.remark(own, reviewer, row="No Row")).status_code == 422


async def test_who_is_appointed(review: Review):
    _, membership = await review.reviewer()
    assert (await review.appoint(membership)).status_code == 201
    assert (await review.appoint(membership)).status_code == 409
    _, ended = await review.reviewer(valid_to=date(2026, 11, 23))
    _, monitor = await review.reviewer(role="monitor")
    for wrong in (ended, monitor, str(uuid4())):
        assert pointers(await review.appoint(wrong)) == {"/membership_id": "no_reviewer"}
    memberships = [(await review.reviewer())[1] for _ in range(3)]
    await asyncio.gather(*(review.appoint(one) for one in memberships))
    shown = (await review.desk.service.client.get(f"/v1/reviews/{review.id}")).json()
    assert [one["number"] for one in shown["reviewers"]] == [1, 2, 3, 4]


async def test_opening_a_round(review: Review, desk: Desk):
    taken = await open_round(desk)
    assert (taken.status_code, taken.json()["code"]) == (409, "round_code_taken")
    wrong = await open_round(desk, code="R-2", closes_on="2026-11-01", bodies=[str(desk.body), str(uuid4())])
    assert pointers(wrong) == {"/closes_on": "closes_before_it_opens", "/bodies/1": "unknown_organisation"}
    body = {"code": "R-3"}
    assert (await desk.service.client.post("/v1/reviews", json=body)).status_code == 401
    assert (await desk.service.client.post("/v1/reviews", json=body, headers=desk.adopter)).status_code == 403


async def test_a_round_that_is_not_open_takes_nothing(review: Review, desk: Desk):
    standard = await draft(desk)
    later = await open_round(desk, code="R-2", opens_on="2026-11-24")
    closed = await open_round(desk, code="R-3", opens_on="2026-11-01", closes_on="2026-11-23")
    for made in (later, closed):
        other = Review(desk, made.json()["id"], review.experts)
        reviewer = await other.appointed()
        for refused in (await other.remark(standard, reviewer), await other.verdict(standard, reviewer)):
            assert (refused.status_code, refused.json()["code"]) == (409, "round_not_open")


async def test_where_the_rule_asks_a_draft_passes_before_it_is_adopted(review: Review, desk: Desk):
    await record_rule(desk, review=True)
    standard = await draft(desk)
    first, second = await review.appointed(), await review.appointed()
    missing = {"/review": "review_not_passed"}
    assert pointers(await desk.adopt(standard, 1, "2026-03-01")) == missing
    await review.verdict(standard, first)
    assert pointers(await desk.adopt(standard, 1, "2026-03-01")) == missing, "two are needed"
    await review.verdict(standard, second)
    remark = (await review.remark(standard, second)).json()["id"]
    unanswered = {"/review": "remark_unanswered"}
    assert pointers(await desk.adopt(standard, 1, "2026-03-01")) == unanswered
    together = {
        "act": act(),
        "items": [{"standard_id": standard, "version": 1, "valid_from": "2026-03-01"}],
    }
    refused = await desk.service.client.post("/v1/adoptions", json=together, headers=desk.adopter)
    assert pointers(refused) == {"/items/0/review": "remark_unanswered"}
    await review.answer(remark, desk)
    assert (await desk.edit(standard, 1, content(documents=[]))).status_code == 200
    assert pointers(await desk.adopt(standard, 2, "2026-03-01")) == missing, (
        "verdicts are on the draft before"
    )
    await review.verdict(standard, first, 2)
    await review.verdict(standard, second, 2, "reject")
    assert pointers(await desk.adopt(standard, 2, "2026-03-01")) == missing
    await review.verdict(standard, second, 2)
    assert (await desk.adopt(standard, 2, "2026-03-01")).status_code == 200


async def test_a_verdict_and_an_edit_at_once(review: Review, desk: Desk):
    reviewer = await review.appointed()
    standard = await draft(desk)
    given, edited = await asyncio.gather(review.verdict(standard, reviewer), desk.edit(standard, 1))
    assert edited.status_code == 200
    assert given.status_code in (200, 412)
    url = f"/v1/reviews/{review.id}/standards/{standard}"
    verdicts = (await desk.service.client.get(url, headers=desk.registrar)).json()["verdicts"]
    assert [one["draft_version"] for one in verdicts] == ([1] if given.status_code == 200 else [])


async def test_the_seeded_round_covers_five_agencies_of_which_two_have_no_service(seeded: RunningService):
    url = f"/v1/reviews/{seed_id('review_round', 'REVIEW-1')}"
    bodies = (await seeded.client.get(url)).json()["bodies"]
    assert {one["body"]["code"]: one["services"] for one in bodies} == {
        "MOD": 3,
        "SPS": 2,
        "MES": 0,
        "MIA": 8,
        "SCNS": 0,
    }
    assert {one["body"]["code"] for one in bodies if one["no_service_collected"]} == {"MES", "SCNS"}


counts = st.integers(0, 3)


@given(st.lists(st.builds(Standing, st.integers(1, 3), counts, counts, counts), max_size=4))
def test_passing_one_round_is_enough_and_nothing_else(standings: list[Standing]):
    passed = any(
        one.approving >= one.needed and one.rejecting == 0 and one.unanswered == 0 for one in standings
    )
    assert (review_problems(standings) == []) is passed


@given(st.dates(), st.none() | st.dates(), st.dates())
def test_a_round_is_open_from_its_first_day_until_before_its_last(
    opens: date, closes: date | None, today: date
):
    assert is_open(opens, closes, today) is (opens <= today and (closes is None or closes > today))
