"""Bodies of territories."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, FiniteFloat

from services.registry.territories.domain import TerritoryKind
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
    """`path` holds codes from the country down to the unit; `missing` the state languages without a name."""

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
    edition: str
    origin: Origin
    source: str
    version: int
    updated_at: datetime
