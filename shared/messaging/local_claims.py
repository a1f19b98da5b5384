"""Which partitions a member of a group holds: session advisory locks, so a member that dies lets go of them."""

import hashlib
import math
from typing import Any

import asyncpg

from shared.messaging.broker import TopicPartition

PRESENCE = 0x6D656D62
"""Namespace of the shared locks by which the members of a group are counted."""

_HOLD_PRESENCE = "SELECT pg_advisory_lock_shared($1, $2)"
_MEMBERS = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND mode = 'ShareLock' AND objsubid = 2
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND classid = $1::bigint::oid AND objid = $2::bigint::oid
"""
_PARTITIONS = (
    "SELECT topic, partition FROM partition WHERE topic = ANY ($1::text[]) ORDER BY topic, partition"
)
_RELEASE = "SELECT pg_advisory_unlock(lock) FROM unnest($1::bigint[]) AS lock"
# Rows come in the order asked for and LIMIT stops asking: no lock is taken beyond the share.
_CLAIM = """
SELECT nth FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (lock, nth)
WHERE pg_try_advisory_lock(lock) LIMIT $2
"""


class Claims:
    """The locks of one member, on its one connection. A new connection starts with none."""

    def __init__(self, group: str, topics: tuple[str, ...], member: str) -> None:
        self._group = group
        self._topics = topics
        self._member = member
        self._presence = int.from_bytes(_hash(group, 4)) & 0x7FFF_FFFF
        self.held: set[TopicPartition] = set()
        self.complete = False
        """Whether all topics exist by now; otherwise it pays to look again soon."""

    async def join(self, connection: Any) -> None:
        self.held.clear()
        await connection.execute(_HOLD_PRESENCE, PRESENCE, self._presence)

    async def balance(
        self, connection: Any, releasable: set[TopicPartition]
    ) -> tuple[set[TopicPartition], set[TopicPartition]]:
        """Move towards an equal share; (claimed, released). Only `releasable` partitions are given away."""
        partitions = [TopicPartition(*row) for row in await connection.fetch(_PARTITIONS, list(self._topics))]
        self.complete = len({partition.topic for partition in partitions}) == len(self._topics)
        members = await connection.fetchval(_MEMBERS, PRESENCE, self._presence)
        share = math.ceil(len(partitions) / max(members, 1))
        released = await self._release(connection, sorted(self.held & releasable), len(self.held) - share)
        claimed = await self._claim(
            connection, [p for p in partitions if p not in self.held], share - len(self.held)
        )
        return claimed, released

    async def _release(
        self, connection: Any, candidates: list[TopicPartition], surplus: int
    ) -> set[TopicPartition]:
        released = candidates[: max(surplus, 0)]
        if released:
            await connection.fetch(_RELEASE, [self._lock_of(partition) for partition in released])
            self.held.difference_update(released)
        return set(released)

    async def _claim(self, connection: Any, free: list[TopicPartition], wanted: int) -> set[TopicPartition]:
        if wanted <= 0 or not free:
            return set()
        start = int.from_bytes(_hash(self._member, 2)) % len(free)  # members begin at different places
        order = free[start:] + free[:start]
        rows: list[asyncpg.Record] = await connection.fetch(
            _CLAIM, [self._lock_of(partition) for partition in order], wanted
        )
        claimed = {order[row["nth"] - 1] for row in rows}
        self.held |= claimed
        return claimed

    def _lock_of(self, partition: TopicPartition) -> int:
        name = f"{self._group}\0{partition.topic}\0{partition.partition}"
        return int.from_bytes(_hash(name, 8), signed=True)


def _hash(text: str, size: int) -> bytes:
    return hashlib.blake2s(text.encode(), digest_size=size).digest()
