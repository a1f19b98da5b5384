"""Recurrence rules of opening hours: what is read, what is refused, and that no search runs away."""

from calendar import monthrange
from contextlib import suppress
from datetime import date, datetime, timedelta
from time import perf_counter

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.service_points.recurrence import BadRule, occurs, read

FIRST = date(2024, 1, 1)
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
weekdays = st.lists(st.sampled_from(WEEK), min_size=1, max_size=4, unique=True).map(",".join)
numbered = st.builds(
    lambda place, day: f"{place}{day}", st.sampled_from([1, 2, 5, -1]), st.sampled_from(WEEK)
)
months = st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True).map(
    lambda found: ",".join(map(str, sorted(found)))
)
month_days = st.lists(st.sampled_from([1, 2, 15, 28, -1, -3]), min_size=1, max_size=3, unique=True).map(
    lambda found: ",".join(map(str, found))
)
rules = st.one_of(
    st.integers(1, 9).map(lambda step: f"FREQ=DAILY;INTERVAL={step}"),
    weekdays.map(lambda days: f"FREQ=DAILY;BYDAY={days}"),
    st.builds(lambda step, days: f"FREQ=WEEKLY;INTERVAL={step};BYDAY={days}", st.integers(1, 5), weekdays),
    st.builds(lambda days, which: f"FREQ=WEEKLY;BYDAY={days};BYMONTH={which}", weekdays, months),
    numbered.map(lambda days: f"FREQ=MONTHLY;BYDAY={days}"),
    month_days.map(lambda days: f"FREQ=MONTHLY;BYMONTHDAY={days}"),
    st.builds(lambda which, days: f"FREQ=YEARLY;BYMONTH={which};BYMONTHDAY={days}", months, month_days),
)


@settings(max_examples=150)
@given(rules, st.integers(0, 900), st.integers(0, 400), st.none() | st.integers(0, 500))
def test_looking_at_one_month_is_counting_from_the_first_day(
    rule: str, begins: int, later: int, ends: int | None
) -> None:
    """Held against the whole rule, counted by python-dateutil from its DTSTART."""
    starts_on = FIRST + timedelta(begins)
    if ends is not None:
        rule += f";UNTIL={starts_on + timedelta(ends):%Y%m%d}"
    looked_at = starts_on + timedelta(later)
    first = looked_at.replace(day=1)
    days = [first + timedelta(n) for n in range(monthrange(first.year, first.month)[1])]
    whole = rrulestr(rule, dtstart=datetime.combine(starts_on, datetime.min.time()))
    expected = {
        moment.date()
        for moment in whole.between(
            datetime.combine(days[0], datetime.min.time()),
            datetime.combine(days[-1], datetime.min.time()),
            inc=True,
        )
    }
    assert {day for day in days if occurs(rule, starts_on, day)} == expected


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;BYDAY=MO",
        "BYDAY=MO",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO;BYDAY=TU",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=MO;COUNT=5",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9",
        "FREQ=WEEKLY;BYDAY=MO;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=MO;INTERVAL=99",
        "FREQ=WEEKLY;BYDAY=MO;INTERVAL=2;BYMONTH=2",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260230",
        "FREQ=WEEKLY;BYDAY=MO;UNTIL=tomorrow",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=MO",
        "FREQ=YEARLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 100),
    ],
)
def test_what_opening_hours_may_not_say(rule: str) -> None:
    with pytest.raises(BadRule):
        read(rule)


@given(st.text("FREQ=WEKLYDAIBM;,-+0123456789OTUN", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """It is refused with BadRule or it holds on days that can be told."""
    with suppress(BadRule):
        read(text)
        assert occurs(text, FIRST, FIRST) in {True, False}


@pytest.mark.parametrize(
    "rule",
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYMONTH=2;BYDAY=5SU", "FREQ=DAILY;INTERVAL=52"],
)
def test_rare_rules_are_looked_at_in_no_time(rule: str) -> None:
    """Without its bound a rule that never holds again is followed to the year 9999."""
    started = perf_counter()
    for month in range(1, 13):
        occurs(rule, date(1990, 1, 1), date(2061, month, 1))
    assert perf_counter() - started < 0.5
