"""A member of a consumer group on Kafka. What fails ends its client; the next poll begins with a new one.

Static membership: a member that comes back within its session under the same name has its partitions as before,
and nobody else notices. In exchange a member that stops keeps them until its session has run out.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from random import randint
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import TopicPartition as KafkaPartition

from shared.messaging.broker import BrokerUnavailable, Record, TopicPartition
from shared.messaging.kafka_clients import NO_ANSWER, abandon_consumer, member_id, stop, unavailable, waiting
from shared.messaging.kafka_settings import KafkaSettings

log = structlog.get_logger("kafka")

_FETCH_BYTES = 2 * 1024 * 1024
"""Of one partition at a time. More than the largest batch: aiokafka passes over what does not fit."""
_POLL_INTERVAL_SECONDS = 300.0
_REBALANCE_SECONDS = 30.0
_REQUEST_SECONDS = 35.0  # a request to join is answered when the rebalance has ended
_IDLE_FETCH_SECONDS = 0.25
_GRACE_SECONDS = 0.05
_LONGEST_STEP_SECONDS = 2.0
_NEW_LOSSES, _SETTLED_LOSSES = (3, 5), 9


class MemberTaken(Exception):
    """Another process is the same member of the group: each takes the place from the other, for ever."""


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
        self._taken: dict[TopicPartition, int] = {}
        """Where the records end that a poll has given."""
        self._served: set[KafkaPartition] = set()
        self._pulse = _Pulse(settings.silent_seconds)
        self._place = _Place(settings.session_seconds)

    async def start(self) -> None:
        await self._open()

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        """Raises MemberTaken, too: then this process must not go on under its name."""
        client = await self._open()
        if self._place.contested(client):
            raise MemberTaken(
                f"another worker is member {self._member} of {self._group}: each needs a name of its own "
                "(--member, ASHAR_MEMBER)"
            )
        found: dict[Any, list[Any]] = {}
        try:
            try:
                # aiokafka's own timeout does not count while the group is being rebalanced. Cancelled, it has
                # taken nothing.
                async with asyncio.timeout(timeout + _GRACE_SECONDS):
                    if turn := self._turn(client):
                        found = await client.getmany(*turn, max_records=max_records)
                    if not found:
                        found = await client.getmany(timeout_ms=int(timeout * 1000), max_records=max_records)
            except TimeoutError:
                pass
            self._pulse.check(client)
        except NO_ANSWER as error:
            await self._abandon(client)
            raise unavailable(error) from error
        self._served.update(found)
        records = [_record(record) for records in found.values() for record in records]
        self._taken.update({record.source: record.offset + 1 for record in records})
        return records

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
            self._taken[partition] = offset

    def assignment(self) -> set[TopicPartition]:
        return _ours(self._client.assignment()) if self._client is not None else set()

    async def lag(self) -> dict[TopicPartition, int]:
        """Asks the brokers for the ends: a partition that is not fetched any more would seem to be read to its end.

        What holds no record, as the marks of transactions, does not count once it was passed over."""
        client, held = self._client, self.assignment()
        if client is None:
            raise BrokerUnavailable("not connected")
        try:
            async with asyncio.timeout(self._settings.command_seconds):
                await self._learn_committed(client, held)
                ends = _mapped(await client.end_offsets(list(map(_theirs, held))))
                known = self._committed  # another generation of the group may begin while we ask
                starts = {p: await self._begin(client, p) for p in held if p in ends and p in known}
                return {p: max(ends[p] - start, 0) for p, start in starts.items()}
        except NO_ANSWER as error:
            raise unavailable(error) from error

    async def stop(self) -> None:
        """Without a goodbye: the session keeps the partitions for a while, for this member to come back."""
        client, self._client = self._client, None
        if client is not None:
            await stop(client)

    async def _begin(self, client: AIOKafkaConsumer, partition: TopicPartition) -> int:
        """The first offset that is not done."""
        committed = self._committed[partition]
        if committed < self._taken.get(partition, committed):
            return committed
        position: int = await client.position(_theirs(partition))
        return max(committed, position)

    def _turn(self, client: AIOKafkaConsumer) -> set[KafkaPartition]:
        """Those that have records and had none taken for longest; all of them when there are none yet. aiokafka goes on
        with one partition until all that was fetched of it is taken, and lets the others wait."""
        ready = (waiting(client) & client.assignment()) - client.paused()
        turn: set[KafkaPartition] = ready - self._served
        if not turn:
            self._served.clear()
        return turn or ready

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
        self._served.clear()
        return client

    async def _abandon(self, client: AIOKafkaConsumer) -> None:
        if self._client is client:
            self._client = None
        self._committed.clear()
        self._taken.clear()
        await abandon_consumer(client)

    def _assigned(self, partitions: set[TopicPartition]) -> None:
        """A new generation of the group: another member may have committed, and aiokafka has forgotten pauses."""
        self._committed.clear()
        self._taken.clear()
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


class _Place:
    """Notices that somebody else has our place in the group. Its broker gives it to whoever came last under the name and
    tells the other only that it is unknown, which is also said of a session that ran out; but that cannot happen again
    before another session has."""

    def __init__(self, session_seconds: float) -> None:
        self._session = session_seconds
        self._client: AIOKafkaConsumer | None = None
        self._known_as = ""
        self._since = self._lost_at = time.monotonic()
        self._losses = 0
        self._patience = 0

    def contested(self, client: AIOKafkaConsumer) -> bool:
        """Whether the place was lost so often that this member is to give way: whoever came to a place that was
        taken sooner than who had it, and of two that came together one before the other."""
        name, now = member_id(client), time.monotonic()
        if client is self._client and self._known_as and name != self._known_as:
            if not self._losses or now - self._lost_at > self._session:
                settled = now - self._since > self._session
                self._losses, self._patience = 0, _SETTLED_LOSSES if settled else randint(*_NEW_LOSSES)  # noqa: S311
            self._losses += 1
            self._lost_at = now
        if name and name != self._known_as:
            self._since = now
        self._client, self._known_as = client, name
        return 0 < self._patience <= self._losses


class _Pulse:
    """Notices that fetches are answered no more: aiokafka goes on trying, silently and for ever."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._heard: dict[KafkaPartition, tuple[int, float]] = {}
        """Per partition the time of the last answer, and for how long there was none since."""
        self._checked_at = time.monotonic()

    def check(self, client: AIOKafkaConsumer) -> None:
        """Raises TimeoutError when partitions that could be read were not answered for, for too long: all of them,
        or one of them longer than it takes the client to ask again."""
        now = time.monotonic()
        passed = min(now - self._checked_at, _LONGEST_STEP_SECONDS)  # a handler may have let nothing else run
        known, pending = self._heard, waiting(client)
        self._heard, self._checked_at = {}, now
        for partition in client.assignment() - client.paused():
            at = client.last_poll_timestamp(partition) or 0
            before, silent = known.get(partition, (at, -passed))
            fresh = at != before or partition in pending
            self._heard[partition] = (at, 0.0 if fresh else silent + passed)
        silences = [silent for _, silent in self._heard.values()]
        if silences and (min(silences) > self._seconds or max(silences) > self._seconds + _REQUEST_SECONDS):
            raise TimeoutError(f"no fetch was answered for {max(silences):.0f} s")


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
