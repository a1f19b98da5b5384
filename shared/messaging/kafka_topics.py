"""Topics on Kafka: made from the contracts table, never changed; those that others made are looked at before they are
used."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import BrokerResponseError, NoError, TopicAlreadyExistsError, for_code

from shared.messaging.broker import BrokerUnavailable
from shared.messaging.contract import KEPT
from shared.messaging.kafka_clients import NO_ANSWER, unavailable
from shared.messaging.kafka_publisher import MAX_REQUEST_BYTES
from shared.messaging.kafka_settings import KafkaSettings

log = structlog.get_logger("kafka")

_LARGEST_BATCH = 1_048_588  # Kafka's own default, for clusters with a smaller one
_LOOK_SECONDS = 0.05
_SAFE_COPIES = 3
_SHORT_DAYS = 30
_DAY_MS = 24 * 60 * 60 * 1000


class TopicRefused(BrokerUnavailable):
    """The cluster does not make the topic as it was asked to: too few brokers, no right to, a policy."""


class TopicUnfit(BrokerUnavailable):
    """A topic that somebody else made would lose events. Nothing is written to it or read from it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the cluster has it."""

    name: str
    partitions: int
    copies: int
    """Of the partition that has the fewest."""
    configs: Mapping[str, str]


def new_topic(name: str, partitions: int, replication: int | None) -> NewTopic:
    """Kept for ever, uncompacted. Where three copies are asked for, two must have a record before it counts."""
    topic = NewTopic(name, partitions, replication or 1, topic_configs=_configs(replication or 1))
    # -1 is the cluster's own default. aiokafka refuses it, brokers since 2.4 know it; and to count the brokers
    # that are up now would leave a topic with one copy that was made while a cluster was starting.
    topic.replication_factor = replication or -1
    return topic


def losses(found: Found, partitions: int) -> Iterator[str]:
    """Why events would get lost in a topic that is to have so many partitions."""
    configs = found.configs
    if "compact" in configs["cleanup.policy"]:
        yield "cleanup.policy compact drops all events of a key but the last"
    if 0 <= int(configs["retention.ms"]) < _SHORT_DAYS * _DAY_MS:
        yield f"retention.ms {configs['retention.ms']} is less than {_SHORT_DAYS} days"
    if int(configs["retention.bytes"]) >= 0:
        yield f"retention.bytes {configs['retention.bytes']} drops what is older"
    if int(configs["max.message.bytes"]) < MAX_REQUEST_BYTES:
        yield f"max.message.bytes {configs['max.message.bytes']} is less than {MAX_REQUEST_BYTES}"
    if found.partitions < partitions:
        yield f"{found.partitions} partitions, not {partitions}"


def doubts(found: Found, partitions: int, replication: int | None) -> Iterator[str]:
    """What is not as it would have been made, and works."""
    if int(found.configs["retention.ms"]) >= 0:
        yield f"retention.ms is {found.configs['retention.ms']}: who begins later does not get everything"
    if found.partitions > partitions:
        yield f"{found.partitions} partitions, not {partitions}"
    if replication is not None and found.copies < replication:
        yield f"{found.copies} copies, not {replication}"
    if found.copies >= _SAFE_COPIES and int(found.configs["min.insync.replicas"]) < 2:
        yield "min.insync.replicas is 1: an event counts that one broker alone has"


async def ensure_topics(
    settings: KafkaSettings, topics: Mapping[str, int], known: Collection[str] = ()
) -> None:
    """Make those that are missing, and wait until they can be written to; look at the others but those `known`.
    Raises BrokerUnavailable."""
    admin = AIOKafkaAdminClient(**settings.options())
    try:
        async with asyncio.timeout(settings.command_seconds):
            await admin.start()
            there = set(await admin.list_topics())
            missing = topics.keys() - there
            if missing:
                await _create(
                    admin, [new_topic(name, topics[name], settings.replication) for name in missing]
                )
            if unseen := sorted(topics.keys() & there - set(known)):
                _judge(await _found(admin, unseen), topics, settings.replication)
    except NO_ANSWER as error:
        raise unavailable(error) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    answer = await admin.create_topics(topics)
    made = set()
    for name, code, *message in answer.topic_errors:
        kind: type[BrokerResponseError] = for_code(code)
        if kind is NoError:
            made.add(name)
        elif kind is not TopicAlreadyExistsError:
            # Another service that reads or publishes the topic may have been quicker.
            raise TopicRefused(f"{name}: {kind.__name__} {message[0] if message else ''}".rstrip())
    names = [topic.name for topic in topics]
    while not all(  # noqa: ASYNC110 - of another process
        map(_writable, described := await admin.describe_topics(names))
    ):
        await asyncio.sleep(_LOOK_SECONDS)
    copied = {one["topic"]: _copies(one) for one in described}
    safe = [name for name in made if copied[name] >= _SAFE_COPIES]
    if safe:  # the cluster's own default may be three, too
        await _configure(admin, {name: _configs(copied[name]) for name in safe})


async def _configure(admin: AIOKafkaAdminClient, configs: Mapping[str, dict[str, str]]) -> None:
    """Sets all of a topic's own settings: what is not named goes back to the cluster's."""
    answers = await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name, found) for name, found in configs.items()]
    )
    for answer in answers:
        for code, message, _, name in answer.resources:
            if code:
                raise TopicRefused(f"{name}: {for_code(code).__name__} {message or ''}".rstrip())


async def _found(admin: AIOKafkaAdminClient, names: list[str]) -> list[Found]:
    described = await admin.describe_topics(names)
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    configs: dict[str, dict[str, str]] = {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if not code  # no right to look: as before, it is taken as it is
    }
    return [
        Found(one["topic"], len(one["partitions"]), _copies(one), configs[one["topic"]])
        for one in described
        if one["topic"] in configs and _writable(one)
    ]


def _judge(found: list[Found], topics: Mapping[str, int], replication: int | None) -> None:
    unfit = [f"{one.name}: {why}" for one in found for why in losses(one, topics[one.name])]
    if unfit:
        raise TopicUnfit("; ".join(unfit))
    for one in found:
        for doubt in doubts(one, topics[one.name], replication):
            log.warning("topic made by others", topic=one.name, detail=doubt)


def _configs(copies: int) -> dict[str, str]:
    configs = {**KEPT, "max.message.bytes": str(_LARGEST_BATCH)}
    if copies >= _SAFE_COPIES:
        configs["min.insync.replicas"] = "2"
    return configs


def _copies(described: dict[str, Any]) -> int:
    return min((len(partition["replicas"]) for partition in described["partitions"]), default=0)


def _writable(described: dict[str, Any]) -> bool:
    return not described["error_code"] and all(
        partition["leader"] >= 0 for partition in described["partitions"]
    )
