"""Rules of observations: states, how long a value holds. No I/O."""

import calendar
import re
from datetime import date
from enum import StrEnum

from services.scoring.methods.domain import Indicator
from services.scoring.runs.domain import EXPIRED, Input, too_few


class ObservationState(StrEnum):
    """Missing is never a number: what is reported without a value says why."""

    REPORTED = "reported"
    NOT_APPLICABLE = "not_applicable"
    """There is nothing to measure: no minority, no complaint."""
    SUPPRESSED = "suppressed"
    """Too few cases to show."""


def add_months(day: date, months: int) -> date:
    """The same day of a later month; the last day of a month stays the last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    ends_month = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if ends_month else min(day.day, last))


_SCORE = re.compile(r"score (\d+)-(\d+)", re.ASCII)
_RATE = re.compile(r"per (\d[\d,]*) ", re.ASCII)


def range_of(unit: str, rollup: str) -> tuple[float | None, float | None]:
    """Between which values an indicator can lie, by the words of its unit: "% of deputies", "score 0-5", "per 1,000
    children", "ratio", "proposals per year". None: no bound; a unit of other words has none."""
    if score := _SCORE.match(unit):
        return min(float(score[1]), float(score[2])), max(float(score[1]), float(score[2]))
    if unit.startswith("% of "):
        return 0.0, 100.0
    if rate := _RATE.match(unit):
        return 0.0, float(rate[1].replace(",", ""))
    if unit.startswith("%") or unit == "ratio" or rollup == "count":
        return 0.0, None  # a deviation can be more than the whole
    return None, None


PART = ("% of ", "per ")
"""How a unit begins that says what part of a whole is meant; a numerator counts some of those of the denominator."""


def whole_of(unit: str, rollup: str) -> float | None:
    """What numerator by denominator is multiplied by to give the value: 100 where the unit is a percentage, N where it
    is "per N …". None: the value is not the quotient of two counts."""
    if unit.startswith("% of ") or (unit.startswith("%") and rollup == "ratio_of_sums"):
        return 100.0
    rate = _RATE.match(unit)
    return float(rate[1].replace(",", "")) if rate else None


def expired(period_end: date, validity_months: int, on: date) -> bool:
    """Whether a value for a period that ended on `period_end` is too old for a run that ends on `on`."""
    return add_months(period_end, validity_months) < on


def as_input(
    indicator: Indicator,
    *,
    state: str,
    period_end: date,
    value: float | None,
    numerator: int | None,
    denominator: int | None,
    origin: str,
    source: tuple[str, ...],
    on: date,
) -> Input:
    """What an observation is worth to a run that ends on `on`. Figures of what is not shown are not shown either."""
    few = denominator is not None and denominator < indicator.minimum_cases
    if expired(period_end, indicator.validity_months, on):
        reason: str | None = EXPIRED
    elif state != ObservationState.REPORTED:
        reason = state
    elif few:
        reason = too_few(indicator.minimum_cases)
    else:
        reason = None
    if few or state != ObservationState.REPORTED:
        numerator = denominator = None
    return Input(value if reason is None else None, reason, numerator, denominator, origin, source)
