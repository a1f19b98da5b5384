"""Bodies of subscriptions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.notifications.notices.mapping import NOTICES
from shared.http.schemas import Code, Input, Output

KNOWN_TYPES = tuple(sorted(event.name for event in NOTICES))


def _known(value: str) -> str:
    if value not in KNOWN_TYPES:
        raise PydanticCustomError(
            "unknown_event_type", "Known event types: {known}", {"known": ", ".join(KNOWN_TYPES)}
        )
    return value


EventTypeName = Annotated[str, Field(max_length=100), AfterValidator(_known)]
Channel = Literal["inbox", "webhook"]


class SubscriptionDraft(Input):
    event_types: Annotated[list[EventTypeName], Field(min_length=1, max_length=20)]
    territory_code: Code | None = Field(None, description="SOATE code; everything inside it matches too")
    sector: Code | None = None
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)] = ["inbox"]


class SubscriptionChange(SubscriptionDraft):
    active: bool = True


class SubscriptionView(Output):
    id: UUID
    organisation_id: UUID
    event_types: list[str]
    territory_code: str | None
    sector: str | None
    channels: list[str]
    active: bool
    version: int
    created_at: datetime
