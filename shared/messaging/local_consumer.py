"""A member of a consumer group on the embedded broker: one connection that holds its claims, reads and commits.

Because claims, reads and commits share a session, a member that lost its claims cannot commit any more."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from shared.messaging.broker import BrokerUnavailable, Record, TopicPartition
from shared.messaging.failures import NO_ANSWER
from shared.messaging.local_claims import Claims
from shared.messaging.local_headers import decode_headers
from shared.messaging.wakeup import Waiter

NOTIFY_CHANNEL = "ashar_records"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    publish_connections: int = 3
    connect_seconds: float = 5.0
    command_seconds: float = 10.0
    balance_seconds: float = 2.0
    """How often a member looks for partitions to take or to give away."""
    fastest_poll: float = 0.05
    slowest_poll: float = 1.0


_COMMITTED = """
SELECT topic, partition, next_offset FROM group_offset
JOIN unnest($2::text[], $3::int[]) AS held (topic, partition) USING (topic, partition) WHERE "group" = $1
"""
# No outer ORDER BY: it would read a full page of every partition and throw most away. The rows come partition by
# partition, and `_contiguous` holds them against the offsets, which are dense.
_READ = """
SELECT r.topic, r.partition, r."offset", r.key, r.headers, r.value, r.at
FROM unnest($1::text[], $2::int[], $3::bigint[]) AS p (topic, partition, next)
CROSS JOIN LATERAL (
    SELECT * FROM record
    WHERE record.topic = p.topic AND record.partition = p.partition AND record."offset" >= p.next
    ORDER BY record."offset" LIMIT $4
) AS r LIMIT $4
"""
_COMMIT = """
INSERT INTO group_offset ("group", topic, partition, next_offset)
SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[])
ON CONFLICT ("group", topic, partition) DO UPDATE SET next_offset = excluded.next_offset, at = now()
"""
_LAG = """
SELECT p.topic, p.partition, p.next_offset - coalesce(g.next_offset, 0) AS lag
FROM unnest($2::text[], $3::int[]) AS held (topic, partition) JOIN partition AS p USING (topic, partition)
LEFT JOIN group_offset AS g ON g."group" = $1 AND g.topic = p.topic AND g.partition = p.partition
"""


class LocalConsumer:
    """Keeps the BrokerConsumer protocol. Errors of the database become BrokerUnavailable; `poll` reconnects."""

    def __init__(
        self, url: str, group: str, topics: tuple[str, ...], *, member: str, settings: LocalSettings
    ) -> None:
        self._url = url
        self._group = group
        self._topics = frozenset(topics)
        self._member = member
        self._settings = settings
        self._claims = Claims(group, topics, member)
        self._next: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._connection: Any = None
        self._using = asyncio.Lock()
        self._waiter = Waiter(settings.fastest_poll, settings.slowest_poll)
        self._balance_at = 0.0
        self._turn = 0

    async def start(self) -> None:
        async with self._session():
            pass

    async def stop(self) -> None:
        """Leave the group: the session's end gives the partitions to the others."""
        async with self._using:
            connection, self._connection = self._connection, None
            self._forget()
            if connection is not None:
                with suppress(Exception):
                    await connection.close(timeout=2)

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        deadline = time.monotonic() + timeout
        while True:
            async with self._session() as connection:
                await self._balance(connection)
                records = await self._read(connection, max_records)
            remaining = deadline - time.monotonic()
            if records:
                await self._waiter.wait(found=True)
            if records or remaining <= 0:
                return records
            await self._waiter.wait(found=False, at_most=remaining)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Partitions this member holds no longer, as after a lost session, are left to their new owner."""
        async with self._session() as connection:
            own = {partition: offset for partition, offset in offsets.items() if partition in self._next}
            if own:
                await connection.execute(_COMMIT, self._group, *_columns(own), list(own.values()))
                self._committed.update(own)

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)
        self._waiter.hint()

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition in self._next:
            self._next[partition] = offset

    def assignment(self) -> set[TopicPartition]:
        return set(self._next)

    async def lag(self) -> dict[TopicPartition, int]:
        async with self._session(reconnect=False) as connection:
            rows = await connection.fetch(_LAG, self._group, *_columns(self._next))
        return {TopicPartition(row["topic"], row["partition"]): row["lag"] for row in rows}

    async def _read(self, connection: Any, max_records: int) -> list[Record]:
        readable = [partition for partition in sorted(self._next) if partition not in self._paused]
        if not readable:
            return []
        self._turn = (self._turn + 1) % len(readable)  # each partition is first in turn
        readable = readable[self._turn :] + readable[: self._turn]
        nexts = [self._next[partition] for partition in readable]
        rows = await connection.fetch(_READ, *_columns(readable), nexts, max_records)
        records = _contiguous([_record(row) for row in rows])
        for record in records:
            self._next[record.source] = record.offset + 1
        return records

    async def _balance(self, connection: Any) -> None:
        if time.monotonic() < self._balance_at:
            return
        settled = {
            partition for partition, offset in self._next.items() if offset == self._committed[partition]
        }
        claimed, released = await self._claims.balance(connection, settled)
        for partition in released:
            del self._next[partition], self._committed[partition]
        if claimed:
            await self._begin(connection, claimed)
        seconds = self._settings.balance_seconds
        self._balance_at = time.monotonic() + (seconds if self._claims.complete else seconds / 10)

    async def _begin(self, connection: Any, claimed: set[TopicPartition]) -> None:
        """Start where the group stands; read after the locks were taken, so the last owner has committed."""
        rows = await connection.fetch(_COMMITTED, self._group, *_columns(claimed))
        stored = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for partition in claimed:
            self._next[partition] = self._committed[partition] = stored.get(partition, 0)

    @asynccontextmanager
    async def _session(self, *, reconnect: bool = True) -> AsyncIterator[Any]:
        async with self._using:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._forget()
                    if not reconnect:
                        raise BrokerUnavailable("the session was lost")
                    await self._connect()
                yield self._connection
            except NO_ANSWER as error:
                self._abandon()
                raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
            except asyncio.CancelledError:
                self._abandon()  # the session may have read or locked what we did not get to know
                raise

    async def _connect(self) -> None:
        connection: Any = await asyncpg.connect(
            self._url,
            timeout=self._settings.connect_seconds,
            command_timeout=self._settings.command_seconds,
            server_settings={
                "application_name": f"{self._group}/{self._member}"[:63],
                "timezone": "UTC",
                "jit": "off",
                # An offset that a crash forgets is a redelivery, which the inbox absorbs.
                "synchronous_commit": "off",
            },
        )
        self._connection = connection
        await connection.add_listener(NOTIFY_CHANNEL, self._on_notify)
        await self._claims.join(connection)

    def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        self._forget()
        if connection is not None:
            connection.terminate()

    def _forget(self) -> None:
        self._claims.held.clear()
        self._next.clear()
        self._committed.clear()
        self._balance_at = 0.0

    def _on_notify(self, _: Any, __: int, ___: str, payload: object) -> None:
        if payload == "*" or not self._topics.isdisjoint(str(payload).split(",")):
            self._waiter.hint()


def _columns(partitions: Any) -> tuple[list[str], list[int]]:
    return [partition.topic for partition in partitions], [partition.partition for partition in partitions]


def _record(row: asyncpg.Record) -> Record:
    return Record(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=row["key"],
        value=row["value"],
        headers=decode_headers(row["headers"]),
        timestamp=row["at"],
    )


def _contiguous(records: list[Record]) -> list[Record]:
    """The records up to the first missing offset of each partition; what follows is read again."""
    last: dict[TopicPartition, int] = {}
    taken: list[Record] = []
    for record in records:
        if last.get(record.source, record.offset - 1) == record.offset - 1:
            last[record.source] = record.offset
            taken.append(record)
    return taken
