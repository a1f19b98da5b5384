"""AsyncAPI 3.0 documents from event types. Pure: the same table always gives the same document."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.messaging.contract import KEPT, EventType

Document = dict[str, Any]

_KAFKA = {"bindingVersion": "0.5.0"}
_ENVELOPE = "CloudEvent"


def asyncapi_document(
    name: str,
    title: str,
    version: str,
    publishes: Sequence[EventType[Any]],
    *,
    partitions: Mapping[str, int] | None = None,
) -> Document:
    """What `name` publishes: a channel for every topic, a message and a send operation for every type.

    `partitions` gives the number of partitions of topics; a topic that is not in it gets none in the document.
    With the whole contracts table as `publishes` this describes the platform."""
    payloads, schemas = _payload_schemas(publishes)
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:ashar:{name}",
        "info": {
            "title": title,
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": _channels(publishes, partitions or {}),
        "operations": {_operation_id(event): _operation(event) for event in publishes},
        "components": {
            "messages": {event.name: _message(event, payloads[event.name]) for event in publishes},
            "schemas": {_ENVELOPE: _ENVELOPE_HEADERS, **schemas},
        },
    }


def _channels(publishes: Sequence[EventType[Any]], partitions: Mapping[str, int]) -> Document:
    topics: dict[str, list[EventType[Any]]] = {}
    for event in publishes:
        topics.setdefault(event.topic, []).append(event)
    return {topic: _channel(topic, events, partitions.get(topic)) for topic, events in topics.items()}


def _channel(topic: str, events: Sequence[EventType[Any]], partitions: int | None) -> Document:
    kafka: Document = {
        "topic": topic,
        "topicConfiguration": {
            "cleanup.policy": [KEPT["cleanup.policy"]],
            "retention.ms": int(KEPT["retention.ms"]),
            "retention.bytes": int(KEPT["retention.bytes"]),
        },
        **_KAFKA,
    }
    if partitions is not None:
        kafka["partitions"] = partitions
    return {
        "address": topic,
        "description": "All events of one aggregate, in order; the topic keeps everything.",
        "messages": {event.name: {"$ref": f"#/components/messages/{event.name}"} for event in events},
        "bindings": {"kafka": kafka},
    }


def _operation_id(event: EventType[Any]) -> str:
    return "send_" + event.name.replace(".", "_")


def _operation(event: EventType[Any]) -> Document:
    return {
        "action": "send",
        "summary": event.description,
        "channel": {"$ref": f"#/channels/{event.topic}"},
        "messages": [{"$ref": f"#/channels/{event.topic}/messages/{event.name}"}],
    }


def _message(event: EventType[Any], payload: Document) -> Document:
    return {
        "name": event.name,
        "summary": event.description,
        "contentType": "application/json",
        "tags": [{"name": event.service}, {"name": f"audience:{event.audience}"}],
        "headers": {
            "allOf": [
                {"$ref": f"#/components/schemas/{_ENVELOPE}"},
                {
                    "type": "object",
                    "properties": {
                        "ce_type": {"const": event.name},
                        "ce_dataschema": {"const": event.dataschema},
                    },
                },
            ]
        },
        "payload": payload,
        "bindings": {"kafka": {"key": _KEY, **_KAFKA}},
        "x-audience": str(event.audience),
    }


def _payload_schemas(publishes: Sequence[EventType[Any]]) -> tuple[dict[str, Document], Document]:
    """A reference for each event type, and the schemas of all payloads and of what they are made of."""
    models: list[type[BaseModel]] = list(dict.fromkeys(event.payload for event in publishes))
    found, document = models_json_schema(
        [(model, "serialization") for model in models], ref_template="#/components/schemas/{model}"
    )
    references = {event.name: dict(found[event.payload, "serialization"]) for event in publishes}
    return references, document.get("$defs", {})


_DESCRIPTION = (
    "CloudEvents 1.0 in Kafka's binary content mode: attributes in `ce_` headers, the payload as bare JSON in "
    "the value. Records of one aggregate share a key and keep their order. Absent fields are null. Ignore fields "
    "you do not know: within a major version only optional ones are added. `x-audience` is the widest audience "
    "an event of the type may have; the header `ce_audience` tells the one it has."
)
_KEY = {"type": "string", "format": "uuid", "description": "Id of the aggregate: `id` of the payload"}
_ENVELOPE_HEADERS: Document = {
    "type": "object",
    "description": "Context attributes of an event",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "The same in every delivery: consumers drop what they have seen",
        },
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "format": "uuid", "description": "Id of the aggregate"},
        "ce_partitionkey": {"type": "string", "format": "uuid"},
        "ce_dataschema": {"type": "string", "format": "uri"},
        "ce_audience": {"enum": ["public", "organisations", "internal"]},
        "ce_recipients": {
            "type": "string",
            "description": "Organisation ids, separated by commas, that an event for organisations is meant for",
        },
        "ce_epoch": {"type": "string", "format": "uuid", "description": "Life of the publisher's database"},
        "ce_position": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Place in the publisher's feed, without gaps within an epoch",
        },
        "ce_traceparent": {"type": "string"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
        "content-type": {"const": "application/json"},
    },
}
