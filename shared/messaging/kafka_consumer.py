"""A member of a consumer group on Kafka. What fails ends its client; the next poll begins with a new one.

Static membership: a member that comes back within its session under the same name has its partitions as before,
and nobody else notices. In exchange a member that stops keeps them until its session has run out.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition as KafkaPartition

from shared.messaging.broker import BrokerUnavailable, Record, TopicPartition
from shared.messaging.kafka_clients import NO_ANSWER, abandon_consumer, stop, unavailable
from shared.messaging.kafka_settings import KafkaSettings

log = structlog.get_logger("kafka")

_FETCH_BYTES = 2 * 1024 * 1024
"""Of one partition at a time. More than the largest batch: aiokafka passes over what does not fit."""
_POLL_INTERVAL_SECONDS = 300.0
_REBALANCE_SECONDS = 30.0
_REQUEST_SECONDS = 35.0  # a request to join is answered when the rebalance has ended
_IDLE_FETCH_SECONDS = 0.25
_GRACE_SECONDS = 0.05


class KafkaConsumer:
    """Keeps the BrokerConsumer protocol."""

    def __init__(self, group: str, topics: tuple[str, ...], *, member: str, settings: KafkaSettings) -> None:
        self._group = group
        self._topics = topics
        self._member = member
        self._settings = settings
        self._client: AIOKafkaConsumer | None = None
        self._opening = asyncio.Lock()
        self._paused: set[TopicPartition] = set()
        self._committed: dict[TopicPartition, int] = {}
        self._pulse = _Pulse(settings.silent_seconds)

    async def start(self) -> None:
        await self._open()

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        client = await self._open()
        found: dict[Any, list[Any]] = {}
        try:
            try:
                # aiokafka's own timeout does not count while the group is being rebalanced. Cancelled, it has
                # taken nothing.
                async with asyncio.timeout(timeout + _GRACE_SECONDS):
                    found = await client.getmany(timeout_ms=int(timeout * 1000), max_records=max_records)
            except TimeoutError:
                pass
            self._pulse.check(client, found=bool(found))
        except NO_ANSWER as error:
            await self._abandon(client)
            raise unavailable(error) from error
        return [_record(record) for records in found.values() for record in records]

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Partitions this member holds no longer are left to their new owner."""
        client = self._client
        own = {
            _theirs(partition): offset
            for partition, offset in offsets.items()
            if partition in self.assignment()
        }
        if client is None or not own:
            return
        try:
            async with asyncio.timeout(self._settings.command_seconds):
                await client.commit(own)
        except (CommitFailedError, IllegalStateError) as error:
            # The group went on without us, or is about to: whoever holds the partition reads the records again.
            log.info("offsets not committed", group=self._group, reason=type(error).__name__)
        except NO_ANSWER as error:
            await self._abandon(client)
            raise unavailable(error) from error
        else:
            self._committed.update({TopicPartition(*partition): offset for partition, offset in own.items()})

    def pause(self, *partitions: TopicPartition) -> None:
        self._paused.update(partitions)
        if self._client is not None:
            self._client.pause(*map(_theirs, self.assignment().intersection(partitions)))

    def resume(self, *partitions: TopicPartition) -> None:
        self._paused.difference_update(partitions)
        if self._client is not None:
            self._client.resume(*map(_theirs, self.assignment().intersection(partitions)))

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if self._client is not None and partition in self.assignment():
            self._client.seek(_theirs(partition), offset)

    def assignment(self) -> set[TopicPartition]:
        return _ours(self._client.assignment()) if self._client is not None else set()

    async def lag(self) -> dict[TopicPartition, int]:
        """Exact when it is nothing; otherwise as of the last fetch, which costs no request."""
        client, held = self._client, self.assignment()
        if client is None:
            raise BrokerUnavailable("not connected")
        try:
            async with asyncio.timeout(self._settings.command_seconds):
                await self._learn_committed(client, held)
                lags = self._lags(held, {p: client.highwater(_theirs(p)) for p in held & self.assignment()})
                if not any(lags.values()):
                    lags = self._lags(held, _mapped(await client.end_offsets(list(map(_theirs, held)))))
                return lags
        except NO_ANSWER as error:
            raise unavailable(error) from error

    async def stop(self) -> None:
        """Without a goodbye: the session keeps the partitions for a while, for this member to come back."""
        client, self._client = self._client, None
        if client is not None:
            await stop(client)

    def _lags(
        self, held: set[TopicPartition], ends: Mapping[TopicPartition, int | None]
    ) -> dict[TopicPartition, int]:
        committed = self._committed
        return {p: max((ends.get(p) or 0) - committed[p], 0) for p in held if p in committed}

    async def _learn_committed(self, client: AIOKafkaConsumer, held: set[TopicPartition]) -> None:
        missing = list(map(_theirs, held - self._committed.keys()))
        if not missing:
            return
        stored = dict(zip(missing, await asyncio.gather(*map(client.committed, missing)), strict=True))
        new = [partition for partition, offset in stored.items() if offset is None]
        stored |= await client.beginning_offsets(new) if new else {}
        for partition, offset in _mapped(stored).items():
            self._committed.setdefault(partition, offset)  # a commit meanwhile knows better

    async def _open(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._client is None:
                self._client = await self._join()
            return self._client

    async def _join(self) -> AIOKafkaConsumer:
        settings = self._settings
        client = AIOKafkaConsumer(
            group_id=self._group,
            group_instance_id=f"{self._group}-{self._member}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=int(settings.session_seconds * 1000),
            heartbeat_interval_ms=int(min(3.0, settings.session_seconds / 3) * 1000),
            rebalance_timeout_ms=int(_REBALANCE_SECONDS * 1000),
            max_poll_interval_ms=int(_POLL_INTERVAL_SECONDS * 1000),
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            metadata_max_age_ms=int(settings.topics_seconds * 1000),
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=int(_IDLE_FETCH_SECONDS * 1000),
            **settings.options(),
        )
        try:
            async with asyncio.timeout(settings.connect_seconds):
                await client.start()
            # Only now: `start` would wait for the assignment, however long the rebalance takes.
            client.subscribe(self._topics, listener=_Listener(self))
        except BaseException as error:
            await abandon_consumer(client)
            if isinstance(error, NO_ANSWER):
                raise unavailable(error) from error
            raise
        self._pulse = _Pulse(settings.silent_seconds)
        return client

    async def _abandon(self, client: AIOKafkaConsumer) -> None:
        if self._client is client:
            self._client = None
        self._committed.clear()
        await abandon_consumer(client)

    def _assigned(self, partitions: set[TopicPartition]) -> None:
        """A new generation of the group: another member may have committed, and aiokafka has forgotten pauses."""
        self._committed.clear()
        if self._client is not None:
            self._client.pause(*map(_theirs, partitions & self._paused))


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Waits for nothing: what is in hand of a partition that is taken away is finished beside its new owner, and
    the inbox lets only one of the two have its effect."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[KafkaPartition]) -> None: ...

    async def on_partitions_assigned(self, assigned: Iterable[KafkaPartition]) -> None:
        self._consumer._assigned(_ours(assigned))  # noqa: SLF001


class _Pulse:
    """Notices that fetches are answered no more: aiokafka goes on trying, silently and for ever."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._heard: int | None = None
        self._at = time.monotonic()

    def check(self, client: AIOKafkaConsumer, *, found: bool) -> None:
        """Raises TimeoutError when partitions that could be read were not answered for, for too long."""
        readable = client.assignment() - client.paused()
        heard = max((client.last_poll_timestamp(partition) or 0 for partition in readable), default=None)
        now = time.monotonic()
        if found or heard is None or heard != self._heard:
            self._heard, self._at = heard, now
        elif now - self._at > self._seconds:
            raise TimeoutError(f"no fetch was answered for {self._seconds:.0f} s")


def _theirs(partition: TopicPartition) -> KafkaPartition:
    return KafkaPartition(*partition)


def _ours(partitions: Iterable[KafkaPartition]) -> set[TopicPartition]:
    return {TopicPartition(*partition) for partition in partitions}


def _mapped(offsets: Mapping[KafkaPartition, int]) -> dict[TopicPartition, int]:
    return {TopicPartition(*partition): offset for partition, offset in offsets.items()}


def _record(record: Any) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=list(record.headers),
        timestamp=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
