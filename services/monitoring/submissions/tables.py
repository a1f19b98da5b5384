"""Tables of visits. Who made one stands apart, in `submission_monitor`."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.monitoring.base import Base
from services.monitoring.checks.visit import CheckState
from services.monitoring.submissions.domain import SubmissionState
from shared.contracts.monitoring import Verdict
from shared.db.tables import one_of
from shared.people.tables import guard


def _moment() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False))


def _json(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=nullable))


class Submission(Base, table=True):
    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint(one_of("state", SubmissionState), name="state"),
        CheckConstraint("delivered_on >= applied_on", name="delivered_on"),
        Index("ix_submission_organisation_id", "organisation_id", "id"),
        Index("ix_submission_service_id", "service_id", "applied_on"),
        Index("ix_submission_recheck_on", "recheck_on", postgresql_where=text("recheck_on IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.id")
    organisation_id: UUID
    """The campaign's owner; rows are scoped to it."""
    municipality_code: str
    service_id: UUID
    state: str
    version: int
    tier: str | None = None
    applicant: str | None = None
    channel: str | None = None
    applied_on: date
    applied_at: time | None = None
    term_started_on: date | None = None
    delivered_on: date | None = None
    delivered_at: time | None = None
    fees_paid: list[Any] | None = _json(nullable=True)
    documents_asked: list[Any] | None = _json(nullable=True)
    note_id: UUID | None = None
    """Free text stands with the personal data; where that is gone nothing was said."""
    words_id: UUID | None = None
    """The documents in words, where `documents_asked` has only marks for some of them."""
    consent_id: UUID | None = None
    """Entered at a desk: what the words of the person rest on. No key of `consent`, which goes after its time."""
    reason: str | None = None
    comment_id: UUID | None = None
    check_id: UUID
    """The check in force, in `submission_check`."""
    recheck_on: date | None = None
    """From this day on the check has to be repeated."""
    created_at: datetime = _moment()
    updated_at: datetime = _moment()


class SubmissionCheck(Base, table=True):
    """One check with everything it rests on. Rows are only ever added."""

    __tablename__ = "submission_check"
    __table_args__ = (
        CheckConstraint(one_of("state", CheckState), name="state"),
        CheckConstraint(one_of("verdict", Verdict), name="verdict"),
        CheckConstraint("(state = 'done') = (verdict IS NOT NULL)", name="done"),
    )

    id: UUID = Field(primary_key=True)
    submission_id: UUID = Field(foreign_key="submission.id", index=True)
    submission_version: int
    cause: str
    state: str
    verdict: str | None = None
    provisional: bool
    standard_version_id: UUID | None = None
    tier: str | None = None
    standard: dict[str, Any] | None = _json(nullable=True)
    checks: list[Any] = _json()
    calendar: dict[str, int] = _json()
    """Year → version of its calendar."""
    inputs: dict[str, Any] = _json()
    checked_at: datetime = _moment()


class SubmissionVersion(Base, table=True):
    """What a visit said at each of its versions. Rows are only ever added."""

    __tablename__ = "submission_version"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    version: int = Field(primary_key=True)
    change: str
    content: dict[str, Any] = _json()
    recorded_at: datetime = _moment()


class SubmissionMonitor(Base, table=True):
    """Who made the visit. Read only to tell a monitor which visits are its own."""

    __tablename__ = "submission_monitor"

    submission_id: UUID = Field(primary_key=True, foreign_key="submission.id")
    monitor_id: UUID = Field(index=True)


guard(Base.metadata.tables["submission_monitor"], "monitor_id")
