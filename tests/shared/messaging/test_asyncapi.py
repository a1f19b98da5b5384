import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft7Validator, FormatChecker  # type: ignore[import-untyped]

from shared.messaging.asyncapi import asyncapi_document
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.messaging.envelope import Envelope


class Kept(EventPayload):
    owner: UUID
    note: str | None = None


class Lost(EventPayload):
    kept: Kept | None = None


KEPT = EventType("box_office.seat.kept.v1", Kept, Audience.PUBLIC, "A seat was kept for somebody")
FREED = EventType("box_office.seat.freed.v2", Kept, Audience.ORGANISATIONS, "A seat was given back")
LOST = EventType("box_office.ticket.lost.v1", Lost, Audience.INTERNAL, "A ticket was lost")
EVENTS = (KEPT, FREED, LOST)
DOCUMENT = asyncapi_document(
    "box_office", "Box office", "1.2.3", EVENTS, partitions={"box_office.seat": 8, "other.topic": 2}
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if isinstance(value, dict):
        for name, below in value.items():
            if name == "$ref":
                yield below
            else:
                yield from references(below)


def follow(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


class TestStructure:
    def test_names_its_version_and_itself(self) -> None:
        assert DOCUMENT["asyncapi"] == "3.0.0"
        assert DOCUMENT["info"]["title"] == "Box office"
        assert DOCUMENT["info"]["version"] == "1.2.3"
        assert DOCUMENT["id"] == "urn:ashar:box_office"

    def test_every_reference_leads_somewhere(self) -> None:
        found = list(references(DOCUMENT))
        assert len(found) > 10
        for reference in found:
            assert isinstance(follow(reference), dict), reference

    def test_is_json_and_the_same_every_time(self) -> None:
        again = asyncapi_document(
            "box_office", "Box office", "1.2.3", EVENTS, partitions={"box_office.seat": 8, "other.topic": 2}
        )
        assert json.dumps(again) == json.dumps(DOCUMENT)

    def test_can_be_made_of_nothing(self) -> None:
        empty = asyncapi_document("quiet", "Quiet", "1", ())
        assert (empty["channels"], empty["operations"]) == ({}, {})

    def test_models_of_one_name_stay_apart(self) -> None:
        def model(field: str) -> type[EventPayload]:
            return type(
                "Same",
                (EventPayload,),
                {"__annotations__": {field: str}, "__module__": __name__, "__qualname__": f"{field}.Same"},
            )

        events = [
            EventType(f"box_office.{field}.made.v1", model(field), Audience.PUBLIC, "It was made")
            for field in ("one", "two")
        ]
        document = asyncapi_document("box_office", "Box office", "1", events)
        for event, field in zip(events, ("one", "two"), strict=True):
            payload = document["components"]["messages"][event.name]["payload"]["$ref"]
            schema = document["components"]["schemas"][payload.rpartition("/")[2]]
            assert field in schema["properties"]


class TestChannels:
    def test_one_for_each_topic(self) -> None:
        assert DOCUMENT["channels"].keys() == {"box_office.seat", "box_office.ticket"}
        for topic, channel in DOCUMENT["channels"].items():
            assert channel["address"] == channel["bindings"]["kafka"]["topic"] == topic
        assert DOCUMENT["channels"]["box_office.seat"]["messages"].keys() == {KEPT.name, FREED.name}

    def test_partitions_are_those_given(self) -> None:
        assert DOCUMENT["channels"]["box_office.seat"]["bindings"]["kafka"]["partitions"] == 8
        assert "partitions" not in DOCUMENT["channels"]["box_office.ticket"]["bindings"]["kafka"]

    def test_topics_keep_everything(self) -> None:
        kafka = DOCUMENT["channels"]["box_office.seat"]["bindings"]["kafka"]["topicConfiguration"]
        assert kafka == {"cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1}


class TestMessages:
    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
    def test_every_type_is_sent_on_its_channel(self, event: EventType[Any]) -> None:
        sending = [
            operation
            for operation in DOCUMENT["operations"].values()
            if operation["messages"][0]["$ref"].endswith(f"/{event.name}")
        ]
        (operation,) = sending
        assert operation["action"] == "send"
        channel = follow(operation["channel"]["$ref"])
        assert channel["address"] == event.topic
        (sent,) = operation["messages"]
        assert sent["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")
        message = follow(follow(sent["$ref"])["$ref"])
        assert message["name"] == event.name
        assert message["summary"] == event.description
        assert message["x-audience"] == event.audience.value
        assert message["bindings"]["kafka"]["key"]["format"] == "uuid"
        assert "aggregate_version" in follow(message["payload"]["$ref"])["properties"]

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
    def test_headers_are_those_the_envelope_writes(self, event: EventType[Any]) -> None:
        schema = DOCUMENT["components"]["messages"][event.name]["headers"]
        validator = Draft7Validator(
            {**schema, "components": DOCUMENT["components"]}, format_checker=FormatChecker()
        )
        key = str(uuid4())
        envelope = Envelope(
            event_id=uuid4(),
            type=event.name,
            source="https://ashar.kg/services/box_office",
            key=key,
            occurred_at=datetime.now(UTC),
            value=b"{}",
            audience=event.audience,
            recipients=(uuid4(), uuid4()),
            traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
            epoch=uuid4(),
            position=12,
            dataschema=event.dataschema,
        )
        headers = {name: value.decode() for name, value in envelope.headers()}
        validator.validate(headers)
        declared = follow("#/components/schemas/CloudEvent")
        assert headers.keys() == declared["properties"].keys()
        assert not validator.is_valid({**headers, "ce_type": "box_office.seat.stolen.v1"})
        for name in declared["required"]:
            assert not validator.is_valid({other: headers[other] for other in headers if other != name})
