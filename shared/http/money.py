"""Money in requests: an amount is a string of plain digits, its currency one that exists.

`shared.values.Money` is the value that answers and events hold: what was recorded once stays readable."""

import re
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.currencies import DECIMALS
from shared.http.schemas import Input
from shared.values import CurrencyCode, Money

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def _plain(value: Any) -> Decimal:
    """A JSON number has been through binary fractions; `1e2`, `Infinity` and `+5` are no way to write an amount."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or len(value) > 40 or _PLAIN.fullmatch(value) is None:
        raise PydanticCustomError("not_plain_digits", 'A string of plain digits is needed, as in "1500.50".')
    number = Decimal(value)
    if number.is_signed() and not number:
        raise PydanticCustomError("not_plain_digits", "Zero has no sign.")
    return number


def _existing(code: str) -> str:
    if code not in DECIMALS:
        raise PydanticCustomError("unknown_currency", "There is no such currency in ISO 4217.")
    return code


PlainDecimal = Annotated[Decimal, BeforeValidator(_plain)]
"""A decimal number as a string of digits with a point."""

AmountGiven = Annotated[
    PlainDecimal,
    Field(ge=0, max_digits=16, decimal_places=2),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,14}(\.[0-9]{1,2})?$"}, mode="validation"),
]

Currency = Annotated[CurrencyCode, AfterValidator(_existing)]


class MoneyGiven(Input, Money):
    """An amount with no more decimals than its ISO 4217 currency has, two at most."""

    amount: AmountGiven
    currency: Currency = "KGS"

    @model_validator(mode="after")
    def _no_finer_than_its_currency(self) -> Self:
        decimals = DECIMALS[self.currency]
        exponent = self.amount.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > decimals:
            kind = PydanticCustomError(
                "too_many_decimals",
                "{currency} has no more than {decimals} decimals.",
                {"currency": self.currency, "decimals": decimals},
            )
            raise ValidationError.from_exception_data(
                type(self).__name__, [InitErrorDetails(type=kind, loc=("amount",), input=str(self.amount))]
            )
        return self
