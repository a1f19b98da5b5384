"""The arithmetic of the index: what must hold for any method and any values."""

from dataclasses import replace
from math import fsum
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.methods.domain import Dimension, Method
from services.scoring.runs.domain import (
    NOT_APPLICABLE,
    Input,
    normalise,
    ranks,
    score_municipality,
    share_met,
    weighted_mean,
)
from tests.scoring.builders import NUMBERS, indicator, method, methods

VALUES = st.lists(st.one_of(st.none(), NUMBERS), min_size=12, max_size=12)


def known(of: Method, values: list[float | None]) -> dict[str, Input]:
    """A value or nothing for each indicator."""
    return {
        found.code: Input(value, None if value is not None else "no_observation")
        for found, value in zip(of.indicators(), values, strict=False)
    }


class TestNormalise:
    def test_the_goalposts_score_0_and_100_and_the_other_way_round(self) -> None:
        assert (normalise(5, 5, 40, 1), normalise(40, 5, 40, 1)) == (0, 100)
        assert (normalise(5, 5, 40, -1), normalise(40, 5, 40, -1)) == (100, 0)

    def test_what_lies_outside_is_cut_off(self) -> None:
        assert (normalise(-3, 0, 10, 1), normalise(11, 0, 10, 1)) == (0, 100)
        assert (normalise(-3, 0, 10, -1), normalise(11, 0, 10, -1)) == (100, 0)

    @given(NUMBERS, NUMBERS, st.floats(0.1, 1e6), NUMBERS, st.sampled_from([1, -1]))
    def test_it_is_monotone_and_bounded(
        self, one: float, other: float, width: float, low: float, direction: int
    ) -> None:
        lesser, greater = sorted((one, other))
        first = normalise(lesser, low, low + width, direction)
        second = normalise(greater, low, low + width, direction)
        assert 0 <= first <= 100
        assert (second - first) * direction >= 0


class TestWeightedMean:
    def test_weights_are_rescaled_among_what_is_there(self) -> None:
        assert weighted_mean([(1, 10.0), (2, None), (3, 50.0)]) == 40

    @pytest.mark.parametrize(("present", "expected"), [(2, None), (3, 1.0), (5, 1.0)])
    def test_less_than_the_minimum_share_gives_nothing(self, present: int, expected: float | None) -> None:
        children = [(1.0, 1.0 if number < present else None) for number in range(5)]
        assert weighted_mean(children, 0.6) == expected

    def test_nothing_has_no_mean(self) -> None:
        assert weighted_mean([]) is None
        assert weighted_mean([(1.0, None)]) is None

    @given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 100)), min_size=1, max_size=30))
    def test_it_lies_between_its_children(self, children: list[tuple[float, float]]) -> None:
        mean = weighted_mean([*children])
        assert mean is not None
        assert min(value for _, value in children) <= mean <= max(value for _, value in children)

    @given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 100)), max_size=30), st.randoms())
    def test_the_order_of_children_does_not_matter(
        self, children: list[tuple[float, float]], random: Random
    ) -> None:
        shuffled = list(children)
        random.shuffle(shuffled)
        assert weighted_mean([*shuffled]) == weighted_mean([*children])


