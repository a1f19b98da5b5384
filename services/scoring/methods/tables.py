"""Tables of methods: a row per version, its definition as one document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.scoring.base import Base
from services.scoring.methods.domain import VersionState
from shared.db.tables import one_of


class MethodVersion(Base, table=True):
    """`number` is the version of the method that people cite; `version` counts changes of this row."""

    __tablename__ = "method"
    __table_args__ = (
        UniqueConstraint("code", "number"),
        CheckConstraint(one_of("state", VersionState), name="state"),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
    )

    id: UUID = Field(primary_key=True)
    code: str
    number: int
    state: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    content_hash: str
    organisation_id: UUID | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    published_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
