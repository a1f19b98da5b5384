"""Why a score is what it is: the steps from a value to its part of the score, each with its numbers put in. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from services.scoring.methods.domain import Derivation, Dimension, Indicator, Method

Found = Mapping[str, Any]
"""An indicator or dimension as a result keeps it."""


@dataclass(frozen=True, slots=True)
class Step:
    """`formula` is arithmetic anybody can repeat; it gives `result`."""

    name: str
    formula: str
    result: float


def steps(method: Method, code: str, indicators: Iterable[Found], dimensions: Iterable[Found]) -> list[Step]:
    """The steps of one indicator of a result. Empty where it is missing; without weights where the dimension or
    the score is."""
    by_code = {found["code"]: found for found in indicators}
    rule, found = method.by_code[code], by_code[code]
    if found["value"] is None:
        return []
    taken = [_value(rule, found), _normalised(rule, found)]
    if found["contribution"] is not None:
        scored = {it["code"] for it in dimensions if it["score"] is not None}
        taken += [
            Step("weight", _weight(method, rule, by_code, scored), found["weight"]),
            Step("contribution", f"{found['normalised']!r} * {found['weight']!r}", found["contribution"]),
        ]
    return taken


def _value(rule: Indicator, found: Found) -> Step:
    value = found["value"]
    if rule.derivation is Derivation.MUNICIPAL_VISITS:
        return Step("value", f"100 * {found['numerator']} / {found['denominator']}", value)
    return Step("value", repr(value), value)


def _normalised(rule: Indicator, found: Found) -> Step:
    value = found["value"]
    distance = f"{value!r} - {rule.low!r}" if rule.direction > 0 else f"{rule.high!r} - {value!r}"
    formula = f"min(max(({distance}) / ({rule.high!r} - {rule.low!r}), 0), 1) * 100"
    return Step("normalised", formula, found["normalised"])


def _weight(method: Method, rule: Indicator, by_code: Mapping[str, Found], scored: set[str]) -> str:
    """The dimension's share among those with a score, times the indicator's among those with a value."""
    own = next(found for found in method.dimensions if found.code == rule.dimension)
    dimensions = fsum(found.weight for found in method.dimensions if found.code in scored)
    return f"{own.weight!r} / {dimensions!r} * {rule.weight!r} / {_available(own, by_code)!r}"


def _available(dimension: Dimension, by_code: Mapping[str, Found]) -> float:
    return fsum(it.weight for it in dimension.indicators if by_code[it.code]["value"] is not None)
