"""The periods of a page cover all of time, once."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.registry.publication.domain import Span, periods

FIRST = date(2026, 1, 1)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Spans in order that do not overlap; some touch, the last may be open."""
    found, reached = [], FIRST
    for _ in range(draw(st.integers(0, 4))):
        start = reached + timedelta(days=draw(st.integers(0, 3)))
        reached = start + timedelta(days=draw(st.integers(1, 5)))
        found.append(Span(start, reached))
    if found and draw(st.booleans()):
        found[-1] = Span(found[-1].start, None)
    return found


@given(spans())
def test_every_day_has_one_period_and_it_names_the_span_in_force(given_spans):
    found = periods(given_spans)
    assert found[0].start is None
    assert found[-1].end is None
    assert all(one.end == other.start for one, other in pairwise(found))
    for offset in range(-2, 45):
        day = FIRST + timedelta(days=offset)
        (period,) = [
            one
            for one in found
            if (one.start is None or one.start <= day) and (one.end is None or day < one.end)
        ]
        holding = [
            place
            for place, span in enumerate(given_spans)
            if span.start <= day and (span.end is None or day < span.end)
        ]
        assert holding == ([] if period.span is None else [period.span])


def test_without_a_standard_there_is_one_period():
    assert periods([]) == [(None, None, None)]
