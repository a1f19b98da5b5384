"""Events of composite indices: methods, published runs and their results."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.audit import audit_head
from shared.contracts.erasure import erasure_completed
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.values import Origin, Place


class MethodState(EventPayload):
    code: str
    version: int
    name: dict[str, str]
    dimensions: int
    indicators: int


class RunPublished(EventPayload):
    """A frozen run; its results follow as one event a municipality."""

    method_code: str
    method_version: int
    period_start: date
    period_end: date
    municipalities: int
    ranked: int
    input_hash: str
    published_at: datetime


class IndicatorResult(BaseModel):
    """`value` in the indicator's own unit, `normalised` 0–100, both null when missing."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    code: str
    value: float | None = None
    normalised: float | None = None
    missing_reason: str | None = None
    numerator: int | None = None
    denominator: int | None = None
    origin: Origin | None = None


class DimensionResult(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    code: str
    score: float | None = None


class ResultPublished(EventPayload):
    """One municipality's result in a published run."""

    run_id: UUID
    method_code: str
    method_version: int
    municipality: Place
    score: float | None = Field(None, ge=0, le=100)
    rank: int | None = Field(None, ge=1)
    dimensions: tuple[DimensionResult, ...]
    indicators: tuple[IndicatorResult, ...]
    period_end: date


METHOD_PUBLISHED = EventType(
    "scoring.method.published.v1", MethodState, Audience.PUBLIC, "A version of an index method was published"
)
RUN_PUBLISHED = EventType(
    "scoring.run.published.v1", RunPublished, Audience.PUBLIC, "A run was frozen and published"
)
RESULT_PUBLISHED = EventType(
    "scoring.result.published.v1",
    ResultPublished,
    Audience.PUBLIC,
    "A municipality's result of a published run",
)
ERASURE_COMPLETED = erasure_completed("scoring")
AUDIT_CHAINED = audit_head("scoring")
EVENTS = (METHOD_PUBLISHED, RUN_PUBLISHED, RESULT_PUBLISHED, ERASURE_COMPLETED, AUDIT_CHAINED)
