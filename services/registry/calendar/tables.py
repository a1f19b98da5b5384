"""Tables of calendar years: as they are, and as they were at each version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Base
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class CalendarYear(Base, table=True):
    """`corrections` is what the decree says, `days` the whole outcome."""

    __tablename__ = "calendar_year"
    __table_args__ = (CheckConstraint(one_of("origin", Origin), name="origin"),)

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    decreed: bool
    corrections: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    days: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    origin: str
    source: str
    version: int
    created_at: datetime = _now()
    updated_at: datetime = _now()


class CalendarYearVersion(Base, table=True):
    """What was known of a year since `recorded_at`, until its next version. Rows are only ever added."""

    __tablename__ = "calendar_year_version"
    __table_args__ = (CheckConstraint(one_of("origin", Origin), name="origin"),)

    year: int = Field(
        primary_key=True, foreign_key="calendar_year.year", sa_column_kwargs={"autoincrement": False}
    )
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    decreed: bool
    corrections: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    days: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    origin: str
    source: str
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
