"""Tables of standards. Content is immutable once adopted; validity is kept with its record time."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from services.registry.base import Base
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class Standard(Base, table=True):
    """`version` counts every change (ETag); `sequence` counts its events (aggregate version)."""

    __tablename__ = "standard"

    id: UUID = Field(primary_key=True)
    service_id: UUID = Field(foreign_key="service.id", unique=True)
    body_id: UUID = Field(foreign_key="organisation.id", index=True)
    level: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    sequence: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    recorded_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    created_at: datetime = _now()
    updated_at: datetime = _now()


class StandardDraft(Base, table=True):
    __tablename__ = "standard_draft"

    standard_id: UUID = Field(primary_key=True, foreign_key="standard.id")
    content: dict[str, Any] = _json()
    created_at: datetime = _now()
    updated_at: datetime = _now()


class StandardVersion(Base, table=True):
    __tablename__ = "standard_version"
    __table_args__ = (
        UniqueConstraint("standard_id", "number"),
        Index("ix_standard_version_stale", "standard_id", postgresql_where=text("stale <> '{}'")),
        CheckConstraint(one_of("origin", Origin), name="origin"),
    )

    id: UUID = Field(primary_key=True)
    standard_id: UUID = Field(foreign_key="standard.id")
    number: int
    content: dict[str, Any] = _json()
    missing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    template_id: UUID | None = Field(default=None, foreign_key="standard_template_version.id", index=True)
    review_on: date | None = Field(default=None, index=True)
    stale: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    """Texts it changed in one language only."""
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    repealing_act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    retroactive_basis: str | None = None
    origin: str
    source: str | None = None


class StandardValidity(Base, table=True):
    """One belief about one version: in force on `valid`, held during `recorded`. An empty `valid`: never."""

    __tablename__ = "standard_validity"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="valid"),
        CheckConstraint(one_of("state", ("adopted", "superseded", "repealed")), name="state"),
        ExcludeConstraint(
            ("standard_id", "="),
            ("valid", "&&"),
            ("recorded", "&&"),
            name="ex_standard_validity_one_in_force",
            using="gist",
        ),
        Index("ix_standard_validity_believed", "standard_id", postgresql_where=text("upper_inf(recorded)")),
    )

    version_id: UUID = Field(primary_key=True, foreign_key="standard_version.id")
    recorded: Any = Field(sa_column=Column(TSTZRANGE, primary_key=True))
    standard_id: UUID = Field(foreign_key="standard.id")
    valid_from: date
    valid_to: date | None = None
    valid: Any = Field(
        sa_column=Column(
            DATERANGE, Computed("daterange(valid_from, valid_to)", persisted=True), nullable=False
        )
    )
    state: str
