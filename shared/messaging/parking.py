"""Where events wait that could not be applied: dead letters and parked keys, in the consumer's own database."""

from collections.abc import Collection
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.db.database import Connection
from shared.messaging.broker import Record
from shared.messaging.envelope import Headers
from shared.messaging.failures import describe


class State(StrEnum):
    DEAD = "dead"
    PARKED = "parked"
    REPLAYED = "replayed"
    DISCARDED = "discarded"

    @property
    def open(self) -> bool:
        return self in {State.DEAD, State.PARKED}


# FOR SHARE waits for a replay of the key that is at its end: it either leaves the key parked or has unparked it.
_PARKED = """
SELECT topic, key FROM parked_key
WHERE consumer = $1 AND (topic, key) IN (SELECT * FROM unnest($2::text[], $3::text[])) FOR SHARE
"""
_STORE = """
INSERT INTO dead_letter (consumer, topic, partition, record_offset, key, value, headers, event_id, state,
                         error_type, error, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING
"""


def place(record: Record) -> tuple[str, str]:
    """(topic, key) under which a record's key is parked. The record's own key: that is what orders it."""
    return record.topic, (record.key or b"").decode("utf-8", "backslashreplace").replace("\0", "\\0")


async def parked_keys(
    connection: Connection, consumer: str, keys: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of these (topic, key) are parked."""
    topics = [topic for topic, _ in keys]
    rows = await connection.fetch(_PARKED, consumer, topics, [key for _, key in keys])
    return {(row["topic"], row["key"]) for row in rows}


async def park(connection: Connection, consumer: str, topic: str, key: str) -> None:
    """Later events of the key wait from now on."""
    await connection.execute(
        "INSERT INTO parked_key (consumer, topic, key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        consumer,
        topic,
        key,
    )


async def store(
    connection: Connection, consumer: str, record: Record, state: State, error: BaseException, attempts: int
) -> None:
    """Keep the record as it was read. A redelivery of it changes nothing; another event at the same place, as in a
    topic that was made again, has a letter of its own."""
    await connection.execute(
        _STORE,
        consumer,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        [[name, _stored(value)] for name, value in record.headers],
        _event_id(record),
        state,
        type(error).__name__,
        describe(error).replace("\0", ""),
        attempts,
    )


def _stored(value: bytes) -> str | dict[str, str]:
    """A header's value as JSON. Postgres takes no NUL in jsonb, so a value that has one is kept in hexadecimal."""
    return {"hex": value.hex()} if b"\0" in value else value.decode("latin-1")


def restored_headers(stored: list[list[Any]]) -> Headers:
    """The headers as they were read."""
    return [
        (name, bytes.fromhex(value["hex"]) if isinstance(value, dict) else value.encode("latin-1"))
        for name, value in stored
    ]


def _event_id(record: Record) -> UUID | None:
    for name, value in record.headers:
        if name.lower() == "ce_id":
            try:
                return UUID(value.decode())
            except ValueError:
                return None
    return None
