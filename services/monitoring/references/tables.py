"""Projections of the registry, one table an aggregate, and the stamp that tells caches of a change."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.monitoring.base import Base


def _names() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class KnownOrganisation(Base, table=True):
    __tablename__ = "known_organisation"

    id: UUID = Field(primary_key=True)
    version: int
    code: str = Field(index=True)
    name: dict[str, str] = _names()
    active: bool
    kind: str = Field(sa_column_kwargs={"server_default": text("''")})
    parent_id: UUID | None = Field(default=None, index=True)
    territory_code: str | None = None
    overseeing: list[dict[str, Any]] = Field(
        sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    """Days (`valid_from`, `valid_to`) on which somebody oversees others for it."""


class KnownTerritory(Base, table=True):
    __tablename__ = "known_territory"

    id: UUID = Field(primary_key=True)
    version: int
    code: str = Field(index=True)
    name: dict[str, str] = _names()
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    municipality: bool


class KnownService(Base, table=True):
    __tablename__ = "known_service"

    id: UUID = Field(primary_key=True)
    version: int
    code: str
    name: dict[str, str] = _names()
    level: str
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """A reference: id, code, names."""


class KnownStandard(Base, table=True):
    """One row a version of a standard; `state` is the event's payload."""

    __tablename__ = "known_standard"
    __table_args__ = (Index("ix_known_standard_service_id", "service_id", "valid_from"),)

    version_id: UUID = Field(primary_key=True)
    version: int
    """Of the aggregate, as the event said it; the standard's own number stands in `state`."""
    standard_id: UUID
    service_id: UUID
    valid_from: date
    valid_to: date | None = None
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    state: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class KnownCalendarYear(Base, table=True):
    __tablename__ = "known_calendar_year"

    year: int = Field(primary_key=True)
    version: int
    decreed: bool
    days: dict[str, bool] = Field(sa_column=Column(JSONB, nullable=False))
    """Date → whether it is a working day, for the days that differ from Monday–Friday."""


class ReferenceStamp(Base, table=True):
    """One row: grows with every change of a standard or of the calendar, and is never set back."""

    __tablename__ = "reference_stamp"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: bool = Field(primary_key=True, sa_column_kwargs={"server_default": text("true")})
    stamp: int = Field(sa_column_kwargs={"server_default": text("0")})
