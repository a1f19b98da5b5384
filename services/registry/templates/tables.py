"""Tables of templates. A version is never changed: which one is in force follows of its first day and its number."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Base
from shared.db.tables import one_of
from shared.values import Origin


class StandardTemplate(Base, table=True):
    """`version` is the number of its last version (ETag)."""

    __tablename__ = "standard_template"

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class StandardTemplateVersion(Base, table=True):
    __tablename__ = "standard_template_version"
    __table_args__ = (
        UniqueConstraint("template_id", "number"),
        Index("ix_standard_template_version_valid_from", "template_id", "valid_from"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("review_months > 0", name="review_months"),
    )

    id: UUID = Field(primary_key=True)
    template_id: UUID = Field(foreign_key="standard_template.id")
    number: int
    title: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    rows: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    review_months: int | None = None
    act_id: UUID = Field(foreign_key="legal_act.id", index=True)
    valid_from: date
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    origin: str
    source: str | None = None
