"""How long values hold."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.observations.domain import add_months, as_input, expired, whole_of
from tests.scoring.builders import indicator


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 6, 30), 6, date(2025, 12, 31)),
        (date(2025, 6, 15), 6, date(2025, 12, 15)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 30), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
    ],
)
def test_months_later(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.integers(1, 240))
def test_a_value_holds_to_the_very_day_and_no_longer(day: date, months: int) -> None:
    last = add_months(day, months)
    assert not expired(day, months, last)
    assert expired(day, months, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("changes", "value", "reason"),
    [
        ({}, 12.5, None),
        ({"on": date(2027, 1, 1)}, None, "expired"),
        ({"state": "suppressed", "value": None}, None, "suppressed"),
        ({"state": "not_applicable", "value": None, "on": date(2030, 1, 1)}, None, "expired"),
        ({"numerator": 1, "denominator": 4}, None, "fewer_than_5"),
        ({"numerator": 1, "denominator": 5}, 12.5, None),
    ],
)
def test_what_an_observation_is_worth(
    changes: dict[str, object], value: float | None, reason: str | None
) -> None:
    given_: dict[str, object] = {
        "state": "reported",
        "period_end": date(2025, 12, 31),
        "value": 12.5,
        "numerator": None,
        "denominator": None,
        "origin": "official",
        "source": ("observation", "1"),
        "on": date(2026, 12, 31),
    }
    found = as_input(indicator(minimum_cases=5), **{**given_, **changes})  # type: ignore[arg-type]
    assert (found.value, found.missing_reason) == (value, reason)
    assert (found.origin, found.source) == ("official", ("observation", "1"))


@pytest.mark.parametrize(
    ("state", "cases", "on", "shown"),
    [
        ("reported", 5, date(2026, 12, 31), True),
        ("reported", 5, date(2030, 1, 1), True),
        ("reported", 4, date(2026, 12, 31), False),
        ("suppressed", 9, date(2026, 12, 31), False),
        ("suppressed", 9, date(2030, 1, 1), False),
        ("not_applicable", 9, date(2026, 12, 31), False),
    ],
)
def test_figures_of_what_is_not_shown_are_not_shown(state: str, cases: int, on: date, shown: bool) -> None:
    found = as_input(
        indicator(minimum_cases=5),
        state=state,
        period_end=date(2025, 12, 31),
        value=20 if state == "reported" else None,
        numerator=1,
        denominator=cases,
        origin="official",
        source=("observation", "1"),
        on=on,
    )
    assert (found.numerator, found.denominator) == ((1, cases) if shown else (None, None))


@pytest.mark.parametrize(
    ("unit", "rollup", "expected"),
    [
        ("% of deputies", "latest", 100),
        ("% of settlements", "checklist_share", 100),
        ("% absolute deviation", "weighted_abs_deviation", None),
        ("%", "ratio_of_sums", 100),
        ("per 1,000 children", "rate_per_1000", 1000),
        ("ratio", "ratio_of_shares", None),
        ("score 0-5", "checklist_sum", None),
    ],
)
def test_the_unit_says_what_a_quotient_is_multiplied_by(
    unit: str, rollup: str, expected: float | None
) -> None:
    assert whole_of(unit, rollup) == expected
