"""What an event type is: its name, payload, topic, key and who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

P = TypeVar("P", bound="EventPayload")

KEPT: Mapping[str, str] = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
"""What every topic does with its records, in Kafka's words: keeps all of them, for ever, however many a key has. A
consumer that is new reads from the first."""


class Audience(StrEnum):
    """Who may see an event, narrowest last. `organisations`: only its recipients."""

    PUBLIC = "public"
    ORGANISATIONS = "organisations"
    INTERNAL = "internal"

    def allows(self, other: "Audience") -> bool:
        """Whether an event of a type that declares this audience may be emitted for `other`."""
        order = list(Audience)
        return order.index(other) >= order.index(self)


class EventPayload(BaseModel):
    """Base of all payloads. Unknown fields are ignored, so a newer publisher does not break a consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: UUID
    """The aggregate this event speaks of; the key that orders its events."""
    aggregate_version: int = Field(ge=1)
    """Grows with every event of the aggregate. It may begin above 1 and pass numbers over, for changes nobody else is
    told of; projections drop what is not newer."""


@dataclass(frozen=True)
class EventType(Generic[P]):
    """One row of the contracts table."""

    name: str
    """`<service>.<aggregate>.<what happened>.v<major>`."""
    payload: type[P]
    audience: Audience
    description: str

    @property
    def topic(self) -> str:
        """One topic per aggregate, so that all events of one aggregate keep their order."""
        return ".".join(self.name.split(".")[:2])

    @property
    def service(self) -> str:
        return self.name.split(".", 1)[0]

    @property
    def dataschema(self) -> str:
        return f"https://ashar.kg/schemas/{self.name}.json"
