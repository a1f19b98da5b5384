"""Periods in which a service's page stays the same: pure."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple


class Span(NamedTuple):
    """A version in force from `start` inclusive to `end` exclusive (None: open)."""

    start: date
    end: date | None


class Period(NamedTuple):
    """From `start` inclusive (None: ever) to `end` exclusive (None: for ever); `span` is the place of the one in force."""

    start: date | None
    end: date | None
    span: int | None


def periods(spans: Iterable[Span]) -> list[Period]:
    """All of time, cut where what is in force changes; spans are in order and do not overlap."""
    found: list[Period] = []
    reached: date | None = None
    for index, span in enumerate(spans):
        if span.start != reached:
            found.append(Period(reached, span.start, None))
        found.append(Period(span.start, span.end, index))
        if span.end is None:
            return found
        reached = span.end
    found.append(Period(reached, None, None))
    return found
