"""Values lie where the unit of their indicator lets them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.observations.domain import range_of
from services.scoring.seed import definition
from tests.scoring.client import Scoring, csv_of
from tests.scoring.events import OSH


@pytest.mark.parametrize(
    ("unit", "rollup", "expected"),
    [
        ("% of deputies", "latest", (0, 100)),
        ("% absolute deviation", "weighted_abs_deviation", (0, None)),
        ("score 0-5", "checklist_sum", (0, 5)),
        ("score 0-100", "latest", (0, 100)),
        ("per 1,000 children", "rate_per_1000", (0, 1000)),
        ("proposals per year", "count", (0, None)),
        ("ratio", "ratio_of_shares", (0, None)),
        ("degrees", "latest", (None, None)),
    ],
)
def test_the_unit_says_between_what(
    unit: str, rollup: str, expected: tuple[float | None, float | None]
) -> None:
    assert range_of(unit, rollup) == expected


def test_every_unit_of_the_index_has_a_range_that_holds_its_goalposts() -> None:
    for indicator in definition().indicators:
        low, high = range_of(indicator.unit, indicator.rollup)
        assert low is not None, indicator.unit
        assert low <= indicator.goalposts.low
        assert high is None or indicator.goalposts.high <= high


@pytest.mark.parametrize(
    ("indicator", "value", "refused"),
    [
        ("PAR1", "130", True),
        ("PAR1", "-0.1", True),
        ("PAR1", "100", False),
        ("PAR5", "-1", True),
        ("PAR5", "12", False),
        ("ACO5", "5.1", True),
        ("RIG2", "1001", True),
        ("BUD5", "140", False),
    ],
)
async def test_an_import_names_row_and_column(
    scoring: Scoring, indicator: str, value: str, refused: bool
) -> None:
    answer = await scoring.post_csv(csv_of([(OSH, "PAR3", "0.5"), (OSH, indicator, value)]))
    if not refused:
        assert answer.status_code == 201, answer.text
        return
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/rows/3/value", "out_of_range")


@given(st.text(max_size=20), st.text(max_size=10))
def test_any_unit_has_an_answer(unit: str, rollup: str) -> None:
    low, high = range_of(unit, rollup)
    assert low is None or high is None or low <= high
