"""Bodies of visits."""

from datetime import date, datetime, time
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.monitoring.campaigns.schemas import MunicipalityView, ReferenceView
from services.monitoring.checks.visit import CheckState
from services.monitoring.submissions.domain import Flag, Reason, SubmissionState
from shared.contracts.monitoring import Check, StandardUsed, Verdict
from shared.contracts.structure import Slug
from shared.http.money import MoneyGiven
from shared.http.schemas import Code, Input, Line, Output, Prose
from shared.people.consents import OnBehalfOf
from shared.values import Money


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise PydanticCustomError("local_time", "Give the time in Bishkek, without an offset.")
    return value


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default")


LocalTime = Annotated[time, AfterValidator(_local)]
Asked = Annotated[Line, StringConstraints(max_length=200)]


Payments = Annotated[list[MoneyGiven], Field(max_length=20)]
Documents = Annotated[list[Asked], Field(max_length=50)]


class VisitFacts(Input):
    """What the monitor saw; null or absent: not recorded."""

    tier: Slug | None = Field(None, description="Code of the standard's tier that was asked for")
    applicant: Slug | None = Field(
        None, description="Applicant category, where a fee exempts one or a tier is for one"
    )
    channel: Slug | None = None
    applied_at: LocalTime | None = None
    term_started_on: date | None = Field(
        None,
        description="Day the documents were complete or the fee was paid, where the term runs from there",
    )
    delivered_on: date | None = Field(None, description="null: nothing was delivered yet")
    delivered_at: LocalTime | None = None
    fees_paid: Payments | None = Field(None, description="null: not recorded; []: nothing was paid")
    documents_asked: Documents | None = Field(
        None, description="Codes of the standard's list, or words; null: not recorded; []: none was asked"
    )
    note: Prose | None = Field(None, description="For your organisation only")


class VisitDraft(VisitFacts):
    campaign_id: UUID
    municipality_code: Code = Field(description="SOATE code")
    service_id: UUID
    applied_on: date
    on_behalf_of: OnBehalfOf | None = Field(
        None, description="At a desk: the person without internet whose visit this is, and their consent"
    )


class VisitAmendment(VisitFacts):
    """What is named is replaced, null clears it; the rest stays."""

    applied_on: date = Field(date.min, description="Cannot be cleared", json_schema_extra=_without_default)


class Refusal(Input):
    reason: Reason
    comment: Prose | None = Field(None, description="For your organisation only")


class CheckView(Output):
    """How the visit compares with the standard in force on the day of application, and what that rests on."""

    id: UUID
    state: CheckState
    verdict: Verdict | None = None
    provisional: bool
    standard: StandardUsed | None = None
    checks: list[Check]
    calendar: dict[str, int] = Field(
        description="Year → version of its working-day calendar, as the registry lists them; 0: none was known"
    )
    cause: str
    checked_at: datetime


class CheckHistoryView(CheckView):
    submission_version: int
    inputs: dict[str, Any]


class VersionView(Output):
    version: int
    change: str
    content: dict[str, Any]
    recorded_at: datetime


class SubmissionView(Output):
    id: UUID
    campaign_id: UUID
    campaign: ReferenceView
    municipality_code: str
    municipality: MunicipalityView
    service_id: UUID
    service: ReferenceView
    state: SubmissionState
    flags: list[Flag] = Field(description="What to look at before approving; a flag refuses nothing")
    tier: str | None = None
    applicant: str | None = None
    channel: str | None = None
    applied_on: date
    applied_at: time | None = None
    term_started_on: date | None = None
    delivered_on: date | None = None
    delivered_at: time | None = None
    fees_paid: list[Money] | None = None
    documents_asked: list[str] | None = None
    note: str | None = None
    reason: Reason | None = None
    comment: str | None = None
    check: CheckView
    version: int
    created_at: datetime
    updated_at: datetime
