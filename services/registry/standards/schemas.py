"""Bodies of standards."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from services.registry.legal.schemas import ActDraft
from services.registry.standards.content import StandardTier
from services.registry.standards.differences import Change
from services.registry.standards.domain import State
from shared.contracts.registry import (
    Appeal,
    LegalBasis,
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

TextCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}(/[a-z][a-z0-9_]{0,39})?$")]
"""A row's code, or a part's and an entry's: `refusal_grounds/incomplete`."""
LawDate = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2200, 1, 1))]
RecordTime = Annotated[
    AwareDatetime,
    Field(ge=datetime.fromisoformat("1990-01-01T00:00Z"), le=datetime.fromisoformat("2200-01-01T00:00Z")),
]


class ExtensionDraft(Input):
    number: Annotated[int, Field(ge=1, le=10_000)]
    unit: TermUnit
    ground: LanguageMap = Field(description="When the term may be made longer")


class TermDraft(Input):
    number: Annotated[int, Field(ge=0, le=10_000)]
    unit: TermUnit
    starts_at: TermStart = TermStart.APPLICATION
    suspended_while: LanguageMap | None = Field(None, description="When the term does not run")
    extension: ExtensionDraft | None = Field(None, description="By how much at most it may be made longer")


class FeeDraft(MoneyGiven):
    exempt: Annotated[list[Slug], Field(max_length=30)] = []
    valid_from: LawDate | None = Field(None, description="First day it is charged; absent: with the standard")
    valid_to: LawDate | None = Field(None, description="First day it is not charged any more")
    norm: Line | None = Field(None, description="The provision that sets it")


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


class LegalBasisDraft(Input):
    act_id: UUID
    article: Line | None = None


class ContentDraft(Input):
    """A draft may be incomplete; `problems` of the answer lists what is still to be done."""

    applies_to: Annotated[list[Code], Field(max_length=600)] = []
    tiers: Annotated[list[TierDraft], Field(max_length=50)] = []
    documents: Annotated[list[DocumentDraft], Field(max_length=100)] = []
    refusal_grounds: Annotated[list[RefusalGroundDraft], Field(max_length=100)] = []
    appeal: AppealDraft | None = None
    template_id: UUID | None = Field(
        None, description="Version of the template; absent: the typical standard in force today, if recorded"
    )
    rows: Annotated[dict[Slug, LanguageMap], Field(max_length=60)] = Field(
        {}, description="Texts of the template's rows of the kind `text`, by code"
    )
    legal_basis: Annotated[list[LegalBasisDraft], Field(max_length=50)] = []
    review_on: LawDate | None = Field(None, description="By when the standard is reviewed")
    corrected: Annotated[list[TextCode], Field(max_length=200)] = Field(
        [], description="Texts changed in one language on purpose; a stale translation otherwise"
    )


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
    ends_elsewhere: bool = Field(
        False, description="The act wants no standard where the version before held and this one does not"
    )


class Repeal(Input):
    act: ActDraft
    valid_to: LawDate = Field(description="First day on which no standard is in force any more")


class Action(StrEnum):
    ADOPT = "adopt"
    """Puts the draft in force, as a standard's first version or one that amends it."""
    REPEAL = "repeal"


class JointItem(Input):
    """What the act does to one standard, based on the version that was read (its ETag up to the dot)."""

    standard_id: UUID
    version: Annotated[int, Field(ge=1)]
    action: Action = Action.ADOPT
    valid_from: LawDate = Field(
        description="First day in force; of a repeal the first day no longer in force"
    )
    valid_to: LawDate | None = None
    retroactive_basis: Line | None = None
    ends_elsewhere: bool = Field(
        False, description="The act wants no standard where the version before held and this one does not"
    )


class JointAdoption(Input):
    """One act over many standards: all of it is recorded, or nothing."""

    act: ActDraft
    items: Annotated[list[JointItem], Field(min_length=1, max_length=200)]


class JointResult(Output):
    standard_id: UUID
    version: int = Field(description="Of the standard, for its next change")


class JointView(Output):
    act_id: UUID
    items: list[JointResult]


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
    template_id: UUID | None
    rows: dict[str, dict[str, str]]
    legal_basis: tuple[LegalBasis, ...]
    review_on: date | None
    corrected: tuple[str, ...]
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
    template_id: UUID | None
    rows: dict[str, dict[str, str]]
    legal_basis: tuple[LegalBasis, ...]
    review_on: date | None
    corrected: tuple[str, ...]
    stale: tuple[str, ...] = Field(description="Texts changed in one language only by this version")
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


class DifferenceView(Output):
    row: str = Field(
        description="`tiers/ordinary`, `documents/passport`, `appeal`, or the code of a template's row"
    )
    change: Change
    before: Any | None = Field(None, description="What the row said, as a version shows it")
    after: Any | None = None


class DifferencesView(Output):
    """What the later one says otherwise. A number is that of a version; absent: the draft."""

    standard_id: UUID
    before: int | None
    after: int | None
    rows: list[DifferenceView]


class ListedStandard(Output):
    """A standard somebody has to look at, in the version in force."""

    standard_id: UUID
    service: Reference
    body: Reference
    number: int
    valid_from: date
    review_on: date | None
    stale: tuple[str, ...]
