from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.calendar import CalendarDay, OutOfCalendarError, Reckoned, WorkingCalendar
from shared.calendar.base import base_days

KYRGYZSTAN = WorkingCalendar.from_days(base_days(range(2020, 2028)), range(2020, 2027))
PLAIN = WorkingCalendar.from_days([])

some_dates = st.dates(date(2021, 1, 1), date(2027, 12, 31))
calendars = st.lists(
    st.builds(CalendarDay, date=st.dates(date(2021, 1, 1), date(2028, 12, 31)), working=st.booleans()),
    max_size=60,
    unique_by=lambda day: day.date,
).map(WorkingCalendar.from_days)


def days_one_by_one(calendar: WorkingCalendar, start: date, number: int) -> date:
    """The definition, counted on the fingers."""
    day = start
    while number:
        day += timedelta(days=1)
        number -= bool(calendar.is_working_day(day))
    return day


class TestDays:
    @pytest.mark.parametrize(
        ("day", "working"),
        [
            (date(2026, 4, 30), True),
            (date(2026, 5, 1), False),
            (date(2026, 5, 6), False),  # a Wednesday within the May holidays
            (date(2026, 5, 10), False),  # a Sunday
            (date(2026, 5, 11), True),
            (date(2026, 2, 23), True),  # a holiday that is worked since 2025
            (date(2023, 2, 25), True),  # a Saturday worked for 4 January
            (date(2023, 1, 4), False),
        ],
    )
    def test_is_working_day(self, day: date, *, working: bool) -> None:
        status = KYRGYZSTAN.is_working_day(day)
        assert bool(status) is status.working is working

    def test_says_what_the_day_is(self) -> None:
        status = KYRGYZSTAN.is_working_day(date(2026, 3, 21))
        assert status.day is not None
        assert "Нооруз" in status.day.name["ky"]
        assert KYRGYZSTAN.is_working_day(date(2026, 3, 19)).day is None

    def test_an_instant_is_not_a_date(self) -> None:
        with pytest.raises(TypeError):
            KYRGYZSTAN.is_working_day(datetime(2026, 3, 21, tzinfo=UTC))


class TestCounting:
    @pytest.mark.parametrize(
        ("start", "number", "end"),
        [
            (date(2026, 4, 30), 1, date(2026, 5, 11)),
            (date(2026, 4, 30), 3, date(2026, 5, 13)),
            (date(2026, 5, 3), 3, date(2026, 5, 13)),  # applied for on a Sunday
            (date(2026, 3, 18), 3, date(2026, 3, 24)),  # over Orozo Ait, Nooruz and a weekend
            (date(2026, 4, 30), 0, date(2026, 4, 30)),
            (date(2026, 5, 1), 0, date(2026, 5, 11)),
            (date(2023, 2, 24), 1, date(2023, 2, 25)),
        ],
    )
    def test_a_term_begins_the_day_after(self, start: date, number: int, end: date) -> None:
        assert KYRGYZSTAN.add_working_days(start, number).date == end

    def test_next(self) -> None:
        assert KYRGYZSTAN.next_working_day(date(2025, 12, 31)).date == date(2026, 1, 8)
        assert KYRGYZSTAN.on_or_after(date(2026, 1, 8)).date == date(2026, 1, 8)

    def test_between(self) -> None:
        assert KYRGYZSTAN.working_days_between(date(2026, 4, 30), date(2026, 5, 13)).days == 3
        assert KYRGYZSTAN.working_days_between(date(2026, 5, 13), date(2026, 4, 30)).days == -3
        assert KYRGYZSTAN.working_days_between(date(2026, 5, 1), date(2026, 5, 10)).days == 0
        assert KYRGYZSTAN.working_days_between(date(2026, 5, 13), date(2026, 5, 13)).days == 0

    @given(calendars, some_dates, st.integers(0, 80))
    def test_same_as_one_by_one(self, calendar: WorkingCalendar, start: date, number: int) -> None:
        found = calendar.add_working_days(start, number).date
        if number:
            assert found == days_one_by_one(calendar, start, number)
            assert calendar.working_days_between(start, found).days == number
        assert calendar.is_working_day(found)

    @given(calendars, some_dates, some_dates, some_dates)
    def test_spans_add_up(self, calendar: WorkingCalendar, a: date, b: date, c: date) -> None:
        def between(start: date, end: date) -> int:
            return calendar.working_days_between(start, end).days

        assert between(a, b) + between(b, c) == between(a, c)
        assert between(a, b) == -between(b, a)

    @given(calendars, some_dates, st.integers(0, 40), st.integers(0, 40))
    def test_more_days_never_end_earlier(
        self, calendar: WorkingCalendar, start: date, one: int, more: int
    ) -> None:
        assert calendar.add_working_days(start, one).date <= calendar.add_working_days(start, one + more).date


