"""How far a consumer is behind: for the gauges, and for noticing that it reads no more."""

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from shared.clock import Clock
from shared.messaging.broker import Record, TopicPartition
from shared.observability.metrics import MessagingMetrics


class Lag:
    """Of one member of a group."""

    def __init__(self, consumer: str, clock: Clock, metrics: MessagingMetrics) -> None:
        self._consumer = consumer
        self._clock = clock
        self._metrics = metrics
        self._began = clock.now()
        self._handled: dict[TopicPartition, datetime] = {}
        self._handled_at: dict[TopicPartition, float] = {}
        self._behind_since: dict[TopicPartition, float] = {}
        self._shown: set[TopicPartition] = set()

    def handled(self, record: Record) -> None:
        """Of a partition's records this is the newest that was applied or put aside."""
        self._handled[record.source] = record.timestamp
        self._handled_at[record.source] = time.monotonic()

    def observe(self, lags: Mapping[TopicPartition, int], retrying: Collection[TopicPartition]) -> None:
        """`lags`: records per partition that this member holds; `retrying`: those that wait on purpose."""
        behind = {partition for partition, records in lags.items() if records and partition not in retrying}
        now = time.monotonic()
        self._behind_since = {partition: self._behind_since.get(partition, now) for partition in behind}
        for partition in self._shown - lags.keys():
            self._forget(partition)
        for partition, records in lags.items():
            self._show(partition, records)

    def forgive(self) -> None:
        """Something else is down: what is not read now does not count."""
        self._behind_since.clear()

    @property
    def idle_seconds(self) -> float:
        """For how long there has been something to read in a partition and nothing of it was handled; of all
        partitions the longest, so that one that stands still is seen while others flow."""
        now = time.monotonic()
        waited = (now - max(at, self._handled_at.get(p, at)) for p, at in self._behind_since.items())
        return max(waited, default=0.0)

    def _show(self, partition: TopicPartition, records: int) -> None:
        age = self._clock.now() - self._handled.get(partition, self._began)
        labels = (self._consumer, partition.topic, str(partition.partition))
        self._metrics.consumer_lag.labels(*labels).set(records)
        self._metrics.consumer_lag_seconds.labels(*labels).set(age.total_seconds() if records else 0)
        self._shown.add(partition)

    def _forget(self, partition: TopicPartition) -> None:
        """Another member reports it from now on."""
        labels = (self._consumer, partition.topic, str(partition.partition))
        self._metrics.consumer_lag.remove(*labels)
        self._metrics.consumer_lag_seconds.remove(*labels)
        self._shown.discard(partition)
        self._handled.pop(partition, None)
        self._handled_at.pop(partition, None)
