"""The event every service publishes of its audit trail: how far it is chained, and the hash that proves it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.messaging.contract import Audience, EventPayload, EventType

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class AuditHead(EventPayload):
    """The last row of a service's audit trail at a moment. Whoever keeps it finds any later change of this row or
    of one before it.

    `id` is the life (epoch) of the database that wrote the row: a restored one begins another."""

    service: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    position: int = Field(ge=1)
    hash: Sha256
    """SHA-256, hexadecimal, of the row at `position` and the hash before it."""
    count: int = Field(ge=1)
    """Rows up to `position`; fewer than `position` where some were missing already."""
    at: datetime


def audit_head(service: str) -> EventType[AuditHead]:
    """Its type for a service. Internal: outsiders would learn from it at which minute somebody worked."""
    return EventType(
        f"{service}.audit.chained.v1",
        AuditHead,
        Audience.INTERNAL,
        f"The audit trail of {service} was chained up to a row",
    )
