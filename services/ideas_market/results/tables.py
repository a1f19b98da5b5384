"""Projections of scoring's published runs and their results. The two arrive in any order."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.ideas_market.base import Base


class PublishedRun(Base, table=True):
    __tablename__ = "published_run"

    id: UUID = Field(primary_key=True)
    version: int
    method_code: str
    method_version: int
    period_start: date
    period_end: date
    published_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PublishedResult(Base, table=True):
    """One municipality in one run; `indicators` maps a code to `{value, normalised, missing_reason, origin}`."""

    __tablename__ = "published_result"
    __table_args__ = (Index("ix_published_result_run_id", "run_id", "municipality_code"),)

    id: UUID = Field(primary_key=True)
    version: int
    run_id: UUID
    municipality_code: str | None = None
    municipality: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    indicators: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
