"""Bodies of methods. The same model reads a definition over HTTP and from the seeds."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.scoring.methods.domain import Derivation, VersionState
from shared.http.schemas import Code, Input, Line, Output
from shared.text import Name, Text
from shared.values import Origin

MethodCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
VersionNumber = Annotated[int, Field(ge=1, le=10_000)]
Finite = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Weight = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Goalposts(Input):
    """The values that score 0 and 100 (the other way round where less is better), in the indicator's unit."""

    low: Finite
    high: Finite
    basis: Line | None = Field(None, description="Why these and no others")


class IndicatorDefinition(Input):
    code: Code
    dimension: Code
    name: Name
    working_names: Annotated[list[Literal["ky", "ru", "en"]], Field(min_length=1, max_length=3)] | None = (
        Field(
            None,
            description="Languages in which the name is this platform's working translation, no official one",
        )
    )
    unit: Line
    direction: Literal[1, -1] = Field(description="1: more is better; -1: less is better")
    goalposts: Goalposts
    weight: Weight = 1.0
    target_groups: Annotated[list[Code], Field(max_length=20)] = []
    source_kind: Literal["administrative", "monitoring", "manual"]
    source_detail: Line | None = None
    rollup: Code
    disaggregate_by: Annotated[list[Line], Field(max_length=20)] = []
    validity_months: Annotated[int, Field(ge=1, le=240)] = 12
    anchor: Line | None = Field(None, description="The published index or goal it leans on")
    derivation: Derivation = Derivation.IMPORTED
    minimum_cases: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="Fewer counted cases than this show as missing"
    )


class DimensionDefinition(Input):
    code: Code
    name: Name
    weight: Weight = 1.0


class TargetGroup(Input):
    code: Code
    name: Name
    definition: Line | None = None


class RulesDefinition(Input):
    """How values become scores. Values that a later version adds stand beside these; none changes its meaning."""

    normalisation: Literal["goalposts_clipped"] = Field(
        "goalposts_clipped", description="Min-max between fixed goalposts, cut off at 0 and 100"
    )
    aggregation_within: Literal["weighted_arithmetic_mean"] = "weighted_arithmetic_mean"
    aggregation_across: Literal["weighted_arithmetic_mean"] = "weighted_arithmetic_mean"
    minimum_indicator_share: Share = Field(
        0.6, description="Share of its applicable indicators a dimension needs"
    )
    minimum_dimension_share: Share = Field(
        0.8, description="Share of the applicable dimensions a score needs"
    )
    decimals: Annotated[int, Field(ge=0, le=6)] = Field(2, description="Of scores as they are shown")
    ranks: Literal["min"] = Field("min", description="Ties share the best rank: 1, 2, 2, 4")


class Definition(Input):
    name: Name
    description: Text | None = None
    target_groups: Annotated[list[TargetGroup], Field(max_length=30)] = []
    dimensions: Annotated[list[DimensionDefinition], Field(min_length=1, max_length=30)]
    indicators: Annotated[list[IndicatorDefinition], Field(min_length=1, max_length=200)]
    rules: RulesDefinition = RulesDefinition()
    origin: Origin = Origin.UNOFFICIAL
    source: Line | None = None


class MethodDraft(Input):
    code: MethodCode
    definition: Definition


class MethodSummary(Output):
    id: UUID
    code: str
    number: int = Field(description="The version that people cite")
    state: VersionState
    name: dict[str, str]
    content_hash: str = Field(description="SHA-256 of the definition; every score names it")
    version: int = Field(description="Of this resource, as in its ETag")
    created_at: datetime
    published_at: datetime | None


class MethodView(MethodSummary):
    definition: Definition
