"""Bodies of findings. Nothing in them leads to a monitor."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from services.monitoring.findings.domain import FindingState
from shared.contracts.monitoring import Criterion
from shared.http.schemas import Output
from shared.values import Origin, Place, Reference


class FindingView(Output):
    id: UUID
    code: str
    campaign: Reference
    submission_id: UUID
    addressee: Reference
    municipality: Place
    service: Reference
    criterion: Criterion
    reason: str
    severity: int
    facts: dict[str, Any]
    state: FindingState
    answer_due_on: date = Field(
        description="By when the addressee is asked to answer, in writing to the campaign's organisation: there is "
        "no route that takes an answer yet"
    )
    answer_due_provisional: bool = Field(
        description="The date counts days of a year that is not decreed; a decree may give more time, never less"
    )
    escalated_on: date | None = Field(
        None, description="When those who oversee the addressee were told that its time to answer was over"
    )
    origin: Origin
    version: int
    created_at: datetime
    updated_at: datetime


class StandingView(Output):
    """A body and what was found of it."""

    body: Reference
    findings: int = Field(description="All of them, also those withdrawn")
    open: int
    overdue: int = Field(description="Open ones whose time to answer is over")
    severe: int = Field(description="Open ones of the highest severity")
    earliest_due_on: date | None = Field(description="By when the first of the open ones is to be answered")
