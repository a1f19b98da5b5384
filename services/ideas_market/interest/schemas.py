"""Bodies of reservations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.ideas_market.interest.domain import ReservationState
from shared.http.money import MoneyGiven
from shared.http.schemas import Input, Output, Prose
from shared.values import Money, Reference


class ReservationDraft(Input):
    pledge: MoneyGiven = Field(description="At most what the idea asks for, in its currency")
    message: Annotated[Prose, StringConstraints(max_length=2_000)] | None = Field(
        None, description="For the idea's organisation only"
    )


class ReservationView(Output):
    id: UUID
    idea: Reference
    organisation: Reference
    donor: Reference
    pledge: Money
    message: str | None = None
    state: ReservationState
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    version: int
