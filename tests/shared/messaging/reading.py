"""What a topic holds, read by somebody who belongs to no service."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

from shared.messaging.broker import Broker, Record
from shared.messaging.envelope import decode


async def all_records(broker: Broker, *topics: str, seconds: float = 30.0) -> list[Record]:
    """Every record there is now; of each partition in order."""
    consumer = broker.consumer(f"reader-{uuid4().hex}", topics, member="reader")
    await consumer.start()
    found: list[Record] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                page = await consumer.poll(500, 0.2)
                found += page
                await consumer.commit({record.source: record.offset + 1 for record in page})
                if not page and consumer.assignment() and not any((await consumer.lag()).values()):
                    return found
    finally:
        await consumer.stop()


def versions(found: Sequence[Record]) -> list[tuple[UUID, int]]:
    """(item, version), repetitions left out: at least once is the contract."""
    seen: dict[UUID, tuple[UUID, int]] = {}
    for record in found:
        envelope = decode(record.headers, record.value)
        seen.setdefault(envelope.event_id, (UUID(envelope.key), envelope.data()["aggregate_version"]))
    return list(seen.values())