class TestScore:
    @given(methods(), VALUES)
    def test_scores_lie_between_0_and_100(self, of: Method, values: list[float | None]) -> None:
        scored = score_municipality(of, known(of, values))
        for score in (scored.score, *(found.score for found in scored.dimensions)):
            assert score is None or 0 <= score <= 100

    @given(methods(), VALUES)
    def test_weights_sum_to_one_and_contributions_to_the_score(
        self, of: Method, values: list[float | None]
    ) -> None:
        scored = score_municipality(of, known(of, values))
        weights = [found.weight for found in scored.indicators() if found.weight is not None]
        parts = [found.contribution for found in scored.indicators() if found.contribution is not None]
        if scored.score is None:
            assert not weights
            assert not parts
        else:
            assert fsum(weights) == pytest.approx(1, abs=1e-12)
            assert fsum(parts) == pytest.approx(scored.score, abs=1e-9)

    @given(methods(), VALUES, st.data())
    def test_a_better_value_never_lowers_the_score(
        self, of: Method, values: list[float | None], data: st.DataObject
    ) -> None:
        rule = data.draw(st.sampled_from(list(of.indicators())))
        inputs = known(of, values)
        worse, better = sorted((data.draw(NUMBERS), data.draw(NUMBERS)), reverse=rule.direction < 0)
        first = score_municipality(of, {**inputs, rule.code: Input(worse, None)}).score
        second = score_municipality(of, {**inputs, rule.code: Input(better, None)}).score
        assert (first is None) == (second is None)
        assert first is None or second is None or second >= first

    @given(methods(), VALUES)
    def test_the_order_of_indicators_and_dimensions_does_not_matter(
        self, of: Method, values: list[float | None]
    ) -> None:
        inputs = known(of, values)
        turned = replace(
            of,
            dimensions=tuple(
                Dimension(found.code, found.weight, found.indicators[::-1]) for found in of.dimensions[::-1]
            ),
        )
        assert score_municipality(turned, inputs).score == score_municipality(of, inputs).score

    @given(methods(), VALUES)
    def test_an_indicator_that_does_not_apply_is_as_if_it_were_not_there(
        self, of: Method, values: list[float | None]
    ) -> None:
        inputs = known(of, values)
        extra = indicator("A9", dimension=of.dimensions[0].code, weight=7)
        first = of.dimensions[0]
        longer = replace(
            of,
            dimensions=(Dimension(first.code, first.weight, (*first.indicators, extra)), *of.dimensions[1:]),
        )
        scored = score_municipality(longer, {**inputs, "A9": Input(None, NOT_APPLICABLE)})
        assert scored.score == score_municipality(of, inputs).score

    def test_a_missing_indicator_is_never_a_number(self) -> None:
        of = method({"A": [indicator("A1"), indicator("A2")]}, indicator_share=0.5)
        scored = score_municipality(of, {"A1": Input(70, None)})
        assert scored.score == 70
        missing = scored.dimensions[0].indicators[1]
        assert (missing.normalised, missing.weight, missing.contribution) == (None, None, None)

    def test_too_few_indicators_give_no_dimension_and_too_few_dimensions_no_score(self) -> None:
        of = method({code: [indicator(f"{code}{n}", dimension=code) for n in range(5)] for code in "ABCDE"})
        inputs = {found.code: Input(50.0, None) for found in of.indicators()}
        for code in ("A0", "A1"):
            del inputs[code]
        assert score_municipality(of, inputs).score == 50
        del inputs["A2"]
        scored = score_municipality(of, inputs)
        assert (scored.dimensions[0].score, scored.dimensions[0].available) == (None, 2)
        assert scored.score == 50
        for code in ("B0", "B1", "B2"):
            del inputs[code]
        assert score_municipality(of, inputs).score is None

    def test_a_dimension_that_does_not_apply_leaves_the_count(self) -> None:
        of = method({"A": [indicator("A1")], "B": [indicator("B1", dimension="B")]}, dimension_share=1.0)
        inputs = {"A1": Input(40.0, None), "B1": Input(None, NOT_APPLICABLE)}
        assert score_municipality(of, inputs).score == 40


class TestRanks:
    def test_ties_share_the_best_rank(self) -> None:
        assert ranks({"a": 90.0, "b": 80.0, "c": 80.0, "d": 10.0}) == {"a": 1, "b": 2, "c": 2, "d": 4}

    def test_no_score_no_rank(self) -> None:
        assert ranks({"a": None, "b": 1.0}) == {"a": None, "b": 1}
        assert ranks({}) == {}

    def test_rounding_noise_is_no_difference(self) -> None:
        assert ranks({"a": 0.1 + 0.2, "b": 0.3, "c": 0.3 - 1e-8}) == {"a": 1, "b": 1, "c": 3}

    @given(
        st.dictionaries(
            st.integers(), st.one_of(st.none(), st.integers(0, 5).map(float), st.floats(0, 100)), max_size=40
        )
    )
    def test_a_rank_is_one_more_than_the_number_of_better_ones(self, scores: dict[int, float | None]) -> None:
        found = ranks(scores)
        rounded = {key: round(score, 9) for key, score in scores.items() if score is not None}
        for key, rank in found.items():
            if key not in rounded:
                assert rank is None
            else:
                assert rank == 1 + sum(other > rounded[key] for other in rounded.values())


class TestShareMet:
    @pytest.mark.parametrize(
        ("met", "breached", "value", "reason"),
        [
            (4, 2, 100 * 4 / 6, None),
            (0, 5, 0.0, None),
            (5, 0, 100.0, None),
            (4, 0, None, "fewer_than_5"),
            (0, 0, None, "fewer_than_5"),
        ],
    )
    def test_it_needs_five_and_keeps_the_counts(
        self, met: int, breached: int, value: float | None, reason: str | None
    ) -> None:
        found = share_met(met, breached, 5)
        assert (found.value, found.missing_reason) == (value, reason)
        assert (found.numerator, found.denominator) == (met, met + breached)

    def test_without_a_minimum_it_needs_one(self) -> None:
        assert share_met(0, 0, 0).value is None
        assert share_met(1, 0, 0).value == 100
