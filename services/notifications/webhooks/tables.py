"""Tables of webhooks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, UniqueConstraint, func, text
from sqlmodel import Field

from services.notifications.base import Base
from services.notifications.webhooks.domain import DeliveryState
from shared.db.tables import one_of


def _moment(*, nullable: bool = False) -> Any:
    default = None if nullable else func.now()
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class Receiver(Base, table=True):
    """Where an organisation takes webhooks. The secret signs; it is shown once and kept sealed."""

    __tablename__ = "receiver"
    __table_args__ = (UniqueConstraint("organisation_id", "url"),)

    id: UUID = Field(primary_key=True)
    organisation_id: UUID
    url: str
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    secret_key_id: str
    """The data key it is sealed with."""
    active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = Field(sa_column=_moment())


class WebhookDelivery(Base, table=True):
    """One event for one receiver; `id` is the `webhook-id` of every attempt."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("receiver_id", "event_id"),
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index("ix_webhook_delivery_receiver", "receiver_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    receiver_id: UUID = Field(foreign_key="receiver.id")
    event_id: UUID
    event_type: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = Field(sa_column_kwargs={"server_default": text("'pending'")})
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime = Field(sa_column=_moment())
    settled_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
