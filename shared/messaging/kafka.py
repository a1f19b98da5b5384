"""Apache Kafka behind the Broker protocol."""

from collections.abc import Mapping, Sequence

from shared.messaging.broker import BrokerUnavailable, Outgoing
from shared.messaging.kafka_consumer import KafkaConsumer
from shared.messaging.kafka_publisher import Publisher
from shared.messaging.kafka_settings import KafkaSettings
from shared.messaging.kafka_topics import ensure_topics


class KafkaBroker:
    """Keeps the Broker protocol. Connects when it is first needed, so a cluster may start later than we do."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._publisher: Publisher | None = None
        self._topics: set[str] = set()
        """Those that are there and were found fit."""

    async def start(self) -> None:
        """Raises OSError (ssl.SSLError) when a file the settings name cannot be used."""
        self._settings.options()
        self._publisher = Publisher(self._settings)

    async def stop(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()

    async def ensure_topics(self, topics: Mapping[str, int]) -> None:
        """Raises TopicUnfit, a BrokerUnavailable, where a topic that others made would lose events."""
        await ensure_topics(self._settings, topics, self._topics)
        self._topics |= topics.keys()

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        if self._publisher is None:
            raise BrokerUnavailable("not started")
        return await self._publisher.publish(records)

    def consumer(self, group: str, topics: Sequence[str], *, member: str) -> KafkaConsumer:
        return KafkaConsumer(group, tuple(topics), member=member, settings=self._settings)
