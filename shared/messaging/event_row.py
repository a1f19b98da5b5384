"""One row of the event table, as a record for the broker and as JSON for the change feed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from shared.messaging.broker import Outgoing
from shared.messaging.contract import Audience
from shared.messaging.envelope import Envelope

COLUMNS = (
    "event.position, event.event_id, event.type, event.topic, event.key, event.audience, event.recipients, "
    "event.occurred_at, event.traceparent, event.value"
)


def source_of(event_type: str) -> str:
    """CloudEvents `source`: the service that owns the type. An identifier, not an address."""
    return f"https://ashar.kg/services/{event_type.partition('.')[0]}"


def envelope_of(row: "asyncpg.Record", epoch: UUID) -> Envelope:
    return Envelope(
        event_id=row["event_id"],
        type=row["type"],
        source=source_of(row["type"]),
        key=row["key"],
        occurred_at=row["occurred_at"],
        value=row["value"],
        audience=Audience(row["audience"]),
        recipients=tuple(row["recipients"]),
        traceparent=row["traceparent"],
        epoch=epoch,
        position=row["position"],
        dataschema=f"https://ashar.kg/schemas/{row['type']}.json",
    )


def outgoing_of(row: "asyncpg.Record", epoch: UUID) -> Outgoing:
    envelope = envelope_of(row, epoch)
    return Outgoing(row["topic"], envelope.key.encode(), envelope.value, envelope.headers())


def json_of(row: "asyncpg.Record", epoch: UUID, *, with_recipients: bool) -> bytes:
    """The event in structured content mode. The stored payload is spliced in as it is, not decoded again.

    `recipients` names other organisations, so only the platform's own services are shown it."""
    attributes: dict[str, Any] = {
        **envelope_of(row, epoch).attributes(),
        "position": row["position"],
        "datacontenttype": "application/json",
    }
    if not with_recipients:
        attributes.pop("recipients", None)
    return b"".join((orjson.dumps(attributes)[:-1], b',"data":', row["value"], b"}"))


def envelope_from_json(event: dict[str, Any]) -> Envelope:
    """What `json_of` wrote. Raises KeyError or ValueError when it is not such an event."""
    recipients = event.get("recipients", "")
    return Envelope(
        event_id=UUID(event["id"]),
        type=event["type"],
        source=event["source"],
        key=event["subject"],
        occurred_at=datetime.fromisoformat(event["time"]),
        value=orjson.dumps(event["data"]),
        audience=Audience(event["audience"]),
        recipients=tuple(UUID(part) for part in recipients.split(",") if part),
        traceparent=event.get("traceparent"),
        epoch=UUID(event["epoch"]),
        position=event["position"],
        dataschema=event.get("dataschema"),
    )
