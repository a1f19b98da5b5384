from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import OfficeHours, OutOfCalendarError, Term, Unit, WorkingCalendar, add_months, deadline
from shared.calendar.base import base_days

BISHKEK = ZoneInfo("Asia/Bishkek")
CALENDAR = WorkingCalendar.from_days(base_days(range(2023, 2029)), range(2023, 2027))
OFFICE = OfficeHours(time(9), time(18))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BISHKEK)  # type: ignore[arg-type,misc]


class TestTerm:
    @pytest.mark.parametrize(
        ("number", "unit"), [(-1, "hour"), (10_001, "month"), (2, "same_day"), (True, "hour"), (1, "week")]
    )
    def test_limits(self, number: int, unit: str) -> None:
        with pytest.raises(ValueError, match=r"counts from|not a valid Unit"):
            Term(number, unit)  # type: ignore[arg-type]

    def test_plain(self) -> None:
        term = Term(3, Unit.WORKING_DAY, "payment")
        assert term.to_plain() == {"number": 3, "unit": "working_day", "starts_at": "payment"}
        assert Term.from_plain(term.to_plain()) == term
        assert Term.from_plain({"number": 1, "unit": "hour"}).starts_at == "application"
        with pytest.raises(KeyError):
            Term.from_plain({"unit": "hour"})


class TestDays:
    @pytest.mark.parametrize(
        ("term", "applied_at", "ends"),
        [
            (Term(3, Unit.WORKING_DAY), at(2026, 4, 30, 10), date(2026, 5, 13)),
            (
                Term(3, Unit.CALENDAR_DAY),
                at(2026, 4, 30, 10),
                date(2026, 5, 11),
            ),  # the 3rd of May is a day off
            (Term(14, Unit.CALENDAR_DAY), at(2026, 4, 30, 10), date(2026, 5, 14)),
            (Term(0, Unit.CALENDAR_DAY), at(2026, 5, 2, 10), date(2026, 5, 11)),
            (Term(1, Unit.MONTH), at(2025, 1, 31, 10), date(2025, 2, 28)),
            (Term(1, Unit.MONTH), at(2024, 1, 31, 10), date(2024, 2, 29)),
            (Term(1, Unit.MONTH), at(2026, 1, 31, 10), date(2026, 3, 2)),  # 28 February is a Saturday
            (Term(12, Unit.MONTH), at(2024, 2, 29, 10), date(2025, 2, 28)),
            (Term(2, Unit.MONTH), at(2025, 12, 15, 10), date(2026, 2, 16)),
            (Term(0, Unit.SAME_DAY), at(2026, 4, 30, 23), date(2026, 4, 30)),
            (Term(1, Unit.SAME_DAY), at(2026, 5, 2, 10), date(2026, 5, 11)),
        ],
    )
    def test_last_day(self, term: Term, applied_at: datetime, ends: date) -> None:
        found = deadline(term, applied_at, CALENDAR)
        assert found.date == found.at.date() == ends
        assert found.by_day

    def test_the_day_is_the_one_in_bishkek(self) -> None:
        late = datetime(2026, 4, 29, 19, 30, tzinfo=UTC)  # 01:30 of the 30th in Bishkek
        assert deadline(Term(1, Unit.CALENDAR_DAY), late - timedelta(hours=2), CALENDAR).date == date(
            2026, 4, 30
        )
        assert deadline(Term(0, Unit.CALENDAR_DAY), late, CALENDAR).date == date(2026, 4, 30)
        assert deadline(Term(0, Unit.CALENDAR_DAY), late, CALENDAR, ZoneInfo("UTC")).date == date(2026, 4, 29)

    def test_the_whole_last_day_is_in_time(self) -> None:
        found = deadline(Term(1, Unit.WORKING_DAY), at(2026, 4, 28, 10), CALENDAR)
        assert found.is_kept(at(2026, 4, 29, 23, 59))
        assert not found.is_kept(at(2026, 4, 30))

    def test_until_closing_time_where_hours_are_given(self) -> None:
        found = deadline(Term(1, Unit.WORKING_DAY), at(2026, 4, 28, 10), CALENDAR, hours=OFFICE)
        assert found.at == at(2026, 4, 29, 18)

    def test_provisional(self) -> None:
        assert not deadline(Term(3, Unit.WORKING_DAY), at(2026, 12, 28, 9), CALENDAR).provisional
        assert deadline(Term(4, Unit.WORKING_DAY), at(2026, 12, 28, 9), CALENDAR).provisional
        assert deadline(Term(1, Unit.MONTH), at(2026, 12, 15, 9), CALENDAR).provisional


