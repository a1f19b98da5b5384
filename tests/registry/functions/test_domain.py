"""What keeps a register from the commission, and what its decisions make of functions: pure."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.functions.domain import (
    Change,
    Decision,
    FinancedFrom,
    Function,
    FunctionLevel,
    Ruling,
    carried_out,
    order_problems,
    submission_problems,
    undecided,
)

ids = st.integers(1, 9).map(lambda number: UUID(int=number))
names = st.dictionaries(st.sampled_from(("ky", "ru", "en")), st.just("а"), min_size=1)
functions = st.lists(
    st.builds(
        Function,
        ids,
        st.just("F"),
        ids,
        names,
        st.sampled_from(FunctionLevel),
        st.none() | st.sampled_from(FinancedFrom),
        st.none() | ids,
        st.none() | st.just("п. 1"),
        st.lists(ids, max_size=2).map(tuple),
    ),
    max_size=5,
    unique_by=lambda function: function.id,
)
rulings = st.one_of(
    st.just(Ruling(Decision.KEEP)),
    st.just(Ruling(Decision.DROP)),
    ids.map(lambda target: Ruling(Decision.TRANSFER, target)),
    st.builds(Change, st.none() | names, st.none() | st.sampled_from(FunctionLevel)).map(
        lambda change: Ruling(Decision.CHANGE, None, change)
    ),
)


@given(functions, st.sets(ids), st.sets(ids))
def test_only_what_is_complete_goes_before_the_commission(found, repealed, ended):
    problems = submission_problems(found, frozenset(repealed), frozenset(ended))
    complete = found and all(
        {"ky", "ru"} <= function.name.keys()
        and function.act is not None
        and function.act not in repealed
        and function.financed_from is not None
        and function.body not in ended
        for function in found
    )
    assert (problems == []) == bool(complete)


@given(functions, st.dictionaries(ids, rulings))
def test_a_function_without_a_decision_is_named(found, decided):
    assert len(undecided(found, decided)) == sum(function.id not in decided for function in found)


@given(functions, st.data())
def test_decisions_change_what_they_say_and_nothing_else(found, data):
    decided = {function.id: data.draw(rulings) for function in found}
    after = carried_out(found, decided)
    assert after.keys() == decided.keys()
    for function in found:
        ruling, now = decided[function.id], after[function.id]
        if ruling.decision is Decision.DROP:
            assert now is None
            continue
        assert now is not None
        assert (now.id, now.code, now.act, now.services) == (
            function.id, function.code, function.act, function.services
        )  # fmt: skip
        assert now.body == (ruling.target if ruling.decision is Decision.TRANSFER else function.body)
        if ruling.decision is Decision.KEEP:
            assert now == function
        if ruling.change is not None:
            assert now.name == (ruling.change.name or function.name)
            assert now.level == (ruling.change.level or function.level)


@given(st.dates(date(2000, 1, 1), date(2050, 1, 1)), st.integers(-5, 5))
def test_versions_follow_each_other(day, distance):
    assert order_problems(day, None) == []
    assert (order_problems(day + timedelta(distance), day) == []) == (distance > 0)
