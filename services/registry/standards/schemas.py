"""Bodies of standards."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.registry.legal.schemas import ActDraft
from services.registry.standards.content import StandardTier
from services.registry.standards.domain import State
from shared.contracts.registry import (
    Appeal,
    RefusalGround,
    RequiredDocument,
    ServiceLevel,
    TermStart,
    TermUnit,
)
from shared.contracts.structure import AdoptingAct, Slug
from shared.http.money import MoneyGiven
from shared.http.schemas import Code, Input, Line, Output
from shared.text import LanguageMap, Name
from shared.values import Origin, Reference

LawDate = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]
RecordTime = Annotated[
    AwareDatetime,
    Field(ge=datetime.fromisoformat("1990-01-01T00:00Z"), le=datetime.fromisoformat("2200-01-01T00:00Z")),
]


class TermDraft(Input):
    number: Annotated[int, Field(ge=0, le=10_000)]
    unit: TermUnit
    starts_at: TermStart = TermStart.APPLICATION


class FeeDraft(MoneyGiven):
    exempt: Annotated[list[Slug], Field(max_length=30)] = []


class TierDraft(Input):
    code: Slug
    urgency: Slug = "ordinary"
    channel: Slug = "in_person"
    place: Code | None = Field(None, description="SOATE code; absent: anywhere")
    applicant: Slug | None = Field(None, description="Category of applicant; absent: anybody")
    term: TermDraft | None = None
    fees: Annotated[list[FeeDraft], Field(max_length=30)] = []
    free: bool = Field(False, description="Nothing is charged. An empty fee list alone does not say so")


class DocumentDraft(Input):
    code: Slug
    name: Name
    obtained_by_body: bool = False


class RefusalGroundDraft(Input):
    code: Slug
    text: LanguageMap
    norm: Line | None = None


class AppealDraft(Input):
    authority: Name
    term: TermDraft | None = None
    form: LanguageMap | None = None
    norm: Line | None = None


class ContentDraft(Input):
    """A draft may be incomplete; `problems` of the answer lists what is still to be done."""

    applies_to: Annotated[list[Code], Field(max_length=600)] = []
    tiers: Annotated[list[TierDraft], Field(max_length=50)] = []
    documents: Annotated[list[DocumentDraft], Field(max_length=100)] = []
    refusal_grounds: Annotated[list[RefusalGroundDraft], Field(max_length=100)] = []
    appeal: AppealDraft | None = None


class StandardDraftRequest(ContentDraft):
    service_id: UUID


class Adoption(Input):
    act: ActDraft
    valid_from: LawDate = Field(description="First day in force; may be past (back-dated) or to come")
    valid_to: LawDate | None = Field(
        None, description="First day no longer in force; absent: until further notice"
    )
    retroactive_basis: Line | None = Field(
        None, description="The act's provision that puts the standard in force before the act itself"
    )


class Repeal(Input):
    act: ActDraft
    valid_to: LawDate = Field(description="First day on which no standard is in force any more")


class DraftProblem(Output):
    pointer: str
    code: str


class DraftView(Output):
    standard_id: UUID
    service: Reference
    body: Reference
    version: int
    applies_to: tuple[str, ...]
    tiers: tuple[StandardTier, ...]
    documents: tuple[RequiredDocument, ...]
    refusal_grounds: tuple[RefusalGround, ...]
    appeal: Appeal | None
    problems: list[DraftProblem] = Field(description="What keeps it from being adopted")
    updated_at: datetime


class VersionView(Output):
    """One version. In force from `valid_from` to before `valid_to` (absent: open); never, if they are equal."""

    version_id: UUID
    number: int
    state: State
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    applies_to: tuple[str, ...]
    tiers: tuple[StandardTier, ...]
    documents: tuple[RequiredDocument, ...]
    refusal_grounds: tuple[RefusalGround, ...]
    appeal: Appeal | None
    missing: tuple[str, ...] = Field(description="Rows nobody has collected")
    act: AdoptingAct | None
    retroactive_basis: str | None = None
    origin: Origin
    source: str | None


class StandardInForce(VersionView):
    """The version in force as a service's page shows it."""

    standard_id: UUID


class StandardView(Output):
    """A standard and the version in force on the day asked for; `in_force` is absent when there is none."""

    id: UUID
    service: Reference
    body: Reference
    level: ServiceLevel
    version: int
    has_draft: bool | None = Field(None, description="Shown to the body's own people only")
    in_force: VersionView | None
