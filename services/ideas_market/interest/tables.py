"""Table of reservations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Numeric, text
from sqlmodel import Field

from services.ideas_market.base import Base
from services.ideas_market.interest.domain import ReservationState
from shared.db.tables import one_of


class Reservation(Base, table=True):
    """What the donor writes to the idea's organisation stands with the personal data."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint(one_of("state", ReservationState), name="state"),
        CheckConstraint("donor_id <> organisation_id", name="donor"),
        CheckConstraint("pledge_amount > 0", name="pledge"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended"),
        Index("uq_reservation_active", "idea_id", unique=True, postgresql_where=text("state = 'active'")),
        Index("ix_reservation_idea_id", "idea_id"),
        Index("ix_reservation_donor_id", "donor_id", "id"),
        Index("ix_reservation_organisation_id", "organisation_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    idea_id: UUID = Field(foreign_key="idea.id")
    organisation_id: UUID
    """Whose idea it is."""
    donor_id: UUID
    pledge_amount: Decimal = Field(sa_column=Column(Numeric(18, 2), nullable=False))
    currency: str
    message_id: UUID | None = None
    state: str = Field(default=ReservationState.ACTIVE, sa_column_kwargs={"server_default": "active"})
    made_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
