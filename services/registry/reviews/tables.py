"""Tables of review rounds. Reviewers are ids of persons; what they write is published in their organisation's name."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.reviews.domain import Opinion
from shared.db.tables import one_of
from shared.people.tables import guard
from shared.values import Origin


def _moment() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class ReviewRound(Base, table=True):
    __tablename__ = "review_round"
    __table_args__ = (
        CheckConstraint("reviewers_needed > 0", name="reviewers_needed"),
        CheckConstraint("closes_on > opens_on", name="closes_on"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    title: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    reviewers_needed: int
    opens_on: date
    closes_on: date | None = None
    created_at: datetime = _moment()
    origin: str
    source: str | None = None


class ReviewRoundBody(Base, table=True):
    __tablename__ = "review_round_body"

    round_id: UUID = Field(primary_key=True, foreign_key="review_round.id")
    body_id: UUID = Field(primary_key=True, foreign_key="organisation.id", index=True)


class ReviewReviewer(Base, table=True):
    """`number` is how the round speaks of them."""

    __tablename__ = "review_reviewer"
    __table_args__ = (
        UniqueConstraint("round_id", "person_id"),
        Index("ix_review_reviewer_person", "person_id", "round_id"),
    )

    round_id: UUID = Field(primary_key=True, foreign_key="review_round.id")
    number: int = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    appointed_at: datetime = _moment()


class ReviewRemark(Base, table=True):
    """`draft_version`: the standard's version it was made on."""

    __tablename__ = "review_remark"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        Index("ix_review_remark_standard", "standard_id", "round_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    round_id: UUID = Field(foreign_key="review_round.id", index=True)
    standard_id: UUID = Field(foreign_key="standard.id")
    reviewer: int
    row: str
    text: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    draft_version: int
    made_at: datetime = _moment()
    answer: dict[str, str] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    answered_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class ReviewVerdict(Base, table=True):
    __tablename__ = "review_verdict"
    __table_args__ = (CheckConstraint(one_of("opinion", Opinion), name="opinion"),)

    standard_id: UUID = Field(primary_key=True, foreign_key="standard.id")
    round_id: UUID = Field(primary_key=True, foreign_key="review_round.id", index=True)
    reviewer: int = Field(primary_key=True)
    opinion: str
    draft_version: int
    given_at: datetime = _moment()


guard(Base.metadata.tables[ReviewReviewer.__tablename__], "person_id")
