"""Days of an act: signed, published, in force, and what rests on it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.legal.domain import act_problems, far_ahead
from services.registry.standards.checks import adoption_problems
from tests.registry.conftest import pointers
from tests.registry.standards.conftest import Desk, act, content

TODAY = date(2026, 11, 23)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({}, {}),
        ({"published_on": "2026-03-05", "in_force_from": "2026-03-20"}, {}),
        ({"date": "2026-11-24"}, {"/date": "in_future"}),
        ({"date": "0001-01-01"}, {"/date": "absurd_year"}),
        ({"published_on": "2026-02-28"}, {"/published_on": "published_before_signed"}),
        ({"published_on": "2027-01-01"}, {"/published_on": "in_future"}),
        (
            {"published_on": "2026-03-05", "in_force_from": "2026-03-04"},
            {"/in_force_from": "retroactive_without_basis"},
        ),
        ({"in_force_from": "2026-02-01", "retroactive_basis": "п. 3"}, {}),
        ({"in_force_from": "2190-01-01"}, {"/in_force_from": "too_far_ahead"}),
    ],
)
async def test_an_act_is_recorded_with_days_that_fit(
    desk: Desk, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = await desk.service.client.post("/v1/acts", json=act(**changes), headers=desk.adopter)
    if errors:
        assert (answer.status_code, pointers(answer)) == (422, errors)
        return
    assert answer.status_code == 201, answer.text
    shown = (await desk.service.client.get(f"/v1/acts/{answer.json()['id']}")).json()
    assert {name: shown.get(name) for name in changes} == changes


async def adopted(desk: Desk, valid_from: str, basis: str | None = None, **changes: Any) -> Any:
    drafted = await desk.draft(await desk.propose(), **content())
    wanted: dict[str, Any] = {"act": act(**changes), "valid_from": valid_from}
    if basis:
        wanted["retroactive_basis"] = basis
    return await desk.service.client.post(
        f"/v1/standards/{drafted.json()['standard_id']}/adopt",
        json=wanted,
        headers=desk.adopter | {"If-Match": '"1"'},
    )


async def test_a_standard_is_not_in_force_before_its_act(desk: Desk) -> None:
    refused = await adopted(desk, "2026-02-28")
    assert (refused.status_code, pointers(refused)) == (422, {"/valid_from": "before_its_act"})


async def test_unless_the_act_reaches_back(desk: Desk) -> None:
    done = await adopted(desk, "2026-01-01", "Решение № 7, п. 4: с 1 января 2026 года")
    assert done.status_code == 200, done.text
    assert done.json()["retroactive_basis"].startswith("Решение № 7")


async def test_an_act_of_an_earlier_day_is_recorded_late(desk: Desk) -> None:
    done = await adopted(desk, "2026-03-02")
    assert done.status_code == 200, done.text
    assert done.json()["recorded_at"].startswith("2026-11-23")


async def test_an_act_that_comes_into_force_later_binds_what_it_adopts(desk: Desk) -> None:
    refused = await adopted(desk, "2026-03-02", in_force_from="2026-04-01")
    assert pointers(refused) == {"/valid_from": "before_its_act"}


async def test_days_of_a_recorded_act_are_not_told_away(desk: Desk) -> None:
    recorded = act(in_force_from="2026-04-01")
    await desk.service.client.post("/v1/acts", json=recorded, headers=desk.adopter)
    assert pointers(await adopted(desk, "2026-03-02")) == {"/valid_from": "before_its_act"}


async def test_nothing_is_adopted_for_the_far_future(desk: Desk) -> None:
    assert pointers(await adopted(desk, "2150-01-01")) == {"/valid_from": "too_far_ahead"}


@given(days, st.none() | days, st.none() | days, st.booleans())
def test_days_that_pass_are_in_order(
    signed: date, published: date | None, in_force: date | None, retroactive: bool
) -> None:
    if act_problems(signed, published, in_force, retroactive=retroactive, today=TODAY):
        return
    assert signed <= (published or signed) <= TODAY
    assert in_force is None or in_force <= far_ahead(TODAY)
    assert retroactive or in_force is None or in_force >= (published or signed)


@given(days, days, st.booleans())
def test_only_what_reaches_back_needs_a_basis(since: date, valid_from: date, retroactive: bool) -> None:
    found = {
        error.code for error in adoption_problems(since, valid_from, None, TODAY, retroactive=retroactive)
    }
    assert ("before_its_act" in found) == (valid_from < since and not retroactive)
    assert "before_its_act" not in {
        error.code for error in adoption_problems(since, since + timedelta(1), None, TODAY)
    }
