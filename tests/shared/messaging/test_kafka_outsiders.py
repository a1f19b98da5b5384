"""Consumers that know nothing of us read our topics: the official CloudEvents SDK, and kcat from a shell."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from jsonschema import Draft202012Validator

from deploy.kafka.cluster import KafkaCluster
from shared.contracts import BY_NAME
from shared.contracts.registry import ORGANISATION_CHANGED, STANDARD_ADOPTED
from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.relay import Relay
from shared.messaging.sequencer import Sequencer
from shared.messaging.wakeup import Wakeup
from tests.kit.kafka import NamedApart
from tests.shared.messaging.shop import unit

SCHEMAS = Path("shared/contracts/schemas")
EXAMPLES = Path("shared/contracts/examples")
EVENTS = (ORGANISATION_CHANGED, STANDARD_ADOPTED)
VERSIONS = 3
Publish = Callable[[], Awaitable[dict[str, list[UUID]]]]


@pytest.fixture
def publish(database: Database, kafka_broker: NamedApart) -> Publish:
    """Commit real payloads, let sequencer and relay send them; ids of the events by topic, in order."""

    async def work() -> dict[str, list[UUID]]:
        await kafka_broker.ensure_topics({event.topic: 2 for event in EVENTS})
        sent: dict[str, list[UUID]] = {event.topic: [] for event in EVENTS}
        for event in EVENTS:
            example = json.loads((EXAMPLES / f"{event.name}.json").read_text("utf-8"))
            key = str(uuid7())
            for version in range(1, VERSIONS + 1):
                payload: Any = event.payload.model_validate(
                    {**example, "id": key, "aggregate_version": version}
                )
                async with unit(database) as uow:
                    sent[event.topic].append(uow.emit(event, payload))
        wakeup = Wakeup(database.url)
        await Sequencer(database, wakeup).step()
        relay = Relay(database.url, kafka_broker, wakeup)
        try:
            assert await relay.step() == len(EVENTS) * VERSIONS
        finally:
            await relay._close()
        return sent

    return work


async def test_the_cloudevents_sdk_reads_events(
    publish: Publish, kafka_cluster: KafkaCluster, kafka_name: str
) -> None:
    sent = await publish()
    for event in EVENTS:
        consumer = AIOKafkaConsumer(
            kafka_name + event.topic,
            bootstrap_servers=kafka_cluster.bootstrap,
            auto_offset_reset="earliest",
        )
        async with consumer, asyncio.timeout(30):
            records = [await anext(consumer) for _ in range(VERSIONS)]
        found = [
            from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))
            for record in records
        ]
        assert [UUID(one.get_id()) for one in found] == sent[event.topic]
        schema = Draft202012Validator(json.loads((SCHEMAS / f"{event.name}.json").read_text("utf-8")))
        for number, one in enumerate(found, 1):
            assert (one.get_type(), one.get_specversion()) == (event.name, "1.0")
            assert one.get_source() == f"https://ashar.kg/services/{event.service}"
            assert one.get_dataschema() == event.dataschema
            assert one.get_datacontenttype() == "application/json"
            assert one.get_time() is not None
            assert int(one.get_extension("position")) > 0
            data = one.get_data()
            assert data["aggregate_version"] == number
            assert one.get_subject() == data["id"]
            schema.validate(data)


@pytest.fixture
def kcat() -> str:
    """Debian's package of this name."""
    found = shutil.which("kcat")
    if found is None and os.environ.get("CI"):
        pytest.fail("kcat is not installed (Debian, Ubuntu: apt-get install kcat)")
    if found is None:
        pytest.skip("kcat is not installed (Debian, Ubuntu: apt-get install kcat)")
    return found


async def test_kcat_reads_events(
    publish: Publish, kcat: str, kafka_cluster: KafkaCluster, kafka_name: str
) -> None:
    sent = await publish()
    for event in EVENTS:
        asked = [
            *(kcat, "-C", "-q", "-e", "-b", kafka_cluster.bootstrap, "-t", kafka_name + event.topic),
            *("-o", "beginning", "-f", "%k\\t%h\\t%s\\n"),
        ]
        answered = await asyncio.to_thread(
            subprocess.run, asked, capture_output=True, text=True, timeout=60, check=True
        )
        lines = [line.split("\t") for line in answered.stdout.splitlines()]
        headers = [dict(pair.split("=", 1) for pair in told.split(",")) for _, told, _ in lines]
        payloads = [orjson.loads(value) for _, _, value in lines]
        assert [UUID(found["ce_id"]) for found in headers] == sent[event.topic]
        assert {found["ce_type"] for found in headers} == {event.name}
        assert [payload["aggregate_version"] for payload in payloads] == [1, 2, 3]
        assert {key for key, _, _ in lines} == {payloads[0]["id"]}
        assert BY_NAME[event.name].payload.model_validate(payloads[0]).id == UUID(payloads[0]["id"])
