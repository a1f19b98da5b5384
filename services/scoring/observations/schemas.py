"""Bodies of observations."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.scoring.observations.domain import ObservationState
from shared.http.schemas import Output
from shared.values import Origin


class ObservationView(Output):
    id: UUID
    method_code: str
    municipality_code: str
    indicator_code: str
    period_end: date
    observed_on: date
    state: ObservationState
    value: float | None
    numerator: int | None
    denominator: int | None
    origin: Origin
    source: str
    import_id: UUID
    version: int = Field(description="1, 2, … with each correction of this value")
    created_at: datetime


class ImportView(Output):
    """What an import did, or would do (`dry_run`)."""

    id: UUID | None = Field(None, description="Absent where nothing was changed")
    method_code: str
    dry_run: bool = False
    rows: int
    inserted: int
    revised: int = Field(description="Rows that give another value, source or state than before")
    unchanged: int
    sha256: str = Field(description="Of the file")
    created_at: datetime | None = None
