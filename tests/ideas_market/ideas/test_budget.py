"""Rules of the budget, on budgets of any shape."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.ideas_market.ideas.budget import LIMIT, Budget, FundedBy, Line, Totals
from shared.values import Money

CURRENCY = "KGS"
CENT = Decimal("0.01")
amounts = st.decimals(0, Decimal("99999999999999.99"), places=2)
quantities = st.decimals(Decimal("0.001"), Decimal("999999999.999"), places=3)
modest = st.decimals(Decimal("0.01"), 1_000_000, places=2)


def som(amount: Decimal) -> Money:
    return Money(amount=amount, currency=CURRENCY)


@st.composite
def lines(draw: st.DrawFn, costs: st.SearchStrategy[Decimal] = modest) -> Line:
    """A line whose amount is what its quantity and cost give."""
    quantity = draw(st.decimals(Decimal("0.001"), 1000, places=3))
    line = Line(quantity, som(draw(costs)), som(Decimal(0)), draw(st.sampled_from(FundedBy)))
    return replace(line, amount=som(line.product))


@st.composite
def sound(draw: st.DrawFn) -> Budget:
    """A budget with nothing wrong: it asks for something, and the applicant covers its own lines."""
    asking = draw(lines().map(lambda line: replace(line, funded_by=FundedBy.REQUESTED)))
    assume(asking.amount.amount > 0)
    found = (asking, *draw(st.lists(lines(), max_size=8)))
    own = sum((line.amount.amount for line in found if line.funded_by is FundedBy.OWN), Decimal(0))
    first = draw(st.decimals(0, own, places=2)) if own else Decimal(0)
    budget = Budget(found, (som(first), som(own - first)))
    return replace(budget, stated=draw(st.sampled_from([None, budget.totals()])))


def codes(budget: Budget) -> dict[str, str]:
    return {problem.pointer: problem.code for problem in budget.problems()}


@given(sound())
def test_a_sound_budget_has_no_problem_and_its_totals_add_up(budget: Budget) -> None:
    assert budget.problems() == []
    totals = budget.totals()
    assert totals is not None
    assert totals.budget.amount == totals.own_contribution.amount + totals.requested.amount
    assert totals.budget.amount == sum(line.amount.amount for line in budget.lines)
    assert totals.requested.amount > 0


@given(sound(), st.data(), st.decimals(CENT, 1000, places=2))
def test_a_changed_line_amount_is_found(budget: Budget, data: st.DataObject, extra: Decimal) -> None:
    n = data.draw(st.integers(0, len(budget.lines) - 1))
    changed = [*budget.lines]
    changed[n] = replace(changed[n], amount=som(changed[n].amount.amount + extra))
    found = codes(replace(budget, lines=tuple(changed)))
    assert found[f"/budget_lines/{n}/amount/amount"] == "line_amount_differs"


@given(sound(), st.data())
def test_another_currency_anywhere_is_found_and_nothing_is_summed(
    budget: Budget, data: st.DataObject
) -> None:
    assume(len(budget.lines) > 1)
    n = data.draw(st.integers(1, len(budget.lines) - 1))
    field = data.draw(st.sampled_from(["amount", "unit_cost"]))
    changed = [*budget.lines]
    foreign = Money(amount=getattr(changed[n], field).amount, currency="USD")
    line = changed[n]
    changed[n] = replace(line, amount=foreign) if field == "amount" else replace(line, unit_cost=foreign)
    mixed = replace(budget, lines=tuple(changed))
    assert mixed.totals() is None
    assert codes(mixed) == {f"/budget_lines/{n}/{field}/currency": "other_currency"}


@given(sound(), st.decimals(CENT, 1000, places=2))
def test_own_contribution_must_cover_the_own_lines(budget: Budget, extra: Decimal) -> None:
    assert codes(replace(budget, contributions=(*budget.contributions, som(extra)))) == {
        "/own_contribution": "own_contribution_differs"
    }


@given(sound(), st.sampled_from(["budget", "own_contribution", "requested"]), st.decimals(CENT, 9, places=2))
def test_a_stated_total_must_be_the_sum(budget: Budget, name: str, extra: Decimal) -> None:
    totals = budget.totals()
    assert totals is not None
    wrong = replace(totals, **{name: som(getattr(totals, name).amount + extra)})
    assert codes(replace(budget, stated=wrong)) == {f"/stated_totals/{name}/amount": "total_differs"}


@given(
    st.lists(
        st.builds(Line, quantities, amounts.map(som), amounts.map(som), st.sampled_from(FundedBy)),
        max_size=12,
    ),
    st.lists(amounts.map(som), max_size=5),
    st.none() | st.builds(Totals, amounts.map(som), amounts.map(som), amounts.map(som)),
)
def test_no_budget_breaks_the_rules_themselves(
    found: list[Line], contributions: list[Money], stated: Totals | None
) -> None:
    budget = Budget(tuple(found), tuple(contributions), stated)
    problems, totals = budget.problems(), budget.totals()
    assert (totals is None) == (not found or sum(line.amount.amount for line in found) >= LIMIT)
    if not problems:
        assert totals is not None
        assert totals.requested.amount > 0


def test_an_empty_budget_says_only_that() -> None:
    assert codes(Budget(())) == {"/budget_lines": "no_budget_lines"}


def test_a_budget_of_nothing_says_so() -> None:
    nothing = Line(Decimal(1), som(Decimal(0)), som(Decimal(0)), FundedBy.REQUESTED)
    found = [problem.code for problem in Budget((nothing,)).problems()]
    assert found == ["nothing_requested", "budget_not_positive"]


def test_a_budget_that_the_applicant_pays_alone_asks_for_nothing() -> None:
    own = Line(Decimal(1), som(Decimal(5)), som(Decimal(5)), FundedBy.OWN)
    assert codes(Budget((own,), (som(Decimal(5)),))) == {"/budget_lines": "nothing_requested"}


def test_products_are_rounded_half_up() -> None:
    line = Line(Decimal("0.5"), som(Decimal("0.01")), som(Decimal("0.01")), FundedBy.REQUESTED)
    assert Budget((line,)).problems() == []


@pytest.mark.parametrize(
    ("currency", "quantity", "cost", "product", "told"),
    [
        ("JPY", "1.5", "333", "500", "500"),
        ("JPY", "1.25", "2", "3", "3"),
        ("JPY", "1.2", "2", "2", "2"),
        ("KGS", "1.5", "333", "499.5", "499.50"),
        ("KWD", "0.5", "0.01", "0.01", "0.01"),
    ],
)
def test_products_are_rounded_to_the_smallest_amount_of_their_currency(
    currency: str, quantity: str, cost: str, product: str, told: str
) -> None:
    unit_cost, amount = (Money(amount=Decimal(sum_), currency=currency) for sum_ in (cost, product))
    line = Line(Decimal(quantity), unit_cost, amount, FundedBy.REQUESTED)
    assert Budget((line,)).problems() == []
    wrong = replace(line, amount=Money(amount=amount.amount + 1, currency=currency))
    [problem] = Budget((wrong,)).problems()
    assert problem.parameters == {"expected": told}
    stated = Totals(wrong.amount, Money(amount=Decimal(0), currency=currency), wrong.amount)
    problems = Budget((line,), stated=stated).problems()
    assert [found.parameters["expected"] for found in problems] == [told, told]
