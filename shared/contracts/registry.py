"""Events of the Unified Register: organisations, acts, calendar, territories, services, standards."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.contracts.audit import audit_head
from shared.contracts.erasure import PersonErased, erasure_completed
from shared.contracts.legal import ActState, CalendarYear
from shared.contracts.service_points import ServicePointState
from shared.contracts.structure import (
    AdoptingAct,
    BodyState,
    BoundaryState,
    FunctionRegisterState,
    FunctionState,
    ReorganisationState,
    Slug,
    TerritoryChangeState,
    Text,
    Value,
)
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.values import Money, Origin, Place, Reference


class Overseeing(Value):
    """Days on which somebody is appointed to oversee others for an organisation; who it is nobody is told."""

    valid_from: date
    valid_to: date | None = None
    """First day on which it is over."""


class OrganisationState(EventPayload):
    """An organisation of any kind: body, group, NGO, donor, system owner."""

    code: str
    kind: Slug
    name: Text
    territory: Place | None = None
    parent_id: UUID | None = None
    active: bool = True
    valid_from: date | None = None
    """First day of the organisation; absent: not known."""
    valid_to: date | None = None
    """First day on which it is no more; who took over says `registry.reorganisation.recorded.v1`."""
    overseeing: tuple[Overseeing, ...] = ()
    """What it reads and is told of beyond its own: its territory, its subordinate bodies, or the body a council
    belongs to."""
    origin: Origin


class CredentialRevoked(EventPayload):
    """Tokens of this credential (`id` is the `cid`) are refused from now on."""

    reason: Slug
    revoked_at: datetime


class TerritoryState(EventPayload):
    """A unit of the SOATE classifier or a territorial unit inside a city."""

    code: str
    kind: Slug
    name: Text
    parent_code: str | None = None
    path: tuple[str, ...]
    municipality: bool
    latitude: float | None = None
    longitude: float | None = None
    p_code: str | None = None
    valid_from: date | None = None
    """First day of the unit; absent: not known."""
    valid_to: date | None = None
    """First day on which the unit is no more; what it went over to says `registry.territory_change.recorded.v1`."""
    edition: str
    origin: Origin


class ServiceLevel(StrEnum):
    STATE = "state"
    MUNICIPAL = "municipal"


class ServiceState(EventPayload):
    """An entry of the register's catalogue."""

    code: str
    name: Text
    level: ServiceLevel
    body: Reference
    sector: Slug | None = None
    status: Slug
    missing: tuple[str, ...] = ()
    """Rows of the standard nobody has collected yet; gaps are listed, never filled in."""
    origin: Origin
    source: str | None = None


