"""The client of Apache Kafka keeps the contract, and what is its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deploy.kafka.cluster import KafkaCluster
from tests.kit.kafka import NamedApart, frozen
from tests.shared.messaging.broker_contract import OTHER, PARTITIONS, TOPIC, BrokerContract


class TestKafkaBroker(BrokerContract):
    @pytest.fixture
    async def broker(
        self, kafka_cluster: KafkaCluster, kafka_broker: NamedApart
    ) -> AsyncIterator[NamedApart]:
        self._cluster = kafka_cluster
        await kafka_broker.ensure_topics({TOPIC: PARTITIONS, OTHER: 2})
        return kafka_broker

    async def kill(self, consumer: Any) -> None:
        await consumer.inner._abandon(consumer.inner._client)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        async with frozen(self._cluster):
            yield
