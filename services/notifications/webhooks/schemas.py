"""Bodies of webhooks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.http.schemas import Input, Output


class ReceiverDraft(Input):
    url: Annotated[str, Field(min_length=8, max_length=500, pattern=r"^https?://[!-~]+$")]


class ReceiverChange(Input):
    active: bool


class ReceiverView(Output):
    id: UUID
    organisation_id: UUID
    url: str
    active: bool
    version: int
    created_at: datetime


class ReceiverShown(ReceiverView):
    secret: str = Field(description="Signs every message (Standard Webhooks). Shown this once")


class DeliveryView(Output):
    id: UUID = Field(description="The `webhook-id` of every attempt")
    receiver_id: UUID
    event_id: UUID
    event_type: str
    state: str
    attempts: int
    last_status: int | None
    last_error: str | None
    created_at: datetime
    settled_at: datetime | None


class TestSent(Output):
    delivery_id: UUID
