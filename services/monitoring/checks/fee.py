"""Was more money taken than the tier allows?"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from services.monitoring.checks.visit import Ruling, Visit, undetermined
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import Tier
from shared.values import Money

Amounts = Mapping[str, Decimal]

UNKNOWN_FEE = "fee"
"""How a standard's `missing` says that nobody knows the fee."""


def rule_fee(visit: Visit, tier: Tier, missing: Collection[str]) -> Ruling:
    """Compares sums per currency.

    Less in one currency and more in another is not an excess: it may be the same fee, changed. Fee lines that
    exempt the visit's applicant category, or are not charged on the day of application, count nothing."""
    if UNKNOWN_FEE in missing:
        return undetermined("fee_not_in_standard")
    allowed = _sums(
        fee for fee in tier.fees if visit.applicant not in fee.exempt and fee.charged_on(visit.applied_on)
    )
    if visit.fees_paid is None:
        return undetermined("fee_not_recorded", {"allowed": _listed(allowed)})
    paid = _sums(visit.fees_paid)
    facts: dict[str, object] = {"allowed": _listed(allowed), "paid": _listed(paid)}
    excess = {
        currency: amount - allowed.get(currency, Decimal(0))
        for currency, amount in paid.items()
        if amount > allowed.get(currency, Decimal(0))
    }
    if not excess:
        return Ruling(Verdict.MET, "fee_within_standard", facts)
    if any(paid.get(currency, Decimal(0)) < amount for currency, amount in allowed.items()):
        return undetermined("other_currency", facts)
    return Ruling(Verdict.BREACHED, "higher_fee", {**facts, "difference": _listed(excess)})


def _sums(amounts: Iterable[Money]) -> dict[str, Decimal]:
    """Totals by currency, without zeros."""
    totals: dict[str, Decimal] = {}
    for money in amounts:
        if money.amount:
            totals[money.currency] = totals.get(money.currency, Decimal(0)) + money.amount
    return totals


def _listed(amounts: Amounts) -> list[dict[str, str]]:
    return [
        {"amount": f"{amount.quantize(Decimal('0.01')):f}", "currency": currency}
        for currency, amount in sorted(amounts.items())
    ]
