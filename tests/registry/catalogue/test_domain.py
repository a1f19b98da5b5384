"""Gaps and transitions of register entries."""

from hypothesis import given
from hypothesis import strategies as st

from services.registry.catalogue.domain import (
    FACT_ROWS,
    ROWS,
    TRANSITIONS,
    UNCOLLECTED_ROWS,
    ServiceStatus,
    may_become,
    missing_rows,
)

facts = st.dictionaries(st.sampled_from(FACT_ROWS), st.sampled_from(["", "3 рабочих дня"]))


@given(facts, st.lists(st.just({"item": "1"}), max_size=2))
def test_a_row_is_missing_exactly_when_nobody_collected_it(known, numbers):
    gaps = missing_rows(known, numbers, None)
    assert {row for row in FACT_ROWS if known.get(row)} == set(FACT_ROWS) - set(gaps)
    assert set(UNCOLLECTED_ROWS) <= set(gaps)
    assert ("register_number" in gaps) == (not numbers)
    assert set(gaps) <= set(ROWS)


@given(facts, st.lists(st.sampled_from(FACT_ROWS), unique=True))
def test_a_standard_says_itself_what_it_lacks(known, lacking):
    assert missing_rows(known, [{"item": "1"}], lacking) == tuple(lacking)


def test_closed_entries_stay_closed_and_nothing_becomes_a_proposal():
    for status in ServiceStatus:
        assert may_become(status, status)
        if status is not ServiceStatus.PROPOSED:
            assert not may_become(status, ServiceStatus.PROPOSED)
    for closed in (ServiceStatus.MERGED, ServiceStatus.SPLIT, ServiceStatus.EXCLUDED):
        assert not TRANSITIONS[closed]
