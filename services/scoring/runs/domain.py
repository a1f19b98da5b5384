"""Index arithmetic: values of one municipality become indicator scores, dimension scores, a score, a rank.

Pure and deterministic; sums are exactly rounded, so neither the order of rows nor of indicators matters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TypeVar

from services.scoring.methods.domain import Dimension, Indicator, Method

K = TypeVar("K")

SAME_RANK_DECIMALS = 9
"""Scores that differ by less are equal: the difference is rounding of the arithmetic, not an order."""

_ROUNDING = 1e-12

UNRANKED = 2**31 - 1
"""Place of those without a rank in a list ordered by rank."""

NO_OBSERVATION = "no_observation"
EXPIRED = "expired"
NOT_APPLICABLE = "not_applicable"
SUPPRESSED = "suppressed"


def too_few(minimum: int) -> str:
    """The reason of a computed indicator that rests on fewer than `minimum` cases."""
    return f"fewer_than_{minimum}"


@dataclass(frozen=True, slots=True)
class Input:
    """What is known of one indicator: a value in its own unit, or the reason why there is none.

    `source` identifies what it rests on, so that a change of that changes the hash of the input."""

    value: float | None = None
    missing_reason: str | None = NO_OBSERVATION
    numerator: int | None = None
    denominator: int | None = None
    origin: str | None = None
    source: tuple[str, ...] = ()


ABSENT = Input()


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """`weight` is the effective weight in the score after missing indicators were left out;
    `contribution` = `normalised` × `weight`. The contributions sum to the score."""

    code: str
    input: Input
    normalised: float | None
    weight: float | None = None
    contribution: float | None = None


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """`available` of `applicable` indicators had a value."""

    code: str
    score: float | None
    available: int
    applicable: int
    indicators: tuple[IndicatorScore, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scored:
    score: float | None
    dimensions: tuple[DimensionScore, ...]

    def indicators(self) -> Iterable[IndicatorScore]:
        for dimension in self.dimensions:
            yield from dimension.indicators


def normalise(value: float, low: float, high: float, direction: int) -> float:
    """Min-max between fixed goalposts, cut off at 0 and 100. With direction -1 `low` scores 100."""
    distance = value - low if direction > 0 else high - value
    return min(max(distance / (high - low), 0.0), 1.0) * 100


def weighted_mean(children: Sequence[tuple[float, float | None]], minimum_share: float = 0.0) -> float | None:
    """Mean of (weight, value) over the values there are, weights rescaled among them.

    None when there is no value, or values for less than `minimum_share` of the children."""
    found = [(weight, value) for weight, value in children if value is not None]
    if not found or len(found) < minimum_share * len(children) - _ROUNDING:
        return None
    mean = fsum(weight * value for weight, value in found) / fsum(weight for weight, _ in found)
    values = [value for _, value in found]
    return min(max(mean, min(values)), max(values))


def score_municipality(method: Method, inputs: Mapping[str, Input]) -> Scored:
    """Scores of one municipality; an indicator that is not in `inputs` has no observation.

    An indicator that does not apply leaves the count its dimension's availability is measured by, and a
    dimension without any that applies leaves the count of dimensions."""
    rules = method.rules
    dimensions = [_dimension(found, inputs, rules.minimum_indicator_share) for found in method.dimensions]
    applicable = [
        (rule.weight, found.score)
        for rule, found in zip(method.dimensions, dimensions, strict=True)
        if found.applicable
    ]
    score = weighted_mean(applicable, rules.minimum_dimension_share)
    if score is None:
        return Scored(None, tuple(dimensions))
    return Scored(score, tuple(_weighed(method, dimensions)))


def _dimension(dimension: Dimension, inputs: Mapping[str, Input], minimum_share: float) -> DimensionScore:
    scores = [_indicator(rule, inputs.get(rule.code, ABSENT)) for rule in dimension.indicators]
    applicable = [
        (rule.weight, found.normalised)
        for rule, found in zip(dimension.indicators, scores, strict=True)
        if found.input.missing_reason != NOT_APPLICABLE
    ]
    return DimensionScore(
        code=dimension.code,
        score=weighted_mean(applicable, minimum_share),
        available=sum(1 for _, value in applicable if value is not None),
        applicable=len(applicable),
        indicators=tuple(scores),
    )


def _indicator(rule: Indicator, found: Input) -> IndicatorScore:
    if found.value is None:
        return IndicatorScore(rule.code, found, None)
    return IndicatorScore(rule.code, found, normalise(found.value, rule.low, rule.high, rule.direction))


def _weighed(method: Method, dimensions: Sequence[DimensionScore]) -> Iterable[DimensionScore]:
    """The dimensions with each indicator's part of the score filled in."""
    scored = zip(method.dimensions, dimensions, strict=True)
    total = fsum(rule.weight for rule, found in scored if found.score is not None)
    for rule, found in zip(method.dimensions, dimensions, strict=True):
        if found.score is None:
            yield found
            continue
        indicators = tuple(_parts(rule, found.indicators, rule.weight / total))
        yield DimensionScore(found.code, found.score, found.available, found.applicable, indicators)


def _parts(dimension: Dimension, scores: Sequence[IndicatorScore], share: float) -> Iterable[IndicatorScore]:
    pairs = list(zip(dimension.indicators, scores, strict=True))
    total = fsum(rule.weight for rule, found in pairs if found.normalised is not None)
    for rule, found in pairs:
        if found.normalised is None:
            yield found
        else:
            weight = share * rule.weight / total
            yield IndicatorScore(found.code, found.input, found.normalised, weight, found.normalised * weight)


def ranks(scores: Mapping[K, float | None]) -> dict[K, int | None]:
    """Rank 1 is the highest score; equal scores share the best rank (1, 2, 2, 4); no score, no rank."""
    rounded = {key: round(score, SAME_RANK_DECIMALS) for key, score in scores.items() if score is not None}
    first: dict[float, int] = {}
    for place, score in enumerate(sorted(rounded.values(), reverse=True), 1):
        first.setdefault(score, place)
    return {key: first[rounded[key]] if key in rounded else None for key in scores}


def share_met(met: int, breached: int, minimum: int) -> Input:
    """Share of visits that kept the standard, in percent of those with a verdict on every criterion.

    Complete cases only: a visit with an undetermined criterion is in neither number, even where another criterion is
    proven breached. One breach settles "breached" while "met" needs every criterion, so counting such a visit would let
    mere gaps in the records lower the share, and a municipality whose visits are recorded with gaps would look worse for
    the gaps. The price: the share says nothing of breaches found in visits with gaps; their findings stay public."""
    checked = met + breached
    if checked == 0 or checked < minimum:
        return Input(None, too_few(max(minimum, 1)), met, checked)
    return Input(100 * met / checked, None, met, checked)
