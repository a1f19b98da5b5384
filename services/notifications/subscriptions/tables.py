"""Table of subscriptions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.notifications.base import Base


class Subscription(Base, table=True):
    __tablename__ = "subscription"
    __table_args__ = (
        Index(
            "ix_subscription_event_types",
            "event_types",
            postgresql_using="gin",
            postgresql_where=text("active"),
        ),
        Index("ix_subscription_organisation", "organisation_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    organisation_id: UUID
    event_types: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    territory_code: str | None = None
    sector: str | None = None
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
