"""The one consumer loop of both brokers: reads, applies, commits; retries, parks, stops when something is down."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from shared.auth.principal import Principal
from shared.clock import Clock, SystemClock
from shared.db.database import Database
from shared.messaging.backoff import Backoff
from shared.messaging.broker import Broker, BrokerConsumer, BrokerUnavailable, Record, TopicPartition
from shared.messaging.delivery import Delivery, Item, read
from shared.messaging.failures import dependency_down, describe
from shared.messaging.lag import Lag
from shared.messaging.progress import ConsumerProgress
from shared.messaging.subscription import Consumer, Received, Subscription, handles
from shared.observability.metrics import MessagingMetrics

__all__ = ["Consumer", "ConsumerLoop", "ConsumerSettings", "Received", "Subscription", "handles"]

log = structlog.get_logger("consumer")


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    batch: int = 200
    """Most events of one transaction, and of one poll."""
    poll_seconds: float = 1.0
    attempts: int = 8
    """How often an event is tried before it is parked or becomes a dead letter: with `retry` about half a minute."""
    retry: Backoff = field(default_factory=Backoff)
    outage: Backoff = field(default_factory=lambda: Backoff(first=0.5, longest=15.0))
    commit_seconds: float = 0.1
    """At least so long between two commits of offsets: each is a write to the broker, and all that a crash forgets is
    delivered once more and found in the inbox."""
    stop_seconds: float = 20.0
    """Time to finish the batch in hand."""
    stalled_seconds: float = 180.0
    """Longest time without progress; then the process is better restarted."""


@dataclass(slots=True)
class _Retrying:
    offset: int
    attempts: int
    due: float


class ConsumerLoop:
    """One member of the consumer's group."""

    def __init__(
        self,
        consumer: Consumer,
        *,
        service: str,
        database: Database,
        broker: Broker,
        principal: Principal,
        clock: Clock | None = None,
        member: str = "0",
        settings: ConsumerSettings | None = None,
        metrics: MessagingMetrics | None = None,
    ) -> None:
        self.consumer = consumer
        self.name = f"consumer {consumer.name}"
        self._settings = settings or ConsumerSettings()
        self._metrics = metrics or MessagingMetrics.unregistered()
        self._delivery = Delivery(consumer, database, principal, clock or SystemClock())
        self._broker: BrokerConsumer = broker.consumer(
            f"{service}.{consumer.name}", consumer.topics, member=member
        )
        self._lag = Lag(consumer.name, clock or SystemClock(), self._metrics)
        self._held: set[TopicPartition] = set()
        self._retrying: dict[TopicPartition, _Retrying] = {}
        self._to_commit: dict[TopicPartition, int] = {}
        self._committing: asyncio.Task[None] | None = None
        self._joined = False
        self._outage = 0
        self._owed: set[TopicPartition] = set()
        """Partitions whose records an outage kept from being applied: until they are, it is not over. A poll that
        comes back empty meanwhile says nothing: what was read is only on its way once more."""
        self._progress = time.monotonic()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def consuming(self) -> bool:
        """False while something the consumer depends on is down."""
        return self._outage == 0

    @property
    def stalled(self) -> bool:
        """Whether the loop hangs: neither an empty poll nor a batch nor a failure for too long; or polls stay
        empty although there are records."""
        hung = time.monotonic() - self._progress
        idle = self._lag.idle_seconds if self.consuming else 0.0
        return max(hung, idle) > self._settings.stalled_seconds

    async def progress(self) -> ConsumerProgress:
        """How far this member is."""
        lag: int | None = None
        with suppress(BrokerUnavailable):
            lag = sum((await self._broker.lag()).values())
        return ConsumerProgress(
            name=self.consumer.name,
            partitions=len(self._broker.assignment()),
            lag=lag,
            retrying=len(self._retrying),
            consuming=self.consuming,
        )

    async def caught_up(self) -> bool:
        """Whether everything of this member's partitions is applied. Never true for a member without any."""
        progress = await self.progress()
        return progress.partitions > 0 and progress.at_rest

    async def report(self) -> None:
        """Bring the lag gauges up to date, and what `stalled` knows."""
        with suppress(BrokerUnavailable):
            self._lag.observe(await self._broker.lag(), self._retrying)

    async def run(self) -> None:
        """Consume until `stop`. Outages are waited out; an error of the loop itself raises."""
        self._task = asyncio.current_task()
        try:
            while not self._stopping.is_set():
                try:
                    await self._round()
                except Exception as error:
                    if not dependency_down(error):
                        raise
                    await self._wait_out(error)
                self._progress = time.monotonic()
        finally:
            self._task = None
            await self._leave()

    async def stop(self) -> None:
        """Finish the batch in hand and commit it; after `stop_seconds` it is rolled back and read again later."""
        self._stopping.set()
        task = self._task
        if task is not None and task is not asyncio.current_task():
            _, pending = await asyncio.wait({task}, timeout=self._settings.stop_seconds)
            for late in pending:
                late.cancel()

    async def _round(self) -> None:
        if not self._joined:
            await self._broker.start()
            self._joined = True
        self._resume_due()
        self._commit()
        records = await self._poll()
        self._note_rebalance()
        if records:
            await self._deliver(records)
        if self._owed.isdisjoint(self._broker.assignment()):
            self._outage = 0

    def _note_rebalance(self) -> None:
        held = self._broker.assignment()
        if held != self._held:
            self._held = held
            self._owed &= held
            self._metrics.consumer_rebalances.labels(self.consumer.name).inc()

    async def _poll(self) -> list[Record]:
        poll = asyncio.ensure_future(self._broker.poll(self._settings.batch, self._patience()))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({poll, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return poll.result() if poll.done() else []
        finally:
            stopping.cancel()
            if not poll.done():
                poll.cancel()
                await asyncio.gather(poll, return_exceptions=True)

    async def _deliver(self, records: Sequence[Record]) -> None:
        """Apply what was read. What could not be applied is read again: the position goes back to it."""
        waiting: dict[TopicPartition, deque[Item]] = {}
        for record in records:
            waiting.setdefault(record.source, deque()).append(read(self.consumer, record))
        try:
            if not await self._together(waiting):
                for partition, items in waiting.items():
                    await self._one_by_one(partition, items)
            self._owed.difference_update(waiting)
        except Exception as error:
            if dependency_down(error):
                self._owed.update(partition for partition, items in waiting.items() if items)
            raise
        finally:
            for partition, items in waiting.items():
                if items:
                    self._broker.seek(partition, items[0].record.offset)
        self._commit()

    async def _together(self, waiting: dict[TopicPartition, deque[Item]]) -> bool:
        """All partitions in one transaction; False when that fails or is not wanted."""
        if not self.consumer.batch or any(partition in self._retrying for partition in waiting):
            return False
        try:
            await self._apply([item for items in waiting.values() for item in items])
        except Exception as error:
            if dependency_down(error):
                raise
            return False
        for partition, items in waiting.items():
            self._done(partition, items, len(items))
        return True

    async def _one_by_one(self, partition: TopicPartition, items: deque[Item]) -> None:
        """One partition in order: a batch that fails is halved until the event that fails stands alone."""
        size = len(items) if self.consumer.batch else 1
        while items and not self._stopping.is_set():
            if partition not in self._broker.assignment():
                items.clear()  # its new owner reads them
                return
            suspect = self._attempts(partition, items[0])
            chunk = [items[n] for n in range(1 if suspect else min(size, len(items)))]
            try:
                await self._apply(chunk)
            except Exception as error:
                if dependency_down(error):
                    raise
                if len(chunk) > 1:
                    size = len(chunk) // 2
                    continue
                if not await self._failed(partition, chunk[0], error):
                    return
                size = len(items) if self.consumer.batch else 1
            self._retrying.pop(partition, None)
            self._done(partition, items, len(chunk))
            self._progress = time.monotonic()

    async def _apply(self, items: Sequence[Item]) -> None:
        outcomes = await self._delivery.apply(items)
        self._count(outcomes)
        for item in items:
            if item.refusal is not None:
                self._log_failure("dead letter", item, item.refusal)

    async def _failed(self, partition: TopicPartition, item: Item, error: Exception) -> bool:
        """Count the failure; True when the event was put aside, so that the partition moves on."""
        attempts = self._attempts(partition, item) + 1
        if attempts < self._settings.attempts:
            wait = self._settings.retry.after(attempts)
            self._retrying[partition] = _Retrying(item.record.offset, attempts, time.monotonic() + wait)
            self._broker.pause(partition)
            self._count(Counter(retried=1))
            self._log_failure("will be tried again", item, error, attempts=attempts, wait=round(wait, 2))
            return False
        state = await self._delivery.give_up(item, error, attempts)
        self._count(Counter({str(state): 1}))
        self._log_failure(f"put aside: {state}", item, error, attempts=attempts)
        return True

    def _attempts(self, partition: TopicPartition, item: Item) -> int:
        retrying = self._retrying.get(partition)
        return retrying.attempts if retrying and retrying.offset == item.record.offset else 0

    def _done(self, partition: TopicPartition, items: deque[Item], count: int) -> None:
        for _ in range(count):
            record = items.popleft().record
            self._to_commit[partition] = record.offset + 1
            self._lag.handled(record)

    def _commit(self) -> None:
        """Store offsets beside the next batch. Raises what the last attempt raised."""
        if self._committing is not None and self._committing.done():
            finished, self._committing = self._committing, None
            finished.result()
        if self._to_commit and self._committing is None:
            self._committing = asyncio.create_task(self._store_offsets(), name=f"{self.name} offsets")

    async def _store_offsets(self) -> None:
        """Kept until it succeeds: the effects are committed, and a redelivery finds them in the inbox."""
        while self._to_commit:
            offsets = dict(self._to_commit)
            await self._broker.commit(offsets)
            for partition, offset in offsets.items():
                if self._to_commit[partition] == offset:
                    del self._to_commit[partition]
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._settings.commit_seconds)

    def _resume_due(self) -> None:
        now = time.monotonic()
        assigned = self._broker.assignment()
        for partition, retrying in list(self._retrying.items()):
            if partition not in assigned:  # another member tries from its first attempt on
                del self._retrying[partition]
                self._broker.resume(partition)
            elif retrying.due <= now:
                self._broker.resume(partition)

    def _patience(self) -> float:
        now = time.monotonic()
        due = [retrying.due - now for retrying in self._retrying.values()]
        return max(min([self._settings.poll_seconds, *due]), 0.01)

    async def _wait_out(self, error: Exception) -> None:
        """Stop consuming: nothing is skipped, nothing becomes a dead letter because of an outage."""
        self._outage += 1
        self._lag.forgive()
        wait = self._settings.outage.after(self._outage)
        log.warning(
            "not consuming",
            consumer=self.consumer.name,
            error=type(error).__name__,
            detail=describe(error),
            wait=round(wait, 2),
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait)

    async def _leave(self) -> None:
        try:
            with suppress(BrokerUnavailable, TimeoutError):
                async with asyncio.timeout(2):
                    if self._committing is not None:
                        await self._committing
                    await self._store_offsets()
        finally:
            with suppress(BrokerUnavailable, TimeoutError):
                async with asyncio.timeout(5):
                    await self._broker.stop()

    def _count(self, outcomes: Counter[str]) -> None:
        for outcome, count in outcomes.items():
            if count:
                self._metrics.consumer_handled.labels(self.consumer.name, outcome).inc(count)

    def _log_failure(self, event: str, item: Item, error: Exception, **more: object) -> None:
        log.warning(
            event,
            consumer=self.consumer.name,
            topic=item.record.topic,
            partition=item.record.partition,
            offset=item.record.offset,
            event_id=str(item.received.envelope.event_id) if item.received else None,
            error=type(error).__name__,
            detail=describe(error),
            **more,
        )
