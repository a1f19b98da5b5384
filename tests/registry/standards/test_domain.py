"""Validity against a model that knows nothing of ranges: a colour for every day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.standards import domain
from services.registry.standards.domain import TRANSITIONS, State, Validity

FIRST = date(2026, 1, 1)
DAYS = 30


def day(offset: int) -> date:
    return FIRST + timedelta(days=offset)


offsets = st.integers(0, DAYS - 1)
adoptions = st.tuples(st.just("adopt"), offsets, st.none() | st.integers(1, 10))
repeals = st.tuples(st.just("repeal"), offsets, st.none())
changes = st.lists(adoptions | repeals, max_size=12)


def painted(steps: list[tuple[str, int, int | None]]) -> dict[int, int]:
    """Day → version in force. What a new one meets ends for good; nothing revives."""
    colours: dict[int, int] = {}
    number = 0
    for kind, start, length in steps:
        horizon = DAYS * 2
        end = horizon if length is None else start + length
        met = (
            {colour for place, colour in colours.items() if start <= place < end}
            if kind == "adopt"
            else set(colours.values())
        )
        colours = {place: colour for place, colour in colours.items() if place < start or colour not in met}
        if kind == "adopt":
            number += 1
            colours |= dict.fromkeys(range(start, end), number)
    return colours


@given(changes)
def test_adoptions_and_repeals_leave_what_a_calendar_of_colours_shows(steps):
    known: list[Validity] = []
    number = 0
    for kind, start, length in steps:
        if kind == "adopt":
            number += 1
            end = None if length is None else day(start + length)
            changed, new = domain.adopt(known, number, day(start), end)
            known.append(new)
        else:
            changed = domain.repeal(known, day(start))
        by_number = {entry.number: entry for entry in known} | {entry.number: entry for entry in changed}
        known = [by_number[entry.number] for entry in known]
    expected = painted(steps)
    for place in range(DAYS * 2):
        holding = [entry.number for entry in known if entry.holds(day(place))]
        assert holding == [expected[place]] if place in expected else holding == []


@given(changes)
def test_a_version_never_lasts_longer_than_it_was_adopted_for(steps):
    known: dict[int, Validity] = {}
    for number, (kind, start, length) in enumerate(steps):
        if kind == "repeal":
            changed = domain.repeal(list(known.values()), day(start))
        else:
            end = None if length is None else day(start + length)
            changed, new = domain.adopt(list(known.values()), number, day(start), end)
            known[number] = new
        for entry in changed:
            before = known[entry.number]
            assert entry.start == before.start
            assert entry.end is not None
            assert before.end is None or entry.end < before.end
            assert entry.state in (State.SUPERSEDED, State.REPEALED)
            known[entry.number] = entry


def test_a_version_replaced_from_its_first_day_was_never_in_force():
    (ended,), _ = domain.adopt([Validity(1, day(5), None)], 2, day(3), None)
    assert ended.empty
    assert not any(ended.holds(day(place)) for place in range(DAYS))
    assert domain.repeal([ended], day(0)) == [], "what is empty is not ended again"


def test_a_version_that_begins_after_a_limited_one_ends_is_left_alone():
    later = Validity(1, day(10), None)
    changed, new = domain.adopt([later], 2, day(2), day(10))
    assert changed == []
    assert new == Validity(2, day(2), day(10))


def test_a_draft_is_not_ended():
    with pytest.raises(ValueError, match="draft"):
        Validity(1, day(1), None, State.DRAFT).ended(day(2), State.REPEALED)
    assert TRANSITIONS[State.DRAFT] == {State.ADOPTED}


def test_each_change_has_its_own_record_time_whatever_the_clock_does():
    now = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert domain.record_time(now, None) == now
    first = domain.record_time(now, now)
    second = domain.record_time(now - timedelta(hours=1), first)
    assert now < first < second < now + timedelta(milliseconds=1)
