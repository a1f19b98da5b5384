"""Erasure of a person: what every service answers when the registry says that one is erased. Ids and counts only."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.messaging.contract import Audience, EventPayload, EventType

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class Effect(StrEnum):
    """What erasure does to a kind of personal data."""

    ERASED = "erased"
    ANONYMISED = "anonymised"
    """The row stays, what ties it to the person is gone."""
    KEPT = "kept"
    """Stays, on a legal ground that is named."""


class KindErased(BaseModel):
    """How many rows of a kind, and what became of them."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    kind: Name
    effect: Effect
    count: int = Field(ge=0)
    ground: str | None = None
    """The legal ground of what is kept."""


class ErasureCompleted(EventPayload):
    """One service has erased a person. `id` is the erasure."""

    service: Name
    completed_at: datetime
    kinds: tuple[KindErased, ...]


class PersonErased(EventPayload):
    """Forget whatever you know of this person. `id` is the person."""

    erasure_id: UUID
    requested_at: datetime


def erasure_completed(service: str) -> EventType[ErasureCompleted]:
    """Its type for a service. Internal: it is no business of outsiders that somebody was erased."""
    return EventType(
        f"{service}.erasure.completed.v1",
        ErasureCompleted,
        Audience.INTERNAL,
        f"What {service} knew of an erased person is erased, anonymised, or kept on a legal ground",
    )
