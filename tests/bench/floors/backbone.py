"""The backbone's floors: bare aiokafka and asyncpg doing the same. Nothing of the kit.

`python -m tests.bench.floors.backbone produce|consume|count|pass_on|receive '{…}'`"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.bench.backbone.children import Stopwatch, main

Ready = Callable[[], Awaitable[None]]
_ROWS = """
SELECT topic, key, value, event_id, type, occurred_at, position FROM event ORDER BY position LIMIT $1
"""
_UPSERT = """
INSERT INTO price_copy (id, version, price, note)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[])
ON CONFLICT (id) DO UPDATE SET version = excluded.version, price = excluded.price, note = excluded.note
WHERE excluded.version > price_copy.version
"""


def _producer(bootstrap: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=1_100_000
    )


async def produce(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Messages that are in memory already: bytes, key and headers of the events that ours publishes."""
    connection = await asyncpg.connect(arguments["url"])
    rows = await connection.fetch(_ROWS, arguments["count"])
    await connection.close()
    messages = [(row["topic"], row["key"].encode(), row["value"], _headers(row)) for row in rows]
    async with _producer(arguments["bootstrap"]) as producer:
        await ready()
        watch = Stopwatch()
        sent = [
            await producer.send(topic, value, key=key, headers=headers)
            for topic, key, value, headers in messages
        ]
        await asyncio.gather(*sent)
        return watch.result(len(messages))


def _headers(row: asyncpg.Record) -> list[tuple[str, bytes]]:
    values = {
        "ce_specversion": "1.0",
        "ce_id": str(row["event_id"]),
        "ce_type": row["type"],
        "ce_source": "https://ashar.kg/services/shop",
        "ce_subject": row["key"],
        "ce_time": row["occurred_at"].isoformat(),
        "ce_dataschema": f"https://ashar.kg/schemas/{row['type']}.json",
        "ce_partitionkey": row["key"],
        "ce_audience": "public",
        "ce_epoch": str(UUID(int=0)),
        "ce_position": str(row["position"]),
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in values.items()]


async def consume(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """200 records a transaction, one upsert statement each, offsets committed after it."""
    connection = await asyncpg.connect(arguments["url"])
    consumer = AIOKafkaConsumer(
        arguments["topic"],
        bootstrap_servers=arguments["bootstrap"],
        group_id=arguments["group"],
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    seen = 0
    async with consumer:
        while not consumer.assignment():
            await asyncio.sleep(0.01)
        await ready()
        watch = Stopwatch()
        while seen < arguments["count"]:
            found = await consumer.getmany(timeout_ms=1000, max_records=200)
            records = [record for batch in found.values() for record in batch]
            if not records:
                continue
            async with connection.transaction():
                await connection.execute(_UPSERT, *_columns(records))
            await consumer.commit(
                {partition: batch[-1].offset + 1 for partition, batch in found.items() if batch}
            )
            seen += len(records)
        result = watch.result(seen)
    await connection.close()
    return result


def _columns(records: list[Any]) -> list[list[Any]]:
    newest: dict[str, dict[str, Any]] = {}
    for record in records:
        data = orjson.loads(record.value)
        newest[data["id"]] = data
    rows = list(newest.values())
    return [
        [UUID(row["id"]) for row in rows],
        [row["aggregate_version"] for row in rows],
        [row["price"] for row in rows],
        [row["note"] for row in rows],
    ]


async def count(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """How many records a topic holds."""
    async with AIOKafkaConsumer(bootstrap_servers=arguments["bootstrap"]) as consumer:
        partitions = [TopicPartition(arguments["topic"], n) for n in range(arguments["partitions"])]
        ends = await consumer.end_offsets(partitions)
        await ready()
    return {"count": sum(ends.values())}


async def pass_on(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Produce at a steady rate; each message carries the moment it was handed over."""
    payload = b"x" * arguments["bytes"]
    async with _producer(arguments["bootstrap"]) as producer:
        await ready()
        watch = Stopwatch()
        sent = []
        for number in range(arguments["count"]):
            await asyncio.sleep(max(0.0, number / arguments["per_second"] - watch.seconds))
            moment = str(time.time_ns()).encode()
            sent.append(await producer.send(arguments["topic"], payload, key=moment))
        await asyncio.gather(*sent)
        return watch.result(len(sent))


async def receive(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Milliseconds from the handing over to the reading of each message."""
    consumer = AIOKafkaConsumer(bootstrap_servers=arguments["bootstrap"], enable_auto_commit=False)
    ages: list[float] = []
    async with consumer:
        partitions = [TopicPartition(arguments["topic"], number) for number in range(arguments["partitions"])]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        await ready()
        while len(ages) < arguments["count"]:
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                now = time.time_ns()
                ages += [(now - int(record.key)) / 1e6 for record in batch]
    return {"ages": ages}


if __name__ == "__main__":
    main({"produce": produce, "consume": consume, "count": count, "pass_on": pass_on, "receive": receive})
