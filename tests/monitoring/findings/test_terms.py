"""The term to answer a finding, where it runs into a year that is not decreed or that nobody has told of."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.findings.terms import moved
from services.monitoring.submissions.rechecks import KIND
from shared.calendar import Reckoned
from shared.clock import FixedClock
from shared.contracts.monitoring import FindingState
from tests.kit.events import deliver
from tests.monitoring.field import Field, Json
from tests.monitoring.findings.test_findings import MAYOR, listed, told
from tests.monitoring.registry import calendar, record_of, tell

NEW_YEAR = ("2027-01-01", "2027-01-02", "2027-01-04", "2027-01-05", "2027-01-06", "2027-01-07")
TEN_AFTER_21_DECEMBER = date(2027, 1, 4)
"""Counted without any day off of 2027."""


@pytest.fixture
async def late_in_the_year(field: Field, clock: FixedClock) -> Field:
    """Monday, 21 December 2026, noon in Bishkek: ten working days end in 2027."""
    clock.moment = datetime(2026, 12, 21, 6, 0, tzinfo=UTC)
    field.renew()
    return field


async def the_finding(field: Field) -> Json:
    [finding] = await listed(field, MAYOR)
    return finding


def due(finding: Json | FindingState) -> tuple[Any, bool]:
    found = finding if isinstance(finding, dict) else finding.model_dump(mode="json")
    return found["answer_due_on"], found["answer_due_provisional"]


async def test_over_a_year_nobody_told_of_it_is_provisional(late_in_the_year: Field) -> None:
    await late_in_the_year.approved(delivered_on="2026-03-26")
    assert due(await the_finding(late_in_the_year)) == (TEN_AFTER_21_DECEMBER.isoformat(), True)
    [(finding, _)] = await told(late_in_the_year)
    assert finding.answer_due_provisional


async def test_over_an_undecreed_year_it_knows_the_holidays_and_is_provisional(
    late_in_the_year: Field,
) -> None:
    await tell(late_in_the_year.service, calendar(2027, decreed=False, off=NEW_YEAR))
    await late_in_the_year.approved(delivered_on="2026-03-26")
    assert due(await the_finding(late_in_the_year)) == ("2027-01-11", True)


async def test_a_decree_settles_it_and_its_parties_are_told(late_in_the_year: Field) -> None:
    field = late_in_the_year
    await field.approved(delivered_on="2026-03-26")
    await tell(field.service, calendar(2027, off=NEW_YEAR))
    await field.check_again()
    assert due(await the_finding(field)) == ("2027-01-11", False)
    found = [it for it, _ in await told(field)]
    assert [(it.aggregate_version, *due(it)) for it in found] == [
        (1, "2027-01-04", True),
        (2, "2027-01-11", False),
    ]
    await tell(field.service, calendar(2027, 2, off=(*NEW_YEAR, "2027-01-11")))
    await field.check_again()
    assert due(await the_finding(field)) == ("2027-01-11", False), "what is settled stays as it was told"


async def test_a_decree_that_settles_another_year_changes_nothing(late_in_the_year: Field) -> None:
    field = late_in_the_year
    await field.approved(delivered_on="2026-03-26")
    await tell(field.service, calendar(2028))
    await field.check_again()
    assert due(await the_finding(field)) == (TEN_AFTER_21_DECEMBER.isoformat(), True)
    assert len(await told(field)) == 1


async def test_nobody_gets_less_time_than_was_told(late_in_the_year: Field) -> None:
    field = late_in_the_year
    await tell(field.service, calendar(2027, decreed=False, off=NEW_YEAR))
    await field.approved(delivered_on="2026-03-26")
    await tell(field.service, calendar(2027, 2, off=()))
    await field.check_again()
    assert due(await the_finding(field)) == ("2027-01-11", False)


async def test_a_withdrawn_finding_is_left_alone_and_one_put_anew_is_counted_anew(
    late_in_the_year: Field, clock: FixedClock
) -> None:
    field = late_in_the_year
    visit = await field.approved(delivered_on="2026-03-26")
    await field.amend(visit["id"], {"delivered_on": "2026-03-25"})
    await tell(field.service, calendar(2027, off=NEW_YEAR))
    await field.check_again()
    assert [it.state for it, _ in await told(field)] == ["open", "withdrawn"]
    clock.moment = datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
    field.renew()
    await field.amend(visit["id"], {"delivered_on": "2026-03-26"})
    assert due(await the_finding(field)) == ("2027-01-25", False)


async def test_the_same_decree_told_four_times_moves_a_term_once(late_in_the_year: Field) -> None:
    field = late_in_the_year
    await field.approved(delivered_on="2026-03-26", fees_paid=[{"amount": "150"}])
    record = record_of(calendar(2027, off=NEW_YEAR))
    for _ in range(4):
        await deliver(field.service, record)
        await field.check_again()
    versions = [it.aggregate_version for it, _ in await told(field)]
    assert sorted(versions) == [1, 1, 2, 2]
    assert await field.service.database.pool.fetchval("SELECT count(*) FROM job WHERE kind = $1", KIND) >= 1


days = st.builds(Reckoned, st.dates(date(2026, 1, 1), date(2030, 1, 1)), st.booleans())


@given(days, days)
def test_a_moved_date_is_never_earlier(told_before: Reckoned, reckoned: Reckoned) -> None:
    found = moved(told_before, reckoned)
    assert found.date >= told_before.date
    assert found.date in (told_before.date, reckoned.date)
    assert found.provisional == reckoned.provisional