class TestClock:
    def test_hours_run_through_nights_and_days_off(self) -> None:
        found = deadline(Term(24, Unit.HOUR), at(2026, 4, 30, 17), CALENDAR)
        assert found.at == at(2026, 5, 1, 17)
        assert not found.by_day
        assert found.is_kept(at(2026, 5, 1, 17))
        assert not found.is_kept(at(2026, 5, 1, 17, 0, 1))

    def test_never_provisional(self) -> None:
        assert not deadline(Term(15, Unit.MINUTE), at(2028, 1, 1), CALENDAR).provisional

    @pytest.mark.parametrize(
        ("term", "applied_at", "ends"),
        [
            (Term(3, Unit.HOUR), at(2026, 4, 28, 10), at(2026, 4, 28, 13)),
            (Term(3, Unit.HOUR), at(2026, 4, 28, 15), at(2026, 4, 28, 18)),  # exactly at closing time
            (Term(3, Unit.HOUR), at(2026, 4, 28, 17), at(2026, 4, 29, 11)),
            (Term(3, Unit.HOUR), at(2026, 4, 30, 17), at(2026, 5, 11, 11)),  # over the May holidays
            (Term(15, Unit.MINUTE), at(2026, 4, 28, 7), at(2026, 4, 28, 9, 15)),
            (Term(15, Unit.MINUTE), at(2026, 4, 28, 22), at(2026, 4, 29, 9, 15)),
            (Term(15, Unit.MINUTE), at(2026, 5, 2, 12), at(2026, 5, 11, 9, 15)),
            (Term(18, Unit.HOUR), at(2026, 4, 27, 9), at(2026, 4, 28, 18)),  # two whole working days
            (Term(0, Unit.HOUR), at(2026, 4, 28, 10), at(2026, 4, 28, 10)),
        ],
    )
    def test_only_office_hours_count(self, term: Term, applied_at: datetime, ends: datetime) -> None:
        assert deadline(term, applied_at, CALENDAR, hours=OFFICE).at == ends

    def test_office_hours_depend_on_the_decree(self) -> None:
        assert deadline(Term(3, Unit.HOUR), at(2026, 12, 31, 17), CALENDAR, hours=OFFICE).provisional
        assert not deadline(Term(3, Unit.HOUR), at(2026, 12, 30, 17), CALENDAR, hours=OFFICE).provisional

    @given(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)), st.integers(0, 600))  # noqa: DTZ001
    def test_the_working_time_in_between_is_the_term(self, applied: datetime, minutes: int) -> None:
        applied = applied.replace(microsecond=0, tzinfo=BISHKEK)
        ends = deadline(Term(minutes, Unit.MINUTE), applied, CALENDAR, hours=OFFICE).at
        worked = timedelta()
        day = applied.date()
        while day <= ends.date():
            opens, closes = (datetime.combine(day, hour, BISHKEK) for hour in (OFFICE.opens, OFFICE.closes))
            if CALENDAR.is_working_day(day):
                worked += max(min(closes, ends) - max(opens, applied), timedelta())
            day += timedelta(days=1)
        assert worked == timedelta(minutes=minutes)

    @pytest.mark.parametrize(
        ("opens", "closes"),
        [(time(18), time(9)), (time(9), time(9)), (time(9, tzinfo=UTC), time(18, tzinfo=UTC))],
    )
    def test_impossible_hours(self, opens: time, closes: time) -> None:
        with pytest.raises(ValueError, match="opening time"):
            OfficeHours(opens, closes)


class TestLimits:
    def test_naive_instants_are_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            deadline(Term(1, Unit.HOUR), datetime(2026, 1, 1), CALENDAR)  # noqa: DTZ001

    @pytest.mark.parametrize("unit", [Unit.HOUR, Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.MONTH])
    def test_past_the_last_year(self, unit: Unit) -> None:
        with pytest.raises(OutOfCalendarError):
            deadline(Term(10_000, unit), at(9999, 12, 20, 10), CALENDAR)

    @given(st.dates(date(1, 1, 1), date(9000, 12, 31)), st.integers(0, 10_000))
    def test_months(self, start: date, number: int) -> None:
        found = add_months(start, number)
        assert (found.year * 12 + found.month) - (start.year * 12 + start.month) == number
        assert found.day == start.day or (found.day < start.day and (found + timedelta(days=1)).day == 1)

    @given(
        st.sampled_from([Unit.MINUTE, Unit.HOUR, Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.MONTH]),
        st.integers(0, 200),
        st.integers(0, 50),
        st.datetimes(datetime(2023, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_longer_terms_never_end_earlier(
        self, unit: Unit, number: int, more: int, applied: datetime
    ) -> None:
        one = deadline(Term(number, unit), applied, CALENDAR)
        assert one.at <= deadline(Term(number + more, unit), applied, CALENDAR).at
        assert one.date >= applied.astimezone(BISHKEK).date()
