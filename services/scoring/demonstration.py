"""The made-up import of the demonstration: 24 indicators of 30 municipalities, the same values every time.

Pure but for the seed files. Every row says that it is a demonstration."""

import csv
import io
from collections.abc import Collection, Sequence
from datetime import date
from random import Random

from services.scoring.methods.domain import Derivation
from services.scoring.methods.schemas import IndicatorDefinition
from services.scoring.observations.domain import ObservationState
from services.scoring.seed import definition, read
from shared.values import Origin

OSH = "41721000000000"
SOURCE = "made up for the demonstration"
COLUMNS = (
    "municipality_code",
    "indicator_code",
    "period_end",
    "observed_on",
    "value",
    "numerator",
    "denominator",
    "state",
    "origin",
    "source",
)
_MISSING_SHARE = 0.04
_STATE_SHARE = 0.1
_STATES = {
    "ACC4": ObservationState.NOT_APPLICABLE,
    "PAR3": ObservationState.NOT_APPLICABLE,
    "RIG4": ObservationState.NOT_APPLICABLE,
    "RIG1": ObservationState.SUPPRESSED,
}
"""What may not be there for a reason: no minority, no complaint, too few cases."""
_UNREPORTED = ({"BUD"}, {"BUD", "RIG"})
"""Dimensions of which the last two municipalities report nothing: one keeps a score, one has none."""


def municipalities() -> list[str]:
    """SOATE codes of the thirty."""
    return [row["code"] for row in read("demonstration_municipalities.csv")]


def demonstration_import(period_end: date, observed_on: date | None = None, *, seed: int = 25) -> str:
    """The import of the seeded method for a period; Osh city reports everything."""
    return demonstration_csv(
        definition().indicators, municipalities(), period_end, observed_on, complete={OSH}, seed=seed
    )


def demonstration_csv(
    indicators: Sequence[IndicatorDefinition],
    codes: Sequence[str],
    period_end: date,
    observed_on: date | None = None,
    *,
    complete: Collection[str] = (),
    seed: int = 25,
) -> str:
    """CSV text with a value for most indicators that are not computed; for `complete` municipalities for all."""
    random = Random(seed)  # noqa: S311 - values to look at, not secrets
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    silent = dict(zip([code for code in reversed(codes) if code not in complete], _UNREPORTED, strict=False))
    for code in codes:
        level = 0.25 + 0.55 * random.random()
        for indicator in indicators:
            if indicator.derivation is not Derivation.IMPORTED:
                continue
            cells = _cells(indicator, level, random, complete=code in complete)
            if cells is None or indicator.dimension in silent.get(code, ()):
                continue
            days = (period_end.isoformat(), (observed_on or period_end).isoformat())
            writer.writerow((code, indicator.code, *days, *cells, Origin.DEMONSTRATION, SOURCE))
    return out.getvalue()


def _cells(
    indicator: IndicatorDefinition, level: float, random: Random, *, complete: bool
) -> tuple[str, str, str, str] | None:
    """Value, numerator, denominator and state; None: not reported. Draws the same numbers in every case."""
    share = min(max(level + 0.5 * (random.random() - 0.5), 0.03), 0.97)
    cases = 40 + int(360 * random.random())
    fate = random.random()
    if not complete:
        if fate < _MISSING_SHARE:
            return None
        if indicator.code in _STATES and fate < _STATE_SHARE:
            return "", "", "", _STATES[indicator.code]
    low, high = indicator.goalposts.low, indicator.goalposts.high
    value = low + share * (high - low) if indicator.direction > 0 else high - share * (high - low)
    return (*_numbers(indicator, value, cases), ObservationState.REPORTED)


def _numbers(indicator: IndicatorDefinition, value: float, cases: int) -> tuple[str, str, str]:
    if indicator.unit.startswith("%") and indicator.rollup == "ratio_of_sums":
        counted = round(value * cases / 100)
        return f"{100 * counted / cases:.1f}", str(counted), str(cases)
    whole = indicator.unit.startswith(("proposals", "score 0-5"))
    digits = 0 if whole else 2 if indicator.unit == "ratio" else 1
    return f"{value:.{digits}f}", "", ""
