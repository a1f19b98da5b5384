"""Events as another service would send them, put through the real delivery of a consumer."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from shared.ids import uuid7
from shared.messaging.broker import Record
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.messaging.delivery import Delivery, read
from shared.messaging.envelope import Envelope
from shared.messaging.event_row import source_of
from shared.messaging.subscription import Consumer
from shared.worker import consumers_of, service_principal
from tests.kit.service import RunningService


def record(
    event: EventType,
    payload: EventPayload,
    *,
    event_id: UUID | None = None,
    recipients: Iterable[UUID] = (),
    audience: Audience | None = None,
) -> Record:
    """The record a relay would publish for this event."""
    envelope = Envelope(
        event_id=event_id or uuid7(),
        type=event.name,
        source=source_of(event.name),
        key=str(payload.id),
        occurred_at=datetime.now(UTC),
        value=payload.model_dump_json(exclude_none=True).encode(),
        audience=audience or event.audience,
        recipients=tuple(recipients),
    )
    return Record(
        event.topic, 0, 0, envelope.key.encode(), envelope.value, envelope.headers(), envelope.occurred_at
    )


async def deliver(service: RunningService, *records: Record) -> Counter[str]:
    """Apply records through every consumer of the service that reads their topic, in one batch each."""
    outcomes: Counter[str] = Counter()
    for consumer in consumers_of(service.runtime.spec):
        mine = [found for found in records if found.topic in consumer.topics]
        if mine:
            outcomes += await _delivery(service, consumer).apply([read(consumer, found) for found in mine])
    return outcomes


def _delivery(service: RunningService, consumer: Consumer) -> Delivery:
    return Delivery(
        consumer, service.database, service_principal(service.runtime.spec), service.runtime.clock
    )
