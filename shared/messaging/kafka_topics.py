"""Topics on Kafka: made from the contracts table, never changed."""

import asyncio
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import BrokerResponseError, NoError, TopicAlreadyExistsError, for_code

from shared.messaging.broker import BrokerUnavailable
from shared.messaging.kafka_clients import NO_ANSWER, unavailable
from shared.messaging.kafka_settings import KafkaSettings

_LARGEST_BATCH = 1_048_588  # Kafka's own default, for clusters with a smaller one
_LOOK_SECONDS = 0.05


class TopicRefused(BrokerUnavailable):
    """The cluster does not make the topic as it was asked to: too few brokers, no right to, a policy."""


def new_topic(name: str, partitions: int, replication: int | None) -> NewTopic:
    """Kept for ever, uncompacted. Where there are three copies, two must have a record before it counts."""
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(_LARGEST_BATCH),
    }
    if replication is not None and replication >= 3:
        configs["min.insync.replicas"] = "2"
    topic = NewTopic(name, partitions, replication or 1, topic_configs=configs)
    # -1 is the cluster's own default. aiokafka refuses it, brokers since 2.4 know it; and to count the brokers
    # that are up now would leave a topic with one copy that was made while a cluster was starting.
    topic.replication_factor = replication or -1
    return topic


async def ensure_topics(settings: KafkaSettings, topics: Mapping[str, int]) -> None:
    """Make those that are missing, and wait until they can be written to. Raises BrokerUnavailable."""
    admin = AIOKafkaAdminClient(**settings.options())
    try:
        async with asyncio.timeout(settings.command_seconds):
            await admin.start()
            missing = topics.keys() - set(await admin.list_topics())
            if missing:
                await _create(
                    admin, [new_topic(name, topics[name], settings.replication) for name in missing]
                )
    except NO_ANSWER as error:
        raise unavailable(error) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    answer = await admin.create_topics(topics)
    for name, code, *message in answer.topic_errors:
        kind: type[BrokerResponseError] = for_code(code)
        # Another service that reads or publishes the topic may have been quicker.
        if kind not in {NoError, TopicAlreadyExistsError}:
            raise TopicRefused(f"{name}: {kind.__name__} {message[0] if message else ''}".rstrip())
    names = [topic.name for topic in topics]
    while not all(map(_writable, await admin.describe_topics(names))):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(_LOOK_SECONDS)


def _writable(described: dict[str, object]) -> bool:
    partitions = described["partitions"]
    assert isinstance(partitions, list)
    return not described["error_code"] and all(partition["leader"] >= 0 for partition in partitions)
