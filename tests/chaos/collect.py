"""Reads back what a platform holds after the load: its API, its feeds, its topics, its databases, its projections."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.gateway.settings import SERVICES
from deploy.local.services import SPECS
from shared.contracts import BY_NAME, TOPICS
from shared.messaging.local_headers import decode_headers
from shared.service import ServiceSpec
from tests.chaos.probe import COUNTED, NAME
from tests.chaos.verdict import Event, Finding, Seen
from tests.end_to_end.databases import database_url, query
from tests.end_to_end.stage import Gateway

READ_SECONDS = 60.0
REBUILDS = 2
"""At a time: each is a process of its own."""
_COPIES = "SELECT id::text, version, verdict FROM visit WHERE NOT withdrawn"
_TOLD = """
SELECT organisation_id::text, event_id::text FROM inbox_entry WHERE event_type LIKE 'monitoring.finding.%'
"""
_APPLIED = "SELECT event_id::text, type, topic, key, version FROM effect ORDER BY n"


def collect(api: Gateway, folder: Path, bootstrap: str | None, rebuild: Callable[[str, str], None]) -> Seen:
    """`bootstrap` None: the topics of the embedded broker. `rebuild(service, projection)` fills one again."""
    feeds = {service: _feed(api, service) for service in SERVICES}
    topics = asyncio.run(kafka_topics(bootstrap)) if bootstrap else _embedded_topics(folder)
    applied = _applied(folder)
    return Seen(
        submissions={
            one["id"]: {
                "state": one["state"],
                "version": one["version"],
                "fee": one["fees_paid"][0]["amount"],
            }
            for one in api.items("monitoring/v1/submissions", "coordinator")
        },
        feeds=feeds,
        topics=topics,
        applied=applied,
        told_since=frozenset(event.id for service in SERVICES for event in _feed(api, service)),
        copies=[tuple(row) for row in query(folder, "scoring", _COPIES)],
        told=[tuple(row) for row in query(folder, "notifications", _TOLD)],
        findings=_findings(api),
        dead_letters={
            name: query(folder, name, "SELECT count(*) FROM dead_letter")[0][0] for name in (*SERVICES, NAME)
        },
        projections=_projections(folder, rebuild),
    )


def _feed(api: Gateway, service: str) -> list[Event]:
    return [
        Event(
            one["id"],
            BY_NAME[one["type"]].topic,
            one["subject"],
            one["data"]["aggregate_version"],
            one["type"],
            one["data"].get("submission_id", ""),
        )
        for one in api.changes(service, api.service_token())
    ]


def _findings(api: Gateway) -> list[Finding]:
    """Their parties are the addressee and the organisation of the campaign."""
    [owner] = [one["id"] for one in api.items("registry/v1/organisations") if one["code"] == "osh-monitors"]
    return [
        Finding(one["id"], one["submission_id"], one["version"], frozenset({owner, one["addressee"]["id"]}))
        for one in api.items("monitoring/v1/findings", "coordinator")
    ]


def _applied(folder: Path) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {event.topic: [] for event in COUNTED}
    for row in query(folder, NAME, _APPLIED):
        found[row["topic"]].append(
            Event(row["event_id"], row["topic"], row["key"], row["version"], row["type"])
        )
    return found


async def kafka_topics(bootstrap: str) -> dict[str, list[list[Event]]]:
    """By a bare client: what the broker has, whatever our own consumer would make of it."""
    found = {topic: [[] for _ in range(partitions)] for topic, partitions in TOPICS.items()}
    partitions = [TopicPartition(topic, n) for topic, count in TOPICS.items() for n in range(count)]
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        async with asyncio.timeout(READ_SECONDS):
            while any([await consumer.position(one) < ends[one] for one in partitions]):
                for place, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[place.topic][place.partition] += [
                        _event(place.topic, dict(record.headers), record.value) for record in records
                    ]
    return found


def _embedded_topics(folder: Path) -> dict[str, list[list[Event]]]:
    found: dict[str, list[list[Event]]] = {
        topic: [[] for _ in range(partitions)] for topic, partitions in TOPICS.items()
    }
    rows = query(
        folder,
        "broker",
        """SELECT topic, partition, convert_from(key, 'UTF8') AS key, value, headers FROM record
           ORDER BY topic, partition, "offset" """,
    )
    for row in rows:
        headers = dict(decode_headers(row["headers"]))
        found[row["topic"]][row["partition"]].append(_event(row["topic"], headers, row["value"]))
    return found


def _event(topic: str, headers: Mapping[str, bytes], value: bytes) -> Event:
    return Event(
        headers["ce_id"].decode(),
        topic,
        headers["ce_subject"].decode(),
        orjson.loads(value)["aggregate_version"],
        headers["ce_type"].decode(),
    )


def _projections(folder: Path, rebuild: Callable[[str, str], None]) -> dict[str, tuple[str, str]]:
    def compare(spec: ServiceSpec, name: str) -> tuple[str, str]:
        url, tables = database_url(folder, spec.name), spec.projections[name].tables
        live = asyncio.run(_digest(url, tables))
        rebuild(spec.name, name)
        return live, asyncio.run(_digest(url, tables))

    with ThreadPoolExecutor(REBUILDS) as pool:
        comparing = {
            f"{spec.name}.{name}": pool.submit(compare, spec, name)
            for spec in SPECS
            for name in spec.projections.names
        }
        return {name: compared.result() for name, compared in comparing.items()}


async def _digest(url: str, tables: Sequence[str]) -> str:
    """Of every row of the tables, whatever their order."""
    digest = hashlib.sha256()
    connection: Any = await asyncpg.connect(url)
    try:
        async with connection.transaction(readonly=True):
            for table in tables:
                async for row in connection.cursor(f"SELECT t::text FROM {table} AS t ORDER BY 1"):
                    digest.update(row[0].encode())
    finally:
        await connection.close()
    return digest.hexdigest()
