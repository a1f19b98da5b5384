"""The contracts table, walked: names, topics, audiences, texts, payloads, examples."""

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from pydantic import ValidationError

from shared.contracts import BY_NAME, CONTRACTS, TOPICS
from shared.contracts.documents import TITLES, payload_schema
from shared.contracts.snapshot import EXAMPLES, ROOT
from shared.messaging.broker import MAX_RECORD_BYTES
from shared.messaging.contract import Audience, EventPayload, EventType

EVENTS = pytest.mark.parametrize("event", CONTRACTS, ids=lambda event: event.name)
Event = EventType[Any]


def example(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / EXAMPLES / f"{event.name}.json").read_text(encoding="utf-8"))
    return found


def resolve(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        target: dict[str, Any] = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return target
    return schema


def walk(
    root: dict[str, Any], schema: dict[str, Any], path: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every subschema with its place in the instance, references followed."""
    schema = resolve(root, schema)
    yield path, schema
    for branch in schema.get("anyOf", ()):
        yield from walk(root, branch, path)
    for name, below in schema.get("properties", {}).items():
        yield from walk(root, below, f"{path}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from walk(root, schema[keyword], f"{path}/*")


class TestNames:
    @EVENTS
    def test_follow_the_rule(self, event: Event) -> None:
        """`<service>.<aggregate>.<what happened>.v<major>`; Kafka allows letters, digits, `.`, `_` and `-`."""
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*){2}\.v[1-9][0-9]*", event.name)
        service, aggregate, _, _ = event.name.split(".")
        assert event.topic == f"{service}.{aggregate}"
        assert len(event.topic) <= 249

    def test_are_unique(self) -> None:
        assert len(BY_NAME) == len(CONTRACTS)

    def test_topics_stay_apart_in_metrics(self) -> None:
        """Kafka refuses a topic that equals another one once `.` is written as `_`."""
        assert len({topic.replace(".", "_") for topic in TOPICS}) == len(TOPICS)

    @EVENTS
    def test_stand_in_the_module_of_their_service(self, event: Event) -> None:
        assert event in importlib.import_module(f"shared.contracts.{event.service}").EVENTS
        assert event.service in TITLES

    def test_every_topic_has_partitions(self) -> None:
        assert {event.topic for event in CONTRACTS} == TOPICS.keys()
        assert all(count > 0 for count in TOPICS.values())


class TestTexts:
    @EVENTS
    def test_say_what_happened(self, event: Event) -> None:
        assert len(event.description.split()) >= 4
        assert event.description[0].isupper()
        assert not event.description.endswith(".")

    def test_differ(self) -> None:
        assert len({event.description for event in CONTRACTS}) == len(CONTRACTS)


class TestAudience:
    @EVENTS
    def test_is_declared(self, event: Event) -> None:
        assert isinstance(event.audience, Audience)
        assert payload_schema(event)["x-audience"] == event.audience.value

    @EVENTS
    def test_is_one_for_all_events_of_a_payload(self, event: Event) -> None:
        """Otherwise the full state that one type hides would be shown by another."""
        assert {other.audience for other in CONTRACTS if other.payload is event.payload} == {event.audience}


# A person's contacts, numbers, age or sex belong in an aggregate with its rules, never in an event.
PERSONAL = {
    "address", "age", "birth", "birthday", "contact", "dob", "email", "employee", "fio", "firstname", "fullname",
    "gender", "iban", "inn", "ip", "lastname", "login", "mail", "mobile", "msisdn", "nationality", "passport",
    "password", "patronymic", "person", "phone", "photo", "pin", "secret", "sex", "signature", "surname",
    "telegram", "token", "user", "username", "visitor", "whatsapp",
}  # fmt: skip


class TestPrivacy:
    @EVENTS
    def test_no_field_is_named_like_personal_data(self, event: Event) -> None:
        schema = payload_schema(event)
        for path, _ in walk(schema, schema):
            words = path.rpartition("/")[2].lower().split("_")
            assert not PERSONAL & {*words, "".join(words)}, path

    @EVENTS
    def test_names_are_texts_by_language(self, event: Event) -> None:
        """Things have names in several languages; a name that is one string would be a person's."""
        schema = payload_schema(event)
        for path, found in walk(schema, schema):
            if path.rpartition("/")[2] in {"name", "title"}:
                assert found["type"] == "object", path
                assert found["additionalProperties"]["type"] == "string", path

    @pytest.mark.parametrize(
        "event", [event for event in CONTRACTS if event.topic == "monitoring.submission"]
    )
    def test_visits_have_a_day_and_no_hour(self, event: Event) -> None:
        schema = payload_schema(event)
        assert not [
            path for path, found in walk(schema, schema) if found.get("format") in {"date-time", "time"}
        ]


class TestPayloads:
    @EVENTS
    def test_are_whole(self, event: Event) -> None:
        assert issubclass(event.payload, EventPayload)
        schema = payload_schema(event)
        Draft202012Validator.check_schema(schema)
        assert {"id", "aggregate_version"} <= set(schema["required"])

    @EVENTS
    def test_unknown_fields_are_allowed_everywhere(self, event: Event) -> None:
        """A consumer of today must be able to read what a newer publisher adds."""
        schema = payload_schema(event)
        for path, found in walk(schema, schema):
            if "properties" in found:
                assert found.get("additionalProperties", True) is True, path

    @EVENTS
    def test_what_may_be_null_may_be_absent(self, event: Event) -> None:
        """Nulls are left out when an event is written, so a required field must not be null."""
        schema = payload_schema(event)
        for path, found in walk(schema, schema):
            for name in found.get("required", ()):
                below = found["properties"][name]
                assert {"type": "null"} not in below.get("anyOf", ()), f"{path}/{name}"


class TestExamples:
    @EVENTS
    def test_keep_to_the_schema(self, event: Event) -> None:
        Draft202012Validator(payload_schema(event), format_checker=FormatChecker()).validate(example(event))

    @EVENTS
    def test_survive_the_way_through_the_model(self, event: Event) -> None:
        """As the unit of work writes them and a consumer reads them."""
        written = event.payload.model_validate(example(event)).model_dump_json(exclude_none=True)
        assert json.loads(written) == example(event)
        assert len(written.encode()) < MAX_RECORD_BYTES / 10

    @EVENTS
    def test_are_read_when_a_newer_publisher_added_fields(self, event: Event) -> None:
        schema = payload_schema(event)
        models = {path for path, found in walk(schema, schema) if "properties" in found}

        def add(value: Any, path: str) -> Any:
            if isinstance(value, list):
                return [add(item, f"{path}/*") for item in value]
            if not isinstance(value, dict):
                return value
            more = {"added_in_a_newer_release": {"anything": [1]}} if path in models else {}
            return {**{name: add(below, f"{path}/{name}") for name, below in value.items()}, **more}

        newer = add(example(event), "")
        assert newer != example(event)
        assert event.payload.model_validate(newer) == event.payload.model_validate(example(event))

    @EVENTS
    def test_lacking_a_required_field_are_refused(self, event: Event) -> None:
        for name in payload_schema(event)["required"]:
            lacking = {key: value for key, value in example(event).items() if key != name}
            with pytest.raises(ValidationError):
                event.payload.model_validate(lacking)

    @EVENTS
    def test_show_every_field(self, event: Event) -> None:
        """Taken together, the examples of a payload fill every field at every place."""
        siblings = [other for other in CONTRACTS if other.payload is event.payload]
        shown = {path for other in siblings for path in places(example(other))}
        schema = payload_schema(event)
        declared = {path for path, _ in walk(schema, schema) if not path.endswith("/*")}
        assert declared - shown == set()


def places(value: Any, path: str = "") -> Iterator[str]:
    yield path
    if isinstance(value, list):
        for item in value:
            yield from places(item, f"{path}/*")
    if isinstance(value, dict):
        for name, below in value.items():
            yield from places(below, f"{path}/{name}")