class TermUnit(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"
    SAME_DAY = "same_day"


class TermStart(StrEnum):
    """The moment a term runs from."""

    APPLICATION = "application"
    COMPLETE_DOCUMENTS = "complete_documents"
    PAYMENT = "payment"


class TermExtension(Value):
    """By how much at most a term may be made longer, and when."""

    number: int = Field(ge=1)
    unit: TermUnit
    ground: Text


class StandardTerm(Value):
    number: int = Field(ge=0)
    unit: TermUnit
    starts_at: TermStart = TermStart.APPLICATION
    suspended_while: Text = {}
    """When the term does not run, as while another body is being asked."""
    extension: TermExtension | None = None


class Fee(Money):
    """One fee line; `exempt` names the applicant categories that pay nothing.

    Charged from `valid_from` inclusive to `valid_to` exclusive (null: as long as the standard is in force)."""

    exempt: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    norm: str | None = None
    """The provision that sets it."""

    def charged_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


class Tier(Value):
    """One way to get the service: its own term and fees. `None` means "any" in place and applicant."""

    code: Slug
    urgency: Slug = "ordinary"
    channel: Slug = "in_person"
    place: str | None = None
    applicant: str | None = None
    term: StandardTerm | None = None
    fees: tuple[Fee, ...] = ()
    """Empty: no fee is charged. A fee nobody knows is listed in the standard's `missing`."""


class RequiredDocument(Value):
    code: Slug
    name: Text
    obtained_by_body: bool = False
    """The body gets it itself through interdepartmental exchange; it may not be asked of the applicant."""


class RefusalGround(Value):
    code: Slug
    text: Text
    norm: str | None = None


class Appeal(Value):
    authority: Text
    term: StandardTerm | None = None
    form: Text = {}
    norm: str | None = None


class LegalBasis(Value):
    """A provision a standard rests on."""

    act_id: UUID
    article: str | None = None


class StandardVersion(EventPayload):
    """One version of a service's standard with its validity (law) and record time (register).

    `id` is the standard; `version` numbers its versions. In force from `valid_from` inclusive to `valid_to`
    exclusive (null: open). A back-dated version has `recorded_at` after `valid_from`."""

    version: int = Field(ge=1)
    version_id: UUID
    service: Reference
    level: ServiceLevel
    body: Reference
    """Who adopted it. A municipal standard binds every municipality in `applies_to`."""
    applies_to: tuple[str, ...] = ()
    """SOATE codes of the territories it binds; empty: the whole country."""
    tiers: tuple[Tier, ...]
    documents: tuple[RequiredDocument, ...] = ()
    refusal_grounds: tuple[RefusalGround, ...] = ()
    appeal: Appeal | None = None
    template_id: UUID | None = None
    """The version of the template it was written by (`registry.template.adopted`, `version_id`)."""
    rows: dict[str, Text] = {}
    """Texts of the template's other rows, by the row's code."""
    legal_basis: tuple[LegalBasis, ...] = ()
    review_on: date | None = None
    """By when it has to be reviewed."""
    missing: tuple[str, ...] = ()
    valid_from: date
    valid_to: date | None = None
    recorded_at: datetime
    act: AdoptingAct | None = None
    origin: Origin
    source: str | None = None


class TemplateRow(Value):
    """A row of a passport. `kind` says what fills it: a text, or a part of the standard."""

    code: Slug
    number: str
    title: Text
    kind: Slug
    required: bool
    unverified: bool = False
    """Not compared with the act yet."""
    source: str | None = None


class TemplateVersion(EventPayload):
    """A version of a template of standards. `id` is the template; `number` counts its versions.

    In force from `valid_from` until a version of a higher number is."""

    version_id: UUID
    code: Slug
    number: int = Field(ge=1)
    title: Text
    rows: tuple[TemplateRow, ...]
    review_months: int | None = None
    act: AdoptingAct
    valid_from: date
    recorded_at: datetime
    origin: Origin
    source: str | None = None


ORGANISATION_CHANGED = EventType(
    "registry.organisation.changed.v1",
    OrganisationState,
    Audience.PUBLIC,
    "An organisation was registered or changed",
)
CREDENTIAL_REVOKED = EventType(
    "registry.credential.revoked.v1",
    CredentialRevoked,
    Audience.INTERNAL,
    "A credential may no longer be used",
)
ACT_CHANGED = EventType(
    "registry.act.changed.v1",
    ActState,
    Audience.PUBLIC,
    "A legal act was recorded or changed",
)
CALENDAR_CHANGED = EventType(
    "registry.calendar.changed.v1",
    CalendarYear,
    Audience.PUBLIC,
    "The working days of a year were set or corrected",
)
TERRITORY_CHANGED = EventType(
    "registry.territory.changed.v1",
    TerritoryState,
    Audience.PUBLIC,
    "A territorial unit was recorded or changed",
)
TERRITORY_CHANGE_RECORDED = EventType(
    "registry.territory_change.recorded.v1",
    TerritoryChangeState,
    Audience.PUBLIC,
    "Units were renamed, recoded, merged, split, moved or made of another kind by an act",
)
BOUNDARY_RECORDED = EventType(
    "registry.boundary.recorded.v1",
    BoundaryState,
    Audience.PUBLIC,
    "The simplified boundary of a unit was recorded or replaced",
)
BODY_CHANGED = EventType(
    "registry.body.changed.v1",
    BodyState,
    Audience.PUBLIC,
    "The mandates or identifiers of a public body were recorded or ended",
)
REORGANISATION_RECORDED = EventType(
    "registry.reorganisation.recorded.v1",
    ReorganisationState,
    Audience.PUBLIC,
    "Bodies were founded, renamed, moved, merged, split or closed by one act",
)
FUNCTION_CHANGED = EventType(
    "registry.function.changed.v1",
    FunctionState,
    Audience.PUBLIC,
    "A function of a body was adopted, changed, transferred or dropped",
)
FUNCTION_REGISTER_ADOPTED = EventType(
    "registry.function_register.adopted.v1",
    FunctionRegisterState,
    Audience.PUBLIC,
    "A version of the Register of Functions was adopted by an act",
)
SERVICE_CHANGED = EventType(
    "registry.service.changed.v1", ServiceState, Audience.PUBLIC, "A register entry was recorded or changed"
)
TEMPLATE_ADOPTED = EventType(
    "registry.template.adopted.v1",
    TemplateVersion,
    Audience.PUBLIC,
    "An act set which rows standards have",
)
STANDARD_ADOPTED = EventType(
    "registry.standard.adopted.v1",
    StandardVersion,
    Audience.PUBLIC,
    "A version of a standard was adopted by an act",
)
STANDARD_AMENDED = EventType(
    "registry.standard.amended.v1",
    StandardVersion,
    Audience.PUBLIC,
    "The validity of a recorded version changed, because another version took its place or it was repealed",
)
SERVICE_POINT_CHANGED = EventType(
    "registry.service_point.changed.v1",
    ServicePointState,
    Audience.PUBLIC,
    "A place where services are given was recorded or changed",
)
SERVICE_POINT_CLOSED = EventType(
    "registry.service_point.closed.v1",
    ServicePointState,
    Audience.PUBLIC,
    "A place where services were given closes on a day",
)
PERSON_ERASED = EventType(
    "registry.person.erased.v1",
    PersonErased,
    Audience.INTERNAL,
    "A person is to be forgotten by every service",
)
ERASURE_COMPLETED = erasure_completed("registry")
AUDIT_CHAINED = audit_head("registry")
EVENTS = (
    ORGANISATION_CHANGED,
    CREDENTIAL_REVOKED,
    ACT_CHANGED,
    CALENDAR_CHANGED,
    TERRITORY_CHANGED,
    TERRITORY_CHANGE_RECORDED,
    BOUNDARY_RECORDED,
    BODY_CHANGED,
    REORGANISATION_RECORDED,
    FUNCTION_CHANGED,
    FUNCTION_REGISTER_ADOPTED,
    SERVICE_CHANGED,
    TEMPLATE_ADOPTED,
    STANDARD_ADOPTED,
    STANDARD_AMENDED,
    SERVICE_POINT_CHANGED,
    SERVICE_POINT_CLOSED,
    PERSON_ERASED,
    ERASURE_COMPLETED,
    AUDIT_CHAINED,
)
