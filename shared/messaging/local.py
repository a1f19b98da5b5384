"""The embedded broker: a log in Postgres for one machine. Beyond that it is Kafka, behind the same protocol."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from shared.messaging.broker import BrokerUnavailable, Outgoing
from shared.messaging.failures import NO_ANSWER
from shared.messaging.local_consumer import NOTIFY_CHANNEL, LocalConsumer, LocalSettings
from shared.messaging.local_headers import encode_headers
from shared.messaging.local_schema import ensure_schema
from shared.messaging.refusals import refusals

_NOTIFY_BYTES = 7000  # Postgres takes payloads below 8,000

_LOCK = """
SELECT p.topic, p.partition, p.next_offset
FROM partition p JOIN unnest($1::text[], $2::int[]) AS wanted (topic, partition) USING (topic, partition)
ORDER BY p.topic, p.partition FOR UPDATE OF p
"""
_APPEND = """
WITH advanced AS (
    UPDATE partition SET next_offset = ends.next_offset
    FROM unnest($7::text[], $8::int[], $9::bigint[]) AS ends (topic, partition, next_offset)
    WHERE partition.topic = ends.topic AND partition.partition = ends.partition
)
INSERT INTO record (topic, partition, "offset", key, headers, value)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[])
"""
_ENSURE = """
INSERT INTO partition (topic, partition)
SELECT wanted.topic, n FROM unnest($1::text[], $2::int[]) AS wanted (topic, partitions)
CROSS JOIN LATERAL generate_series(0, wanted.partitions - 1) AS n
WHERE NOT EXISTS (SELECT 1 FROM partition p WHERE p.topic = wanted.topic)
ON CONFLICT DO NOTHING
"""


class LocalBroker:
    """Keeps the Broker protocol on a Postgres database of its own."""

    def __init__(self, url: str, settings: LocalSettings | None = None) -> None:
        self._url = url
        self._settings = settings or LocalSettings()
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._partitions: dict[str, int] = {}
        self._written: set[str] = set()
        self._notifier: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and make the tables. Raises BrokerUnavailable."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=self._settings.publish_connections,
                timeout=self._settings.connect_seconds,
                command_timeout=self._settings.command_seconds,
                server_settings={"application_name": "ashar-broker", "timezone": "UTC", "jit": "off"},
            )
            async with self._pool.acquire() as connection:
                await ensure_schema(connection)  # type: ignore[arg-type]
        except NO_ANSWER as error:
            raise BrokerUnavailable(str(error)) from error

    async def stop(self) -> None:
        if self._notifier is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notifier, 1)
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), 3)
            except TimeoutError:
                pool.terminate()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        await self._guarded(self._running().execute(_ENSURE, list(topics), list(topics.values())))

    def consumer(self, group: str, topics: Sequence[str], *, member: str) -> LocalConsumer:
        return LocalConsumer(self._url, group, tuple(topics), member=member, settings=self._settings)

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        await self._guarded(self._learn({record.topic for record in records} - self._partitions.keys()))
        results = refusals(records, self._partitions)
        accepted = [record for record, refusal in zip(records, results, strict=True) if refusal is None]
        if accepted:
            await self._guarded(self._append(accepted))
            self._announce({record.topic for record in accepted})
        return results

    async def _append(self, records: Sequence[Outgoing]) -> None:
        """One transaction. The partition rows stay locked to its end, so a reader never meets a gap."""
        places = [(r.topic, partition_of(r.key, self._partitions[r.topic])) for r in records]
        touched = sorted(set(places))
        async with self._running().acquire() as connection, connection.transaction():
            locked = await connection.fetch(_LOCK, [t for t, _ in touched], [p for _, p in touched])
            ends: dict[tuple[str, int], int] = {(t, p): offset for t, p, offset in locked}
            offsets: list[int] = []
            for place in places:
                offsets.append(ends[place])
                ends[place] += 1
            await connection.execute(
                _APPEND,
                [topic for topic, _ in places],
                [partition for _, partition in places],
                offsets,
                [record.key for record in records],
                [encode_headers(record.headers) for record in records],
                [record.value for record in records],
                [topic for topic, _ in ends],
                [partition for _, partition in ends],
                list(ends.values()),
            )

    async def _learn(self, unknown: set[str]) -> None:
        """Remember how many partitions a topic has; that never changes."""
        if unknown:
            rows = await self._running().fetch(
                "SELECT topic, count(*) AS n FROM partition WHERE topic = ANY ($1::text[]) GROUP BY topic",
                list(unknown),
            )
            self._partitions.update({row["topic"]: row["n"] for row in rows})

    def _announce(self, topics: set[str]) -> None:
        """Hint to the consumers, coalesced and outside any transaction (NOTIFY locks at commit)."""
        self._written |= topics
        if self._notifier is None or self._notifier.done():
            self._notifier = asyncio.create_task(self._notify(), name="broker-notify")

    async def _notify(self) -> None:
        while self._written and self._pool is not None:
            payload = ",".join(sorted(self._written))
            self._written.clear()
            if len(payload) > _NOTIFY_BYTES:
                payload = "*"
            with suppress(*NO_ANSWER):  # polling finds the records without it
                await self._pool.execute("SELECT pg_notify($1, $2)", NOTIFY_CHANNEL, payload)

    def _running(self) -> "asyncpg.Pool[asyncpg.Record]":
        if self._pool is None:
            raise BrokerUnavailable("not started")
        return self._pool

    async def _guarded(self, work: Any) -> Any:
        try:
            return await work
        except NO_ANSWER as error:
            raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: the same in every process and release."""
    return int.from_bytes(hashlib.blake2s(key, digest_size=4).digest()) % partitions
