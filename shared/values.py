"""Value types that HTTP bodies and event payloads have in common."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]


class Origin(StrEnum):
    """Where a fact comes from."""

    OFFICIAL = "official"
    PRESS = "press"
    UNOFFICIAL = "unofficial"
    DEMONSTRATION = "demonstration"


class Money(BaseModel):
    """An amount as decimal string with its ISO 4217 currency."""

    model_config = ConfigDict(frozen=True)

    amount: Amount
    currency: CurrencyCode = "KGS"


class Reference(BaseModel):
    """How one service speaks of another's thing: its id, its public code, its names by language.

    In an event the names are those of its moment; who shows them later takes the present ones from the owner."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    code: str | None = None
    name: dict[str, str] = {}


class Place(Reference):
    """A territorial unit: `code` is its SOATE code, `path` the codes from the country down to itself."""

    path: tuple[str, ...] = ()
