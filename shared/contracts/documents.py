"""The documents generated from the contracts table: JSON Schema of each payload, AsyncAPI of each service."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts import CONTRACTS, TOPICS
from shared.messaging.asyncapi import asyncapi_document
from shared.messaging.contract import EventType

EXAMPLES = Path(__file__).parent / "examples"
PLATFORM = "platform"
TITLES = {
    "registry": "Ashar Registry",
    "monitoring": "Ashar Monitoring",
    "scoring": "Ashar Scoring",
    "ideas_market": "Ashar Ideas Market",
    "notifications": "Ashar Notifications",
    PLATFORM: "Ashar",
}
"""Titles of the AsyncAPI documents, by service."""


def payload_schema(event: EventType[Any]) -> dict[str, Any]:
    """JSON Schema 2020-12 of what is published: absent fields are null, and unknown ones are to be ignored."""
    schema = event.payload.model_json_schema(mode="serialization")
    details = schema.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": event.dataschema,
        "title": event.name,
        "description": "\n\n".join(filter(None, (event.description + ".", details))),
        "x-audience": str(event.audience),
        **{name: value for name, value in schema.items() if name != "title"},
    }


def asyncapi_documents(version: str) -> dict[str, dict[str, Any]]:
    """By service, and the whole platform under `platform`."""
    found = {
        service: [event for event in CONTRACTS if event.service == service]
        for service in dict.fromkeys(event.service for event in CONTRACTS)
    }
    found[PLATFORM] = list(CONTRACTS)
    return {
        name: asyncapi_document(name, TITLES[name], version, events, partitions=TOPICS)
        for name, events in found.items()
    }


@cache
def examples() -> dict[str, Any]:
    """A payload of each event type."""
    return {
        file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
        for file in sorted(EXAMPLES.glob("*.json"))
    }


def rendered(document: dict[str, Any]) -> str:
    """A document as it is committed."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
