"""Table of visits: a projection of monitoring's submissions, withdrawn ones included."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.scoring.base import Base
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import ServiceLevel
from shared.db.tables import one_of


class Visit(Base, table=True):
    """The newest known version of a submission. A withdrawn one keeps its row, so that an older event which
    arrives late cannot bring it back; one that is not municipal, so that a revision can make it so."""

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint(f"verdict IS NULL OR {one_of('verdict', Verdict)}", name="verdict"),
        CheckConstraint(f"level IS NULL OR {one_of('level', ServiceLevel)}", name="level"),
        CheckConstraint("withdrawn OR (verdict IS NOT NULL AND applied_on IS NOT NULL)", name="complete"),
        Index(
            "ix_visit_counting",
            "municipality_code",
            "applied_on",
            "id",
            postgresql_where=text("level = 'municipal' AND NOT withdrawn"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int
    withdrawn: bool
    level: str | None = None
    municipality_code: str | None = None
    municipality: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    service: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    standard: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    applied_on: date | None = None
    verdict: str | None = None
    checks: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    provisional: bool | None = None
    origin: str | None = None
