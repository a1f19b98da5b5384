"""Fees: sums per currency, exemptions, and what is not an excess."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.checks.fee import rule_fee
from services.monitoring.checks.visit import Visit
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import Fee, Tier
from shared.values import Money
from tests.monitoring.checks.strategies import visit

amounts = st.decimals("0", "100000", places=2)
currencies = st.sampled_from(["KGS", "USD", "EUR"])
payments = st.lists(st.builds(lambda a, c: Money(amount=a, currency=c), amounts, currencies), max_size=4)


def tier_with(*fees: tuple[str, str], exempt: tuple[str, ...] = ()) -> Tier:
    return Tier(code="x", fees=tuple(Fee(amount=Decimal(a), currency=c, exempt=exempt) for a, c in fees))


def paying(*paid: tuple[str, str], **more: Any) -> Visit:
    return visit(fees_paid=tuple(Money(amount=Decimal(a), currency=c) for a, c in paid), **more)


def ruled(visit_: Visit, tier: Tier, missing: tuple[str, ...] = ()) -> tuple[Verdict, str]:
    found = rule_fee(visit_, tier, missing)
    return found.verdict, found.reason


@given(payments, amounts.filter(lambda it: it > 0), currencies)
def test_what_the_standard_asks_is_met_and_anything_on_top_breached(
    asked: list[Money], more: Decimal, currency: str
) -> None:
    tier = Tier(code="x", fees=tuple(Fee(amount=it.amount, currency=it.currency) for it in asked))
    exact = rule_fee(visit(fees_paid=tuple(asked)), tier, ())
    assert (exact.verdict, exact.reason) == (Verdict.MET, "fee_within_standard")
    top = Money(amount=more, currency=currency)
    dearer = rule_fee(visit(fees_paid=(*asked, top)), tier, ())
    assert (dearer.verdict, dearer.reason) == (Verdict.BREACHED, "higher_fee")
    assert [Money(**it) for it in dearer.facts["difference"]] == [top]


@given(payments, payments)
def test_paying_no_more_in_any_currency_is_never_a_breach(asked: list[Money], paid: list[Money]) -> None:
    tier = Tier(code="x", fees=tuple(Fee(amount=it.amount, currency=it.currency) for it in asked))

    def total(found: list[Money], currency: str) -> Decimal:
        return sum((it.amount for it in found if it.currency == currency), Decimal(0))

    ruling = rule_fee(visit(fees_paid=tuple(paid)), tier, ())
    more = any(total(paid, it) > total(asked, it) for it in ("KGS", "USD", "EUR"))
    less = any(total(paid, it) < total(asked, it) for it in ("KGS", "USD", "EUR"))
    expected = Verdict.MET if not more else Verdict.UNDETERMINED if less else Verdict.BREACHED
    assert ruling.verdict is expected


def test_same_fee_in_another_currency_is_undetermined() -> None:
    assert ruled(paying(("6", "USD")), tier_with(("500", "KGS"))) == (Verdict.UNDETERMINED, "other_currency")
    assert ruled(paying(("500", "KGS"), ("1", "USD")), tier_with(("500", "KGS")))[1] == "higher_fee"


def test_free_of_charge_means_any_payment_is_too_much() -> None:
    assert ruled(paying(("1", "USD")), tier_with()) == (Verdict.BREACHED, "higher_fee")
    assert ruled(paying(), tier_with()) == (Verdict.MET, "fee_within_standard")


def test_exempt_applicants_pay_nothing() -> None:
    tier = tier_with(("100", "KGS"), exempt=("veteran", "orphan"))
    assert ruled(paying(("100", "KGS"), applicant="veteran"), tier)[1] == "higher_fee"
    assert ruled(paying(applicant="veteran"), tier)[1] == "fee_within_standard"
    assert ruled(paying(("100", "KGS"), applicant="student"), tier)[1] == "fee_within_standard"
    assert ruled(paying(("100", "KGS")), tier)[1] == "fee_within_standard"


def test_gaps_are_undetermined() -> None:
    assert ruled(paying(("1", "KGS")), tier_with(), ("fee",))[1] == "fee_not_in_standard"
    assert ruled(paying(("1", "KGS")), tier_with(), ("documents", "fee"))[1] == "fee_not_in_standard"
    assert ruled(visit(), tier_with(("100", "KGS"))) == (Verdict.UNDETERMINED, "fee_not_recorded")


def test_only_fees_charged_on_the_day_of_application_count() -> None:
    until = Fee(amount=Decimal(100), valid_to=date(2026, 5, 1))
    since = Fee(amount=Decimal(150), valid_from=date(2026, 5, 1))
    tier = Tier(code="x", fees=(until, since))
    paid = (Money(amount=Decimal(150)),)
    before = Visit((), date(2026, 4, 30), fees_paid=paid)
    after = Visit((), date(2026, 5, 1), fees_paid=paid)
    assert rule_fee(before, tier, ()).verdict is Verdict.BREACHED
    assert rule_fee(after, tier, ()).verdict is Verdict.MET
