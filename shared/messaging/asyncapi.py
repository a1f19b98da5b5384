"""Placeholder until the AsyncAPI generator lands here."""

from collections.abc import Sequence
from typing import Any

from shared.messaging.contract import EventType


def asyncapi_document(
    name: str, title: str, version: str, publishes: Sequence[EventType[Any]]
) -> dict[str, Any]:
    return {"asyncapi": "3.0.0", "info": {"title": title, "version": version}}
