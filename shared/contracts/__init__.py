"""The published language: the only place two services meet. Event payloads, nothing else."""

from typing import Any

from shared.contracts import ideas_market, monitoring, notifications, registry, scoring
from shared.contracts.audit import AuditHead
from shared.contracts.erasure import ErasureCompleted, PersonErased
from shared.messaging.contract import EventType

CONTRACTS: tuple[EventType[Any], ...] = (
    *registry.EVENTS,
    *monitoring.EVENTS,
    *scoring.EVENTS,
    *ideas_market.EVENTS,
    *notifications.EVENTS,
)
BY_NAME: dict[str, EventType[Any]] = {event.name: event for event in CONTRACTS}

DEFAULT_PARTITIONS = 4
_RARE = (AuditHead, PersonErased, ErasureCompleted)
TOPICS: dict[str, int] = {
    event.topic: 1 if event.payload in _RARE else DEFAULT_PARTITIONS for event in CONTRACTS
}
"""Topic → partitions, one where all events have one key or there are few. Never raised on a topic in use: keys would move and lose
their order."""
