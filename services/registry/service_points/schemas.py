"""Bodies of service points."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, FiniteFloat, StringConstraints

from services.registry.legal.citations import Citations
from services.registry.service_points.domain import (
    Accessibility,
    Measure,
    NoDistance,
    PointKind,
    Precision,
    Visibility,
)
from services.registry.service_points.opening import OnHolidays
from services.registry.service_points.recurrence import MOST_CHARACTERS
from shared.contracts.service_points import (
    OfferedService,
    OfficePhone,
    PointHours,
    PointVolume,
    TimeOfDay,
)
from shared.http.schemas import Code, Input, Line, Output
from shared.text import Name
from shared.text.tags import TAG_LENGTH_LIMIT, TAG_PATTERN
from shared.values import Origin, Place, Reference

Rule = Annotated[str, StringConstraints(pattern=rf"^[A-Z0-9=;,+-]{{1,{MOST_CHARACTERS}}}$")]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{6,14}|[1-9][0-9]{2,3})$")]
Language = Annotated[str, StringConstraints(pattern=rf"^{TAG_PATTERN}$", max_length=TAG_LENGTH_LIMIT)]


class Span(Input):
    opens: TimeOfDay
    closes: TimeOfDay


class RuleDraft(Span):
    """Open on the days of the rule, less the breaks."""

    rrule: Rule = Field(
        description="RFC 5545: FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR. No COUNT, nothing below a day"
    )
    starts_on: dt.date | None = Field(None, description="DTSTART; needed with INTERVAL")
    breaks: Annotated[list[Span], Field(max_length=5)] = []


class ExceptionDraft(Input):
    """A day on which the rules do not hold; without spans it is closed."""

    day: dt.date
    spans: Annotated[list[Span], Field(max_length=5)] = []
    note: Name | None = None


class HoursDraft(Input):
    """Local time in Bishkek."""

    rules: Annotated[list[RuleDraft], Field(max_length=20)]
    exceptions: Annotated[list[ExceptionDraft], Field(max_length=100)] = []
    public_holidays: OnHolidays = OnHolidays.CLOSED


class PhoneDraft(Input):
    """A public number of the office, not of a person: E.164, or a short number ("119")."""

    number: PhoneNumber
    note: Name | None = None


class PointCoordinates(Input):
    latitude: Annotated[FiniteFloat, Field(ge=-90, le=90)]
    longitude: Annotated[FiniteFloat, Field(ge=-180, le=180)]
    precision: Literal[Precision.EXACT, Precision.STREET, Precision.SETTLEMENT]
    source: Line


class OfferedDraft(Input):
    service_id: UUID
    hours: HoursDraft | None = Field(None, description="Only where they differ from the point's")
    channel_note: Name | None = None


class VolumeDraft(Input):
    year: Annotated[int, Field(ge=1990, le=2100)]
    measure: Measure
    number: Annotated[int, Field(ge=0, le=100_000_000)]
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class PointContent(Input):
    """What a point is. Of one with `visibility: area_only` no exact place is taken: neither address nor coordinates nor
    notes that could tell it; its territory is a raion, a city of an oblast, or larger."""

    kind: PointKind
    name: Name = Field(description="Of the office, not of a person")
    visibility: Visibility = Visibility.PUBLIC
    territory_code: Code | None = None
    street_address: Name | None = None
    coordinates: PointCoordinates | None = None
    hours: HoursDraft | None = Field(None, description="Absent: nobody knows them")
    phones: Annotated[list[PhoneDraft], Field(max_length=20)] = []
    languages: Annotated[list[Language], Field(max_length=20)] = []
    accessibility: Annotated[list[Accessibility], Field(max_length=len(Accessibility))] = []
    services: Annotated[list[OfferedDraft], Field(max_length=300)] = []
    volumes: Annotated[list[VolumeDraft], Field(max_length=100)] = []
    legal_basis: Citations = []
    opened_on: dt.date | None = None
    note: Line | None = None
    source: Line | None = None


class PointDraft(PointContent):
    code: Code


class CollectedPoint(PointDraft):
    """A point as it was found, with its body."""

    body_code: Code
    origin: Origin


class CollectedFact(Input):
    code: Code
    kind: PointKind
    text: Line
    value: Line | None = None
    dated: Line | None = None
    origin: Origin
    source: Line


class Closing(Input):
    closed_on: dt.date = Field(description="First day on which the point is no more")


class OpeningView(Output):
    """At the moment of the answer. `open` is absent where nobody knows; `next` is the next certain opening;
    `provisional`: a day it depends on may still be moved by decree."""

    open: bool | None
    until: dt.datetime | None
    next: dt.datetime | None
    provisional: bool


class PointView(Output):
    id: UUID
    code: str
    kind: PointKind
    name: dict[str, str]
    body: Reference
    visibility: Visibility
    territory: Place | None
    street_address: dict[str, str]
    latitude: float | None
    longitude: float | None
    precision: Precision
    coordinates_source: str | None
    hours: PointHours | None
    opening: OpeningView
    phones: list[OfficePhone]
    languages: list[str]
    accessibility: list[Accessibility]
    services: list[OfferedService]
    volumes: list[PointVolume]
    legal_basis: Citations
    missing: list[str] = Field(description="What nobody knows of it")
    opened_on: dt.date | None
    closed_on: dt.date | None
    note: str | None
    origin: Origin
    source: str | None
    version: int
    updated_at: dt.datetime


class NearPointView(PointView):
    """With the distance on the Earth's surface, or the reason why none can be told."""

    distance_m: int | None
    no_distance: NoDistance | None


class PointGap(Output):
    field: str
    points: int


class FactView(Output):
    code: str
    kind: PointKind
    text: str
    value: str | None
    dated: str | None
    origin: Origin
    source: str


class PointGapsView(Output):
    """What the register does not know of its points, and what was found of points in general."""

    points: int
    missing: list[PointGap]
    facts: list[FactView]


class Geometry(Output):
    """RFC 7946: longitude before latitude."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]


class FeatureProperties(Output):
    code: str
    kind: PointKind
    name: dict[str, str]
    body: Reference
    territory: Place | None
    precision: Precision
    no_distance: NoDistance | None
    street_address: dict[str, str]
    phones: list[OfficePhone]
    accessibility: list[Accessibility]
    languages: list[str]
    open: bool | None
    origin: Origin


class Feature(Output):
    """`geometry` is null where no place can be told that a distance could be measured from."""

    type: Literal["Feature"] = "Feature"
    id: UUID
    geometry: Geometry | None
    properties: FeatureProperties

    def plain(self) -> dict[str, Any]:
        """As JSON types, with the null geometry RFC 7946 asks for."""
        shown = self.model_dump(mode="json", exclude_none=True)
        return {"geometry": None, **shown}


class FeatureCollection(Output):
    """A page of points (RFC 7946); `next_cursor` is a foreign member of it."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Feature]
    next_cursor: str | None
