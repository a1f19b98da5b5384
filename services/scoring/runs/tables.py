"""Tables of runs: a run, a result per municipality, and the visits a published run rests on."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Double, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.scoring.base import Base
from services.scoring.runs.lifecycle import RunState
from shared.db.tables import one_of


class Run(Base, table=True):
    """Provisional: follows the data, one for each method version and period. Published: a frozen copy of it,
    `edition` 1, 2, …"""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint(one_of("state", RunState), name="state"),
        CheckConstraint("(state = 'published') = (published_at IS NOT NULL)", name="published_at"),
        CheckConstraint("(state = 'published') = (live_run_id IS NOT NULL)", name="live_run"),
        CheckConstraint("period_start <= period_end", name="period"),
        Index(
            "uq_run_live",
            "method_id",
            "period_start",
            "period_end",
            unique=True,
            postgresql_where=text("state = 'provisional'"),
        ),
        Index("uq_run_edition", "live_run_id", "edition", unique=True),
    )

    id: UUID = Field(primary_key=True)
    method_id: UUID = Field(foreign_key="method.id")
    method_code: str
    method_number: int
    method_hash: str
    period_start: date
    period_end: date
    state: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    edition: int = 0
    """Of a published run its own; of the live run the latest that was published of it."""
    live_run_id: UUID | None = Field(default=None, foreign_key="run.id")
    input_hash: str
    municipalities: int
    ranked: int
    computed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    published_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class Result(Base, table=True):
    """One municipality in one run. `dimensions` and `indicators` are documents: they are read whole."""

    __tablename__ = "result"
    __table_args__ = (
        Index("ix_result_ranked", "run_id", "place", "municipality_code"),
        Index("ix_result_path", "path", postgresql_using="gin"),
    )

    run_id: UUID = Field(primary_key=True, foreign_key="run.id")
    municipality_code: str = Field(primary_key=True)
    municipality_id: UUID | None = None
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    score: float | None = Field(default=None, sa_column=Column(Double, nullable=True))
    rank: int | None = None
    place: int
    """`rank`, and after all ranks for those without: what lists are ordered by."""
    dimensions: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    indicators: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    input_hash: str


class RunVisit(Base, table=True):
    """A visit as it was when the run was published."""

    __tablename__ = "run_visit"
    __table_args__ = (Index("ix_run_visit_listed", "run_id", "municipality_code", "applied_on", "visit_id"),)

    run_id: UUID = Field(primary_key=True, foreign_key="run.id")
    visit_id: UUID = Field(primary_key=True)
    version: int
    municipality_code: str
    service: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    standard: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    applied_on: date
    verdict: str
    checks: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    provisional: bool
    origin: str
