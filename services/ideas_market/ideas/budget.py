"""Rules of an idea's money: lines, own contribution and totals must tell one story. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Self

from shared.currencies import DECIMALS
from shared.http.errors import FieldError
from shared.values import Money

FINEST = 2
"""Decimals of an amount at most; a currency may have fewer."""
LIMIT = Decimal(10) ** 14
"""Sums stay below it, as single amounts do."""


class FundedBy(StrEnum):
    OWN = "own"
    REQUESTED = "requested"


class ContributionKind(StrEnum):
    CASH = "cash"
    IN_KIND = "in_kind"


@dataclass(frozen=True, slots=True)
class Line:
    quantity: Decimal
    unit_cost: Money
    amount: Money
    funded_by: FundedBy

    @property
    def product(self) -> Decimal:
        """Quantity times unit cost, rounded half up to the smallest amount of its currency."""
        smallest = Decimal(1).scaleb(-decimals_of(self.unit_cost.currency))
        return (self.quantity * self.unit_cost.amount).quantize(smallest, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Totals:
    budget: Money
    own_contribution: Money
    requested: Money


@dataclass(frozen=True, slots=True)
class Budget:
    """`contributions` say how the lines that are funded by the applicant are covered."""

    lines: tuple[Line, ...]
    contributions: tuple[Money, ...] = ()
    stated: Totals | None = None

    @classmethod
    def of(cls, proposal: Mapping[str, Any]) -> Self:
        """From `budget_lines`, `own_contribution` and `stated_totals` of a stored proposal."""
        stated = proposal.get("stated_totals")
        return cls(
            lines=tuple(_line(found) for found in proposal.get("budget_lines", ())),
            contributions=tuple(
                Money.model_validate(found["amount"]) for found in proposal.get("own_contribution", ())
            ),
            stated=Totals(**{name: Money.model_validate(stated[name]) for name in _TOTALS})
            if stated
            else None,
        )

    def totals(self) -> Totals | None:
        """Sums of the lines; None where there is none, or no common currency, or a sum beyond `LIMIT`."""
        if not self.lines or any(self._foreign()) or self._sum() >= LIMIT:
            return None
        return Totals(*(self._money(amount) for amount in (self._sum(), *map(self._sum, FundedBy))))

    def problems(self) -> list[FieldError]:
        """Everything that keeps this budget from being published."""
        if not self.lines:
            return [FieldError("/budget_lines", "At least one budget line is needed.", "no_budget_lines")]
        foreign = list(self._foreign())
        return [*self._wrong_products(), *(foreign or self._wrong_sums())]

    @property
    def _currency(self) -> str:
        return self.lines[0].amount.currency

    def _money(self, amount: Decimal) -> Money:
        return Money(amount=amount, currency=self._currency)

    def _sum(self, funded_by: FundedBy | None = None) -> Decimal:
        wanted = (line for line in self.lines if funded_by in (None, line.funded_by))
        return sum((line.amount.amount for line in wanted), Decimal("0.00"))

    def _foreign(self) -> Iterator[FieldError]:
        places = [
            *((f"/budget_lines/{n}/unit_cost", line.unit_cost) for n, line in enumerate(self.lines)),
            *((f"/budget_lines/{n}/amount", line.amount) for n, line in enumerate(self.lines)),
            *((f"/own_contribution/{n}/amount", money) for n, money in enumerate(self.contributions)),
            *((f"/stated_totals/{name}", getattr(self.stated, name)) for name in _TOTALS if self.stated),
        ]
        for pointer, money in places:
            if money.currency != self._currency:
                yield FieldError(
                    f"{pointer}/currency",
                    "All amounts of an idea are in one currency.",
                    "other_currency",
                    {"expected": self._currency},
                )

    def _wrong_products(self) -> Iterator[FieldError]:
        for n, line in enumerate(self.lines):
            if line.amount.amount != line.product:
                text = _spell(line.product, line.unit_cost.currency)
                yield _differs(f"/budget_lines/{n}/amount/amount", "line_amount_differs", text)

    def _wrong_sums(self) -> Iterator[FieldError]:
        budget, own, requested = self._sum(), self._sum(FundedBy.OWN), self._sum(FundedBy.REQUESTED)
        if budget >= LIMIT:
            yield FieldError("/budget_lines", "The budget is too large.", "budget_too_large")
            return
        if requested <= 0:  # with it the budget is above 0 too
            yield FieldError("/budget_lines", "The budget asks a donor for nothing.", "nothing_requested")
        if budget <= 0:
            yield FieldError("/budget_lines", "The budget must be above 0.", "budget_not_positive")
        covered = sum((money.amount for money in self.contributions), Decimal(0))
        if covered != own:
            yield _differs("/own_contribution", "own_contribution_differs", _spell(own, self._currency))
        if self.stated:
            sums = zip(_TOTALS, (budget, own, requested), strict=True)
            for name, expected in sums:
                if getattr(self.stated, name).amount != expected:
                    yield _differs(
                        f"/stated_totals/{name}/amount", "total_differs", _spell(expected, self._currency)
                    )


_TOTALS = ("budget", "own_contribution", "requested")


def _line(found: Mapping[str, Any]) -> Line:
    return Line(
        quantity=Decimal(found["quantity"]),
        unit_cost=Money.model_validate(found["unit_cost"]),
        amount=Money.model_validate(found["amount"]),
        funded_by=FundedBy(found["funded_by"]),
    )


def decimals_of(currency: str) -> int:
    """Of its smallest amount here. A draft may have been kept since before currencies were checked."""
    return min(DECIMALS.get(currency, FINEST), FINEST)


def _spell(amount: Decimal, currency: str) -> str:
    return f"{amount:.{decimals_of(currency)}f}"


def _differs(pointer: str, code: str, expected: str) -> FieldError:
    return FieldError(pointer, f"The lines give {expected}.", code, {"expected": expected})