class TestLimits:
    @pytest.mark.parametrize("number", [-1, 100_001])
    def test_number(self, number: int) -> None:
        with pytest.raises(ValueError, match="cannot be counted"):
            PLAIN.add_working_days(date(2026, 1, 1), number)

    def test_far_years(self) -> None:
        assert PLAIN.add_working_days(date(9999, 12, 30), 1).date == date.max
        assert PLAIN.add_working_days(date(1, 1, 1), 5).date == date(1, 1, 8)
        with pytest.raises(OutOfCalendarError):
            PLAIN.add_working_days(date.max, 1)

    def test_long_terms_do_not_walk_day_by_day(self) -> None:
        assert PLAIN.add_working_days(date(2026, 1, 2), 100_000).date == date(2026, 1, 2) + timedelta(
            weeks=20_000
        )


class TestProvisional:
    def test_a_year_without_decree(self) -> None:
        assert not KYRGYZSTAN.is_working_day(date(2026, 12, 31)).provisional
        assert KYRGYZSTAN.is_working_day(date(2027, 1, 8)).provisional

    def test_a_term_that_reaches_into_it(self) -> None:
        assert not KYRGYZSTAN.add_working_days(date(2026, 12, 28), 3).provisional
        assert KYRGYZSTAN.add_working_days(date(2026, 12, 28), 4).provisional
        assert KYRGYZSTAN.next_working_day(date(2026, 12, 31)).provisional
        assert KYRGYZSTAN.working_days_between(date(2026, 12, 1), date(2027, 1, 1)).provisional

    def test_the_day_of_application_does_not_matter(self) -> None:
        only_2026 = WorkingCalendar.from_days([], {2026})
        assert not only_2026.add_working_days(date(2025, 12, 31), 1).provisional
        assert not only_2026.working_days_between(date(2025, 12, 31), date(2026, 1, 1)).provisional

    def test_years_between_count_too(self) -> None:
        gap = WorkingCalendar.from_days([], {2025, 2027})
        assert gap.working_days_between(date(2025, 12, 1), date(2027, 2, 1)).provisional

    def test_whether_a_term_may_end_today_depends_on_today(self) -> None:
        only_2027 = WorkingCalendar.from_days([CalendarDay(date(2026, 12, 31), working=False)], {2027})
        assert only_2027.add_working_days(date(2026, 12, 31), 0) == Reckoned(
            date(2027, 1, 1), provisional=True
        )

    @given(
        calendars,
        st.sets(st.integers(2021, 2028)),
        st.lists(st.dates(date(2021, 1, 1), date(2028, 12, 31)), max_size=30),
        some_dates,
        st.integers(0, 400),
    )
    def test_what_is_not_provisional_stays_whatever_is_decreed_elsewhere(
        self, known: WorkingCalendar, decreed: set[int], turned: list[date], start: date, number: int
    ) -> None:
        now = WorkingCalendar.from_days(known.days, decreed)
        days = {day.date: day for day in known.days}
        for day in turned:
            if day.year not in decreed:
                days[day] = CalendarDay(day, working=not now.is_working_day(day))
        later = WorkingCalendar.from_days(days.values(), range(2021, 2030))
        found = now.add_working_days(start, number)
        assume(not found.provisional)
        assert later.add_working_days(start, number).date == found.date
        between = now.working_days_between(start, found.date)
        if not between.provisional:
            assert later.working_days_between(start, found.date).days == between.days
