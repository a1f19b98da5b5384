"""Table of invitations. The code itself is nowhere: whoever holds it takes the role."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary
from sqlmodel import Field

from services.registry.base import Base


def _moment(*, nullable: bool = False) -> Any:
    column: Column[Any] = Column(DateTime(timezone=True), nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


class Invitation(Base, table=True):
    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="one_end"),
        CheckConstraint("(accepted_at IS NULL) = (membership_id IS NULL)", name="accepted"),
        Index("ix_invitation_organisation_id", "organisation_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    role: str
    valid_from: date
    valid_to: date | None = None
    code_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    created_by: UUID
    """Person or API key. When it is taken, they must still be in a position to give the role."""
    created_at: datetime = _moment()
    expires_at: datetime = _moment()
    accepted_at: datetime | None = _moment(nullable=True)
    membership_id: UUID | None = Field(default=None, foreign_key="membership.id")
    revoked_at: datetime | None = _moment(nullable=True)
