"""Publishing to Kafka: whole batches of one partition, one after another, on a producer that nobody shares.

Order of a key: the next batch of a partition is sent when the one before is acknowledged, so nothing overtakes a
record that failed. A producer that leaves anything unknown is thrown away with what it has not sent: what it would
deliver later could come after newer records of the same key.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    BrokerResponseError,
    InvalidProducerEpoch,
    KafkaError,
    OutOfOrderSequenceNumber,
    UnknownProducerId,
)
from aiokafka.partitioner import murmur2

from shared.messaging.broker import MAX_RECORD_BYTES, BrokerUnavailable, Outgoing, TopicPartition
from shared.messaging.kafka_clients import NO_ANSWER, abandon_producer, stop, unavailable
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.refusals import KeyHeldBack, refusals

_PRODUCER_LOST = (InvalidProducerEpoch, OutOfOrderSequenceNumber, UnknownProducerId)
_ANY = 1_000_000
MAX_REQUEST_BYTES = MAX_RECORD_BYTES + 48_000
"""A value with its key and headers; what Kafka takes by default is a little more."""

T = TypeVar("T")


class Publisher:
    """Owns the producers; `publish` is the Broker protocol's."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._idle: list[AIOKafkaProducer] = []
        self._places = asyncio.Semaphore(settings.producers)
        self._discarding: set[asyncio.Task[None]] = set()

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Raises BrokerUnavailable when nothing is known; of one record it may be the answer, too."""
        deadline = asyncio.get_running_loop().time() + self._settings.publish_seconds
        sending = _Sending(records, deadline)
        await _before(deadline, self._places.acquire())
        try:
            await self._attempt(sending, _ANY)
            if sending.to_be_split:
                # A batch is refused as a whole. One record at a time only the one that is meant is refused.
                with suppress(BrokerUnavailable):  # what the first attempt achieved still counts
                    await self._attempt(sending, 1)
        finally:
            self._places.release()
        return sending.answers()

    async def _attempt(self, sending: "_Sending", at_most: int) -> None:
        producer = self._idle.pop() if self._idle else await self._start()
        intact = False
        try:
            intact = await sending.send(producer, at_most)
        finally:
            if intact:
                self._idle.append(producer)
            else:
                self._discard(producer)

    async def _start(self) -> AIOKafkaProducer:
        settings = self._settings
        producer = AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            compression_type=None if settings.compression == "none" else settings.compression,
            max_batch_size=settings.batch_bytes,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=int(settings.publish_seconds * 1000),
            **settings.options(),
        )
        try:
            async with asyncio.timeout(settings.connect_seconds):
                await producer.start()
        except BaseException as error:
            self._discard(producer)
            if isinstance(error, NO_ANSWER):
                raise unavailable(error) from error
            raise
        return producer

    def _discard(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(abandon_producer(producer), name="kafka-discard")
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def stop(self) -> None:
        """In bounded time; publications still under way end as unknown."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*map(stop, idle), *self._discarding, return_exceptions=True)


class _Sending:
    """One publication: what became of each record so far."""

    def __init__(self, records: Sequence[Outgoing], deadline: float) -> None:
        self._records = records
        self._deadline = deadline
        self._results: list[Exception | None] = []
        self._waiting: dict[TopicPartition, list[int]] | None = None
        """Numbers of the records without an answer, in order, by partition; None before the topics are known."""
        self._refused: set[tuple[str, bytes]] = set()
        self._intact = True
        self.to_be_split = False

    async def send(self, producer: AIOKafkaProducer, at_most: int) -> bool:
        """Send what has no answer, `at_most` so many records a batch; whether the producer can be used again."""
        self._intact, self.to_be_split = True, False
        if self._waiting is None:
            self._waiting = await self._places(producer)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._deadline), asyncio.TaskGroup() as partitions:
                for place, numbers in self._waiting.items():
                    partitions.create_task(self._in_order(producer, place, numbers, at_most))
        return self._intact and not any(self._waiting.values())

    async def _places(self, producer: AIOKafkaProducer) -> dict[TopicPartition, list[int]]:
        topics = {record.topic for record in self._records}
        partitions = await _before(self._deadline, _partitions_of(producer, topics))
        self._results = refusals(self._records, partitions)
        places: dict[TopicPartition, list[int]] = {}
        for number, record in enumerate(self._records):
            if self._results[number] is None:
                place = TopicPartition(record.topic, partition_of(record.key, partitions[record.topic]))
                places.setdefault(place, []).append(number)
        return places

    async def _in_order(
        self, producer: AIOKafkaProducer, place: TopicPartition, numbers: list[int], at_most: int
    ) -> None:
        while numbers:
            batch, count = self._batch(producer, numbers, at_most)
            try:
                await (await producer.send_batch(batch, place.topic, partition=place.partition))
            except KafkaError as error:
                self._intact = False  # after a batch that failed the broker takes no other of this producer
                if _refuses(error):
                    self._refuse(numbers, count, error)
                return
            del numbers[:count]

    def _batch(self, producer: AIOKafkaProducer, numbers: Sequence[int], at_most: int) -> tuple[Any, int]:
        batch, count = producer.create_batch(), 0
        for number in numbers[:at_most]:
            record = self._records[number]
            if not batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers):
                break
            count += 1
        batch.close()
        return batch, count

    def _refuse(self, numbers: list[int], count: int, error: KafkaError) -> None:
        if count > 1:
            self.to_be_split = True
            return
        number = numbers.pop(0)
        self._results[number] = error
        self._refused.add((self._records[number].topic, self._records[number].key))

    def answers(self) -> list[Exception | None]:
        """Per record None when it is durable, else the error. Raises BrokerUnavailable when nothing is known."""
        unknown = [number for numbers in (self._waiting or {}).values() for number in numbers]
        if unknown and len(unknown) == len(self._records):
            raise BrokerUnavailable("no acknowledgement in time")
        for number in unknown:
            record = self._records[number]
            held = (record.topic, record.key) in self._refused
            self._results[number] = (
                KeyHeldBack(record.topic) if held else BrokerUnavailable("not acknowledged")
            )
        return self._results


async def _partitions_of(producer: AIOKafkaProducer, topics: set[str]) -> dict[str, int]:
    """Number of partitions of those that exist. Counted when it is seen: while one topic is asked for, metadata of a
    cluster that is starting may lose another."""
    cluster = producer.client.cluster
    found: dict[str, set[int] | None] = {topic: cluster.partitions_for_topic(topic) for topic in topics}
    unknown = {topic for topic, partitions in found.items() if partitions is None}
    if unknown:
        # Asked for by name a topic that does not exist would be waited for.
        existing = (await producer.client.fetch_all_metadata()).topics()
        for topic in unknown & existing:
            found[topic] = await producer.partitions_for(topic)
    return {topic: len(partitions) for topic, partitions in found.items() if partitions is not None}


async def _before(deadline: float, work: Awaitable[T]) -> T:
    """Raises BrokerUnavailable when it fails or is not done in time."""
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except NO_ANSWER as error:
        raise unavailable(error) from error


def _refuses(error: KafkaError) -> bool:
    """Whether the broker means the records; else it is unknown what became of them."""
    return (
        isinstance(error, BrokerResponseError)
        and not error.retriable
        and not isinstance(error, _PRODUCER_LOST)
    )


def partition_of(key: bytes, partitions: int) -> int:
    """As Kafka's own clients choose it."""
    return _hash(key) % partitions


@lru_cache(maxsize=20_000)  # in Python it takes as long as all else that is done for a record
def _hash(key: bytes) -> int:
    return int(murmur2(key) & 0x7FFF_FFFF)
