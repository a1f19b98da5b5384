import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import CalendarDay, Correction, WorkingCalendar, corrected
from shared.calendar.base import base_days

days = st.builds(
    CalendarDay,
    date=st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    working=st.booleans(),
    name=st.dictionaries(st.sampled_from(["ky", "ru"]), st.text(min_size=1, max_size=5)),
    source=st.text(max_size=5),
)


class TestBase:
    def test_2026_as_the_ministry_of_labour_announced_it(self) -> None:
        """Press of December 2025 (24.kg, mes.kg): 1-7 January, 8 and 21 March, 1-9 May, 31 August, and the Aits."""
        announced = {date(2026, 1, day) for day in range(1, 8)} | {date(2026, 5, day) for day in range(1, 10)}
        announced |= {date(2026, 3, 8), date(2026, 3, 21), date(2026, 8, 31)}
        given_days = base_days([2026])
        off = {day.date for day in given_days if not day.working}
        assert announced <= off
        assert {day.name["ky"] for day in given_days if day.date in off - announced} == {
            "Орозо айт",
            "Курман айт",
        }
        assert not any(day.working for day in given_days)

    def test_names_in_three_languages_and_where_they_are_from(self) -> None:
        nooruz = next(day for day in base_days([2026]) if day.date == date(2026, 3, 21))
        assert set(nooruz.name) == {"ky", "ru", "en"}
        assert "Нооруз" in nooruz.name["ky"]
        assert nooruz.source.startswith("holidays ")

    def test_saturdays_worked_for_moved_days_off(self) -> None:
        """Cabinet decision for 2023 (bulak.kg, 16 December 2022): 25 February is worked for 4 January."""
        worked = {day.date for day in base_days([2023]) if day.working}
        assert {date(2023, 2, 25), date(2023, 3, 11), date(2023, 3, 25), date(2023, 4, 29)} <= worked

    def test_many_years_fit_one_calendar(self) -> None:
        calendar = WorkingCalendar.from_days(base_days(range(1992, 2040)))
        assert {day.date.year for day in calendar.days} == set(range(1992, 2040))

    def test_no_years(self) -> None:
        assert base_days([]) == []


class TestCorrections:
    def test_take_the_place_of_the_base(self) -> None:
        base = [CalendarDay(date(2027, 3, 9), working=False, source="library")]
        moved = Correction(date(2027, 3, 9), working=True, act="№ 1", note={"ky": "жылдырылды"})
        extra = Correction(date(2027, 3, 10), working=False, act="№ 1")
        assert corrected(base, [extra, moved]) == [
            CalendarDay(date(2027, 3, 9), True, {"ky": "жылдырылды"}, "№ 1"),
            CalendarDay(date(2027, 3, 10), False, {}, "№ 1"),
        ]

    def test_a_later_decree_overrides_an_earlier_one(self) -> None:
        first = Correction(date(2027, 3, 9), working=True, act="№ 1")
        second = Correction(date(2027, 3, 9), working=False, act="№ 2")
        assert [day.source for day in corrected([], [first, second])] == ["№ 2"]


class TestPlainData:
    @given(st.lists(days, unique_by=lambda day: day.date), st.sets(st.integers(2024, 2028)))
    def test_survives_json(self, given_days: list[CalendarDay], years: set[int]) -> None:
        calendar = WorkingCalendar.from_days(given_days, years)
        again = WorkingCalendar.from_plain(json.loads(json.dumps(calendar.to_plain())))
        assert again.to_plain() == calendar.to_plain()
        assert again.days == sorted(given_days, key=lambda day: day.date)
        assert again.decreed_years == years

    @pytest.mark.parametrize(
        "plain",
        [{}, {"days": [{}], "decreed_years": []}, {"days": [{"date": "2026-13-01"}], "decreed_years": []}],
    )
    def test_other_data_is_refused(self, plain: dict[str, object]) -> None:
        with pytest.raises((KeyError, ValueError)):
            WorkingCalendar.from_plain(plain)

    def test_a_date_cannot_be_both(self) -> None:
        both = [CalendarDay(date(2026, 1, 1), working=worked) for worked in (True, False)]
        with pytest.raises(ValueError, match="2026-01-01"):
            WorkingCalendar.from_days(both)
