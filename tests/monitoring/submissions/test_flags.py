"""What a coordinator should look at: visits outside of the campaign's period are taken, flagged and not refused."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.submissions.domain import Flag, flags_of
from tests.monitoring.field import Field, Json
from tests.monitoring.submissions.test_references import listed

OUTSIDE = ["outside_campaign_period"]
"""The campaign of these tests lasts from 1 March to 31 December 2026."""


@pytest.mark.parametrize(
    ("applied_on", "flags"),
    [("2026-02-28", OUTSIDE), ("2026-03-01", []), ("2026-06-15", []), ("2025-12-30", OUTSIDE)],
)
async def test_a_visit_of_another_time_is_taken_with_a_flag(
    field: Field, applied_on: str, flags: list[str]
) -> None:
    visit = await field.submit(applied_on=applied_on, delivered_on=None)
    assert (visit["state"], visit["flags"]) == ("received", flags)
    assert await listed(field) == [await field.get(visit["id"])] == [visit]


async def test_the_coordinator_lists_what_is_flagged(field: Field) -> None:
    usual, late = await field.submit(), await field.submit(applied_on="2026-02-27")
    assert [it["id"] for it in await listed(field, "?flagged=true")] == [late["id"]]
    assert [it["id"] for it in await listed(field, "?flagged=false")] == [usual["id"]]
    assert len(await listed(field)) == 2


async def test_it_can_be_approved_and_the_audit_trail_says_that_it_was_flagged(field: Field) -> None:
    visit = await field.submit(applied_on="2026-02-27", delivered_on="2026-03-03")
    assert (await field.approve(visit["id"]))["flags"] == OUTSIDE
    await field.approved()
    after: list[Json] = [
        row["after"]
        for row in await field.service.database.pool.fetch(
            "SELECT after FROM audit WHERE action = 'submission.approve' ORDER BY id"
        )
    ]
    assert [it.get("flags") for it in after] == [OUTSIDE, None]


async def test_a_corrected_day_takes_the_flag_away(field: Field) -> None:
    visit = await field.submit(applied_on="2026-02-27", delivered_on="2026-03-03")
    amended = await field.amend(visit["id"], {"applied_on": "2026-03-02"})
    assert amended.json()["flags"] == []


@given(st.dates(), st.dates(), st.integers(0, 1000))
def test_a_flag_is_for_days_outside_the_period(applied_on: date, starts_on: date, length: int) -> None:
    ends_on = min(starts_on, date.max - timedelta(days=length)) + timedelta(days=length)
    inside = applied_on in (starts_on, ends_on) or starts_on < applied_on < ends_on
    assert flags_of(applied_on, starts_on, ends_on) == ([] if inside else [Flag.OUTSIDE_CAMPAIGN_PERIOD])
