"""What the platform asks of a message broker. `local.py` and `kafka.py` keep the same contract suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.messaging.envelope import Headers

MAX_RECORD_BYTES = 1_000_000
"""Largest value an event may have; checked when it is emitted, never in the relay."""


class TopicPartition(NamedTuple):
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to append. Records of one key go to one partition, in the order given."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: datetime

    @property
    def source(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)


class BrokerUnavailable(Exception):
    """The broker did not answer in time; whether the records arrived is unknown."""


class BrokerConsumer(Protocol):
    """One member of a consumer group. Nothing is committed unless `commit` is called."""

    async def start(self) -> None: ...

    async def poll(self, max_records: int, timeout: float) -> list[Record]:
        """Next records of assigned, unpaused partitions, at most `max_records`; empty after `timeout` seconds."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the next offset to read for each partition."""
        ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """The next poll of this partition starts at `offset`."""
        ...

    def assignment(self) -> set[TopicPartition]: ...

    async def lag(self) -> dict[TopicPartition, int]:
        """Records between the committed offset and the end, per assigned partition."""
        ...

    async def stop(self) -> None: ...


class Broker(Protocol):
    async def start(self) -> None: ...

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Create missing topics with this number of partitions; never change existing ones."""
        ...

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Append the records; per record None when it is durable, else the error. A failed record never
        lets a later record of the same key through. Raises BrokerUnavailable when nothing is known."""
        ...

    def consumer(self, group: str, topics: Sequence[str], *, member: str) -> BrokerConsumer:
        """A member of `group`; `member` is its stable name (static membership). A new group starts at the
        beginning of each topic."""
        ...

    async def stop(self) -> None: ...
