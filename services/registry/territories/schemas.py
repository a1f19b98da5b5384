"""Bodies of territories."""

import datetime as dt
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, FiniteFloat

from services.registry.legal.schemas import ActDraft
from services.registry.standards.schemas import LawDate
from services.registry.territories.changes import ChangeKind
from services.registry.territories.domain import TerritoryKind
from shared.contracts.structure import AdoptingAct
from shared.http.pages import Page
from shared.http.schemas import Code, Input, Line, Output
from shared.text import Name
from shared.values import Origin


class Coordinates(Input):
    latitude: Annotated[FiniteFloat, Field(ge=-90, le=90)]
    longitude: Annotated[FiniteFloat, Field(ge=-180, le=180)]
    source: Line


class TerritoryDraft(Input):
    code: Code
    kind: TerritoryKind
    name: Name
    parent_code: Code | None = None
    p_code: Code | None = Field(None, description="OCHA common operational dataset code")
    coordinates: Coordinates | None = None
    valid_from: LawDate | None = Field(None, description="First day of the unit; absent: not known")
    edition: Line = Field(description="Edition of the classifier, or the act that made the unit")
    origin: Origin
    source: Line


class TerritoryCorrection(Input):
    """What is left out stays as it is; `name` replaces all languages."""

    name: Name | None = None
    coordinates: Coordinates | None = None
    edition: Line | None = None
    source: Line | None = None


class TerritoryView(Output):
    """`path` holds codes from the country down to the unit; `missing` the state languages without a name.

    It exists from `valid_from` (absent: nobody knows since when) to before `valid_to` (absent: still), and is as shown
    since `state_from`."""

    id: UUID
    code: str
    kind: TerritoryKind
    name: dict[str, str]
    parent_code: str | None
    path: list[str]
    municipality: bool
    missing: list[str]
    p_code: str | None
    latitude: float | None
    longitude: float | None
    coordinates_source: str | None
    valid_from: date | None
    valid_to: date | None
    state_from: date | None
    edition: str
    origin: Origin
    source: str
    version: int
    updated_at: datetime


class RelatedUnit(Output):
    """A unit this one came from or went over to, on a day and by a change."""

    code: str
    name: dict[str, str]
    kind: ChangeKind
    happened_on: date
    change_id: UUID


class PastUnit(Output):
    """How a unit was before `valid_to`."""

    valid_from: date | None
    valid_to: date
    kind: TerritoryKind
    name: dict[str, str]
    parent_code: str | None


class TerritoryDetail(TerritoryView):
    predecessors: list[RelatedUnit]
    successors: list[RelatedUnit] = Field(
        description="Where to look when the code is of a unit that is no more"
    )
    past: list[PastUnit] = Field(description="States it had, newest first")


class EditionView(Output):
    """Of which edition of the classifier a list is: the newest on the day asked for, or the earliest recorded one."""

    date: dt.date
    title: str
    origin: Origin
    source: str
    changed_on: dt.date | None = Field(description="Day of the last change recorded on top of it")


class TerritoryPage(Page[TerritoryView]):
    edition: EditionView | None = None


class EditionDraft(Input):
    date: LawDate
    title: Line
    origin: Origin
    source: Line


class Heading(Input):
    code: Code
    name: Name
    parent_code: Code
    origin: Origin
    source: Line


class HeadingView(Output):
    code: str
    name: dict[str, str]
    parent_code: str
    origin: Origin
    source: str


class SuccessorDraft(Input):
    """A unit as it is afterwards. What is left out stays as it was; a new unit needs a name."""

    code: Code
    name: Name | None = None
    kind: TerritoryKind | None = None
    parent_code: Code | None = None
    p_code: Code | None = None
    coordinates: Coordinates | None = None
    children: Annotated[list[Code], Field(max_length=500)] = Field(
        [], description="In a split: units below the former one that pass to this one"
    )


class TerritoryChangeRecord(Input):
    """A change that an act made. Children pass to the one successor by themselves; a split says to which."""

    kind: ChangeKind
    happened_on: LawDate = Field(description="First day of the new state; today or before")
    act: ActDraft
    predecessors: Annotated[list[Code], Field(min_length=1, max_length=50)]
    successors: Annotated[list[SuccessorDraft], Field(min_length=1, max_length=50)]
    edition: Line | None = Field(None, description="Of new units; absent: the act")
    origin: Origin = Origin.OFFICIAL
    source: Line | None = None


class TerritoryChangeView(Output):
    id: UUID
    kind: ChangeKind
    happened_on: date
    act: AdoptingAct
    predecessors: list[str]
    successors: list[str]
    origin: Origin
    source: str | None
    recorded_at: datetime


class BoundarySource(Input):
    """Where boundaries of one level come from."""

    level: Annotated[int, Field(ge=1, le=2)]
    tolerance_metres: Annotated[int, Field(ge=0)] = Field(
        description="How far the simplified line may lie from the true one"
    )
    edition: LawDate
    licence: Line
    licence_url: Line
    origin: Origin
    source: Line


class BoundaryProperties(Output):
    code: str
    kind: TerritoryKind
    name: dict[str, str]
    p_code: str | None
    level: int
    tolerance_metres: int
    edition: date
    licence: str
    licence_url: str
    origin: Origin
    source: str


class BoundaryGeometry(Output):
    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class BoundaryFeature(Output):
    """GeoJSON (RFC 7946), longitude before latitude, simplified as `tolerance_metres` says."""

    type: Literal["Feature"]
    id: str
    properties: BoundaryProperties
    geometry: BoundaryGeometry


class BoundaryCollection(Output):
    type: Literal["FeatureCollection"]
    features: list[BoundaryFeature]


class KindGap(Output):
    kind: TerritoryKind
    units: int
    without_ky: int
    without_ru: int
    without_coordinates: int
    without_p_code: int
    without_boundary: int
    without_valid_from: int


class TerritoryGaps(Output):
    """What is not known of the units there are today, by kind; `/v1/territories?missing=` lists each."""

    units: int
    kinds: list[KindGap]
    edition: EditionView | None
