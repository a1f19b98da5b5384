"""A consumer of every event that counts what it applies: one plain row an event, with no key that would hide a second.

Run by the chaos run like any worker of a service (`worker.py`), on a database of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic_settings import SettingsConfigDict
from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, Uuid

from shared.contracts import CONTRACTS
from shared.contracts.audit import AuditHead
from shared.db.kit import add_kit_tables
from shared.db.tables import NAMING
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Consumer, Received, handles
from shared.service import ServiceSpec
from shared.settings import ServiceSettings

NAME = "probe"
COUNTED = tuple(event for event in CONTRACTS if event.payload is not AuditHead)
"""Heads of audit trails follow at any time, also while everything is read back."""

metadata = MetaData(naming_convention=NAMING)
add_kit_tables(metadata)
Table(
    "effect",
    metadata,
    Column("n", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
)


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="PROBE_", frozen=True, extra="ignore", populate_by_name=True)


async def count(uow: UnitOfWork, events: Sequence[Received[Any]]) -> None:
    await uow.sql.executemany(
        "INSERT INTO effect (event_id, type, topic, key, version) VALUES ($1, $2, $3, $4, $5)",
        [
            (
                event.envelope.event_id,
                event.envelope.type,
                ".".join(event.envelope.type.split(".")[:2]),
                event.envelope.key,
                event.payload.aggregate_version,
            )
            for event in events
        ],
    )


SPEC = ServiceSpec(
    name=NAME,
    title="Probe",
    description="Counts the effects of events.",
    settings=Settings,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    features=(),
    publishes=(),
    consumers=(Consumer("effects", tuple(handles(event, count) for event in COUNTED)),),
)
