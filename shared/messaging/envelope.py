"""CloudEvents 1.0 in Kafka's binary content mode: attributes in `ce_*` headers, bare JSON as value."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shared.messaging.contract import Audience

Headers = list[tuple[str, bytes]]


class Undecodable(ValueError):
    """The record is not a CloudEvent this platform can read."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event on its way: what its row holds, what its record carries."""

    event_id: UUID
    type: str
    source: str
    key: str
    occurred_at: datetime
    value: bytes
    audience: Audience = Audience.PUBLIC
    recipients: tuple[UUID, ...] = ()
    traceparent: str | None = None
    epoch: UUID | None = None
    position: int | None = None
    dataschema: str | None = None
    _data: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def data(self) -> dict[str, Any]:
        """The payload, decoded once."""
        if not self._data and self.value:
            try:
                decoded = orjson.loads(self.value)
            except orjson.JSONDecodeError as error:
                raise Undecodable(f"value is not JSON: {error}") from error
            if not isinstance(decoded, dict):
                raise Undecodable("value is not a JSON object")
            self._data.update(decoded)
        return self._data

    def attributes(self) -> dict[str, str]:
        """CloudEvents context attributes; `position` and `epoch` are extensions of ours."""
        found: dict[str, str | None] = {
            "specversion": "1.0",
            "id": str(self.event_id),
            "type": self.type,
            "source": self.source,
            "subject": self.key,
            "time": self.occurred_at.isoformat().replace("+00:00", "Z"),
            "dataschema": self.dataschema,
            "partitionkey": self.key,
            "audience": str(self.audience),
            "recipients": ",".join(map(str, self.recipients)) or None,
            "traceparent": self.traceparent,
            "epoch": str(self.epoch) if self.epoch else None,
            "position": str(self.position) if self.position is not None else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def headers(self) -> Headers:
        headers = [(f"ce_{name}", value.encode()) for name, value in self.attributes().items()]
        headers.append(("content-type", b"application/json"))
        if self.traceparent:
            headers.append(("traceparent", self.traceparent.encode()))
        return headers

    def structured(self) -> dict[str, Any]:
        """The event as one JSON object (structured content mode), as outsiders see it: without its recipients,
        which name other organisations."""
        attributes: dict[str, Any] = {
            name: value for name, value in self.attributes().items() if name != "recipients"
        }
        if self.position is not None:
            attributes["position"] = self.position
        return {**attributes, "datacontenttype": "application/json", "data": self.data()}


def decode(headers: Headers, value: bytes | None) -> Envelope:
    """Read a record. Raises Undecodable when a required attribute is missing or malformed."""
    found = {name.lower(): raw for name, raw in headers}
    try:
        if found["ce_specversion"] != b"1.0":
            raise Undecodable(f"specversion {found['ce_specversion']!r} is not 1.0")
        recipients = found.get("ce_recipients", b"").decode()
        epoch, position = found.get("ce_epoch"), found.get("ce_position")
        return Envelope(
            event_id=UUID(found["ce_id"].decode()),
            type=found["ce_type"].decode(),
            source=found["ce_source"].decode(),
            key=found["ce_subject"].decode(),
            occurred_at=datetime.fromisoformat(found["ce_time"].decode()),
            value=value or b"",
            audience=Audience(found.get("ce_audience", b"public").decode()),
            recipients=tuple(UUID(part) for part in recipients.split(",") if part),
            traceparent=found["traceparent"].decode() if "traceparent" in found else None,
            epoch=UUID(epoch.decode()) if epoch else None,
            position=int(position) if position else None,
            dataschema=found["ce_dataschema"].decode() if "ce_dataschema" in found else None,
        )
    except KeyError as error:
        raise Undecodable(f"attribute {error.args[0]} is missing") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
