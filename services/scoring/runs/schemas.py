"""Bodies of runs."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.scoring.methods.schemas import MethodCode, VersionNumber
from shared.http.schemas import Input, Output
from shared.values import Origin

Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31))]


class RunOpening(Input):
    method_code: MethodCode
    method_version: VersionNumber | None = Field(
        None, description="The latest published one where it is absent"
    )
    period_start: Day
    period_end: Day


class MethodUsed(Output):
    code: str
    version: int
    content_hash: str


class RunView(Output):
    id: UUID
    method: MethodUsed
    period_start: date
    period_end: date
    provisional: bool = Field(
        description="True: follows the data from day to day. False: published, never changes"
    )
    edition: int | None = Field(None, description="1, 2, … in the order of publication")
    live_run_id: UUID | None = Field(None, description="The live run this one was copied from")
    published_run_id: UUID | None = Field(None, description="The latest publication of this live run")
    municipalities: int
    ranked: int
    input_hash: str = Field(description="SHA-256 of method, period and every input")
    computed_at: datetime
    published_at: datetime | None = None
    version: int


class Municipality(Output):
    """As it is called today; in a published run, which is a dated document, as on the day of publication."""

    id: UUID | None = Field(None, description="Absent until the registry's event has arrived")
    code: str
    name: dict[str, str]
    path: list[str]


class DimensionView(Output):
    code: str
    score: float | None = None
    available: int = Field(description="Indicators with a value")
    applicable: int = Field(description="Indicators that apply to the municipality")


class IndicatorView(Output):
    code: str
    value: float | None = Field(None, description="In the indicator's own unit")
    missing_reason: str | None = None
    numerator: int | None = None
    denominator: int | None = None
    origin: Origin | None = None
    normalised: float | None = Field(None, description="0 to 100, unrounded")
    weight: float | None = Field(None, description="Of this indicator in the score, missing ones left out")
    contribution: float | None = Field(
        None, description="The contributions of all indicators sum to the score"
    )


class ResultSummary(Output):
    municipality: Municipality
    score: float | None = Field(None, description="0 to 100, with as many decimals as the method shows")
    rank: int | None = None
    dimensions: list[DimensionView]


class ResultView(ResultSummary):
    unrounded_score: float | None = Field(
        None, description="What `score` is rounded from: the sum of the contributions below"
    )
    run_id: UUID
    provisional: bool
    indicators: list[IndicatorView]
    input_hash: str


class StepView(Output):
    name: Literal["value", "normalised", "weight", "contribution"]
    formula: str = Field(description="Arithmetic that gives the result")
    result: float


class VisitView(Output):
    id: UUID
    version: int
    service: dict[str, Any] = Field(
        description="As it is called today; in a published run as on the day of publication"
    )
    standard: dict[str, Any] | None = Field(None, description="The version the visit was checked against")
    applied_on: date
    verdict: str
    counted: bool = Field(
        description="False: a criterion has no verdict, so the visit is neither in the numerator nor in the "
        "denominator, whatever the verdicts on the others"
    )
    checks: list[dict[str, Any]]
    provisional: bool
    origin: Origin


class ObservationUsed(Output):
    id: UUID
    version: int
    period_end: date
    observed_on: date
    state: str
    value: float | None
    numerator: int | None
    denominator: int | None
    origin: Origin
    source: str
    import_id: UUID


class GoalpostsUsed(Output):
    low: float
    high: float


class IndicatorUsed(Output):
    code: str
    dimension: str
    name: dict[str, str]
    working_names: list[str] | None = Field(
        None,
        description="Languages in which the name is this platform's working translation, no official one",
    )
    unit: str
    direction: Literal[1, -1]
    goalposts: GoalpostsUsed
    weight: float
    minimum_cases: int


class Lineage(Output):
    run_id: UUID
    provisional: bool = Field(description="False: as it was at the moment of publication")
    method: MethodUsed
    municipality: Municipality
    indicator: IndicatorUsed
    value: float | None
    missing_reason: str | None
    numerator: int | None
    denominator: int | None
    origin: Origin | None
    steps: list[StepView]
    dimension_score: float | None
    score: float | None = Field(description="Unrounded")
    observation: ObservationUsed | None = None
    visits: list[VisitView] | None = Field(None, description="By day of application, a page at a time")
    next_cursor: str | None = None
