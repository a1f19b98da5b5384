"""Table of findings. References are kept as they were when the finding was put; shown are those of today."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.base import Base
from services.monitoring.findings.domain import FindingState
from shared.contracts.monitoring import Criterion
from shared.db.tables import one_of


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


def _moment() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Finding(Base, table=True):
    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("submission_id", "criterion"),
        CheckConstraint(one_of("state", FindingState), name="state"),
        CheckConstraint(one_of("criterion", Criterion), name="criterion"),
        CheckConstraint("severity BETWEEN 1 AND 3", name="severity"),
        Index("ix_finding_addressee_id", "addressee_id", "id"),
        Index("ix_finding_owner_id", "owner_id", "id"),
        Index(
            "ix_finding_unanswered",
            "answer_due_on",
            postgresql_where=text("state = 'open' AND escalated_on IS NULL"),
        ),
        Index(
            "ix_finding_provisional", "id", postgresql_where=text("answer_due_provisional AND state = 'open'")
        ),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    """What the code is made of."""
    submission_id: UUID = Field(foreign_key="submission.id")
    campaign_id: UUID
    owner_id: UUID
    """The organisation whose campaign it is."""
    addressee_id: UUID
    campaign: dict[str, Any] = _json()
    addressee: dict[str, Any] = _json()
    municipality: dict[str, Any] = _json()
    service: dict[str, Any] = _json()
    criterion: str
    reason: str
    severity: int
    facts: dict[str, Any] = _json()
    state: str
    asked_on: date
    """The day the term to answer runs from: when it was put before its present addressee."""
    answer_due_on: date
    answer_due_provisional: bool
    """Days of a year were counted that is not decreed yet."""
    escalated_on: date | None = None
    """When those who oversee the addressee were told that its time to answer was over."""
    origin: str
    version: int
    created_at: datetime = _moment()
    updated_at: datetime = _moment()
