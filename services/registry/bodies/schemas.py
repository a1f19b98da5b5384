"""Bodies of public bodies."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.access.domain import OrganisationKind
from services.registry.bodies.domain import BodyChangeKind, IdentifierScheme
from services.registry.legal.schemas import ActDraft
from services.registry.standards.schemas import LawDate
from shared.contracts.structure import AdoptingAct
from shared.http.schemas import Code, Input, Line, Output
from shared.text import LanguageMap, Name
from shared.values import Origin, Reference


class BodyView(Output):
    """It exists from `valid_from` (absent: nobody knows since when) to before `valid_to` (absent: still), and is as
    shown since `state_from`."""

    id: UUID
    code: str
    kind: OrganisationKind
    name: dict[str, str]
    territory_code: str | None
    parent_id: UUID | None
    active: bool
    valid_from: date | None
    valid_to: date | None
    state_from: date | None
    services: int = Field(description="Public register entries it is responsible for; 0 is shown, not hidden")
    with_standard: int = Field(description="Of these, with a standard in force on some day")
    origin: Origin
    source: str | None
    version: int


class MandateView(Output):
    id: UUID
    text: dict[str, str]
    act: AdoptingAct
    provision: str | None
    valid_from: date
    valid_to: date | None
    origin: Origin


class IdentifierView(Output):
    scheme: IdentifierScheme
    value: str
    valid_from: date | None
    valid_to: date | None
    origin: Origin
    source: str


class RelatedBody(Output):
    """A body this one came from or went over to, on a day, by a reorganisation."""

    body: Reference
    kind: BodyChangeKind
    happened_on: date
    reorganisation_id: UUID


class PastBody(Output):
    """How a body was before `valid_to`."""

    valid_from: date | None
    valid_to: date
    code: str
    name: dict[str, str]
    parent_id: UUID | None


class BodyDetail(BodyView):
    parent: Reference | None
    former_codes: list[str]
    mandates: list[MandateView] = Field(description="Of the day asked for")
    identifiers: list[IdentifierView] = Field(description="Of the day asked for")
    predecessors: list[RelatedBody]
    successors: list[RelatedBody] = Field(description="Where to look when the body is no more")
    past: list[PastBody] = Field(description="States it had, newest first")


class MandateDraft(Input):
    text: LanguageMap
    act: ActDraft
    provision: Line | None = Field(None, description="Article or item of the act")
    valid_from: LawDate
    valid_to: LawDate | None = None
    origin: Origin = Origin.OFFICIAL


class MandateEnd(Input):
    valid_to: LawDate = Field(description="First day without the mandate")


class IdentifierDraft(Input):
    """The value of its scheme from a day on; the one before ends then."""

    scheme: IdentifierScheme
    value: Annotated[str, StringConstraints(pattern=r"^[A-Za-zА-Яа-я0-9()/-]{1,40}$")]
    valid_from: LawDate | None = None
    origin: Origin = Origin.OFFICIAL
    source: Line


class BodyChangeDraft(Input):
    """Codes are as they are when the change applies: an earlier change of the same act may have given them."""

    kind: BodyChangeKind
    body: Code = Field(description="Code of the body; in a founding its new one")
    name: Name | None = Field(None, description="founding, renaming")
    code: Code | None = Field(None, description="renaming: another code; the old one stays readable")
    parent: Code | None = Field(None, description="founding, transfer: absent means no body above it")
    into: Annotated[list[Code], Field(max_length=50)] = Field(
        [], description="merger: who takes over; division: who came from it"
    )
    of_kind: OrganisationKind | None = Field(None, description="founding; renaming: another kind")
    territory_code: Code | None = Field(None, description="founding")


class ReorganisationRecord(Input):
    """What one act made of bodies on one day. All of it is recorded, or nothing."""

    happened_on: LawDate = Field(description="First day of the new state; today or before")
    act: ActDraft
    changes: Annotated[list[BodyChangeDraft], Field(min_length=1, max_length=1000)]
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class BodyChangeView(Output):
    kind: BodyChangeKind
    predecessor: Reference | None = None
    successor: Reference | None = None


class ReorganisationView(Output):
    id: UUID
    happened_on: date
    act: AdoptingAct
    changes: list[BodyChangeView]
    origin: Origin
    source: str | None
    recorded_at: datetime
