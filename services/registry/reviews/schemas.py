"""Bodies of reviews."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.registry.reviews.domain import Opinion
from services.registry.standards.schemas import DraftView, LawDate, TextCode
from shared.http.schemas import Code, Input, Line, Output
from shared.text import LanguageMap, StateName
from shared.values import Origin, Reference


class RoundDraft(Input):
    code: Code
    title: StateName
    reviewers_needed: Annotated[int, Field(ge=1, le=50)] = Field(description="Approvals a draft needs")
    bodies: Annotated[list[UUID], Field(min_length=1, max_length=600)] = Field(
        description="Whose drafts are reviewed"
    )
    opens_on: LawDate
    closes_on: LawDate | None = Field(None, description="First day on which it is closed")
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class Appointment(Input):
    membership_id: UUID = Field(description="A membership with the role of a reviewer")


class RemarkDraft(Input):
    row: TextCode = Field(
        description="What it is about: a row of the template, or a text as `corrected` names it"
    )
    text: LanguageMap


class AnswerDraft(Input):
    text: LanguageMap


class VerdictDraft(Input):
    opinion: Opinion


class ReviewedBody(Output):
    body: Reference
    services: int
    no_service_collected: bool


class ReviewerView(Output):
    number: int
    organisation: Reference


class RoundSummary(Output):
    id: UUID
    code: str
    title: dict[str, str]
    reviewers_needed: int
    opens_on: date
    closes_on: date | None
    origin: Origin
    source: str | None


class RoundView(RoundSummary):
    """A round with the bodies whose drafts it covers, also those nobody has found a service of."""

    bodies: list[ReviewedBody]
    reviewers: list[ReviewerView]


class ReviewedDraft(Output):
    standard_id: UUID
    version: int
    service: Reference


class RemarkView(Output):
    id: UUID
    reviewer: int
    row: str
    text: dict[str, str]
    draft_version: int
    made_at: datetime
    answer: dict[str, str] | None
    answered_at: datetime | None


class VerdictView(Output):
    reviewer: int
    opinion: Opinion
    draft_version: int = Field(description="It holds for this version of the draft only")
    given_at: datetime


class ReviewView(Output):
    """A draft under review; for the round's reviewers and the people of its body."""

    draft: DraftView
    remarks: list[RemarkView]
    verdicts: list[VerdictView]
