"""Open now and next opening, over breaks, exceptions, public holidays, midnights and what nobody knows."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.service_points.opening import Opening, day_spans, minutes, opening
from shared.calendar import CalendarDay, WorkingCalendar
from shared.clock import BISHKEK
from shared.contracts.service_points import PointHours
from tests.registry.service_points.conftest import WEEKDAYS

YEAR = 2026
HOLIDAYS = [
    CalendarDay(datetime(YEAR, 3, 23, tzinfo=BISHKEK).date(), working=False, name={"ru": "перенос"}),
    CalendarDay(
        datetime(YEAR, 8, 31, tzinfo=BISHKEK).date(), working=False, name={"ru": "День независимости"}
    ),
]
CALENDAR = WorkingCalendar.from_days(HOLIDAYS, [YEAR])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BISHKEK)


def hours(**changes: Any) -> PointHours:
    return PointHours.model_validate(WEEKDAYS | changes)


ALWAYS = {
    "rules": [{"rrule": "FREQ=DAILY", "opens": "00:00", "closes": "24:00"}],
    "public_holidays": "as_usual",
}
NIGHT = {
    "rules": [
        {"rrule": "FREQ=WEEKLY;BYDAY=FR", "opens": "20:00", "closes": "24:00"},
        {"rrule": "FREQ=WEEKLY;BYDAY=SA", "opens": "00:00", "closes": "02:00"},
    ]
}


@pytest.mark.parametrize(
    ("when", "found", "expected"),
    [
        ("2026-11-23T09:00", hours(), Opening(True, until=at("2026-11-23T12:30"))),
        ("2026-11-23T08:59", hours(), Opening(False, next=at("2026-11-23T09:00"))),
        ("2026-11-23T12:30", hours(), Opening(False, next=at("2026-11-23T13:30"))),
        ("2026-11-23T18:00", hours(), Opening(False, next=at("2026-11-24T09:00"))),
        ("2026-11-27T19:00", hours(), Opening(False, next=at("2026-11-30T09:00"))),
        # the Monday before, and the holiday itself
        ("2026-03-20T19:00", hours(), Opening(False, next=at("2026-03-24T09:00"))),
        ("2026-03-23T10:00", hours(), Opening(False, next=at("2026-03-24T09:00"))),
        ("2026-03-23T10:00", hours(public_holidays="as_usual"), Opening(True, until=at("2026-03-23T12:30"))),
        ("2026-03-23T10:00", hours(public_holidays="unknown"), Opening(None, next=at("2026-03-24T09:00"))),
        # an exception says it all, on a holiday too
        (
            "2026-03-23T10:00",
            hours(exceptions=[{"day": "2026-03-23", "spans": [{"opens": "10:00", "closes": "11:00"}]}]),
            Opening(True, until=at("2026-03-23T11:00")),
        ),
        (
            "2026-11-23T10:00",
            hours(exceptions=[{"day": "2026-11-23"}]),
            Opening(False, next=at("2026-11-24T09:00")),
        ),
        ("2026-11-27T23:00", PointHours.model_validate(NIGHT), Opening(True, until=at("2026-11-28T02:00"))),
        ("2026-11-27T23:00", PointHours.model_validate(ALWAYS), Opening(True, until=None)),
        ("2026-12-31T23:00", hours(), Opening(False, next=at("2027-01-01T09:00"), provisional=True)),
        (
            "2026-11-23T10:00",
            hours(
                rules=[{"rrule": "FREQ=DAILY;UNTIL=20261101", "opens": "10:00", "closes": "11:00"}],
                exceptions=[{"day": "2026-11-25", "spans": [{"opens": "10:00", "closes": "11:00"}]}],
            ),
            Opening(False, next=at("2026-11-25T10:00")),
        ),
        (
            "2026-11-23T10:00",
            hours(rules=[{"rrule": "FREQ=DAILY;UNTIL=20261101", "opens": "10:00", "closes": "11:00"}]),
            Opening(False),
        ),
        ("2026-11-23T10:00", None, Opening(None)),
        ("2026-11-23T10:00", PointHours(), Opening(False)),
        (
            "2026-11-23T10:00",
            hours(
                rules=[{"rrule": "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=1", "opens": "10:00", "closes": "11:00"}]
            ),
            Opening(False, next=at("2027-10-01T10:00"), provisional=True),
        ),
    ],
)
def test_open_now_and_next(when: str, found: PointHours | None, expected: Opening) -> None:
    assert opening(found, at(when), CALENDAR) == expected


def test_the_day_is_bishkeks_wherever_the_server_stands() -> None:
    utc = datetime.fromisoformat("2026-11-23T03:00:00+00:00")
    assert opening(hours(), utc, CALENDAR).open is True


def clock_time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


spans = st.builds(
    lambda start, length: (clock_time(start), clock_time(min(start + length, 1439))),
    st.integers(0, 1438),
    st.integers(1, 600),
)


@given(st.lists(spans, min_size=1, max_size=3), st.lists(spans, max_size=3), st.integers(0, 1439))
def test_a_minute_is_open_when_a_rule_holds_and_no_break_of_it_does(
    given_rules: list[tuple[str, str]], breaks: list[tuple[str, str]], minute: int
) -> None:
    rules = [
        {
            "rrule": "FREQ=DAILY",
            "opens": opens,
            "closes": closes,
            "breaks": [{"opens": start, "closes": stop} for start, stop in breaks],
        }
        for opens, closes in given_rules
    ]
    moment = at("2026-11-23T00:00") + timedelta(minutes=minute)
    found = PointHours.model_validate({"rules": rules})
    inside = [
        minutes(opens) <= minute < minutes(closes)
        and not any(minutes(start) <= minute < minutes(stop) for start, stop in breaks)
        for opens, closes in given_rules
    ]
    assert opening(found, moment, CALENDAR).open is any(inside)
    merged = day_spans(found, moment.date(), CALENDAR) or []
    assert all(start < end for start, end in merged)
    assert all(one[1] < following[0] for one, following in itertools.pairwise(merged))
