"""Tables of observations: values, never overwritten, and the imports they came with."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Double, Index, func, text
from sqlmodel import Field

from services.scoring.base import Base
from services.scoring.observations.domain import ObservationState
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class ObservationImport(Base, table=True):
    """One file that changed something."""

    __tablename__ = "observation_import"

    id: UUID = Field(primary_key=True)
    method_code: str
    organisation_id: UUID | None = None
    sha256: str
    rows: int
    inserted: int
    revised: int
    unchanged: int
    created_at: datetime = _now()


class Observation(Base, table=True):
    """One version of a value. A correction adds a row and marks this one superseded, so what a published run
    used stays readable."""

    __tablename__ = "observation"
    __table_args__ = (
        CheckConstraint(one_of("state", ObservationState), name="state"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("(state = 'reported') = (value IS NOT NULL)", name="value"),
        CheckConstraint("state = 'reported' OR (numerator IS NULL AND denominator IS NULL)", name="figures"),
        CheckConstraint("value NOT IN ('NaN', 'Infinity', '-Infinity')", name="finite"),
        Index(
            "uq_observation_current",
            "method_code",
            "municipality_code",
            "indicator_code",
            "period_end",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    method_code: str
    municipality_code: str
    indicator_code: str
    period_end: date
    observed_on: date
    state: str
    value: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    numerator: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    denominator: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    origin: str
    source: str
    import_id: UUID = Field(foreign_key="observation_import.id", index=True)
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    superseded_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
