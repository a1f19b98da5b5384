"""Table of the inbox."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.notifications.base import Base
from shared.db.tables import one_of


class InboxEntry(Base, table=True):
    __tablename__ = "inbox_entry"
    __table_args__ = (
        UniqueConstraint("organisation_id", "event_id"),
        CheckConstraint(one_of("reason", ("recipient", "subscription")), name="reason"),
        Index("ix_inbox_entry_organisation", "organisation_id", "id"),
        Index("ix_inbox_entry_unread", "organisation_id", "id", postgresql_where=text("read_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID
    event_id: UUID
    event_type: str
    subject_id: UUID
    reason: str
    subscription_id: UUID | None = None
    title: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    link: str
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    read_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True), nullable=True))
