"""Between the services: what is published, who may see it, who reads it, and that nobody speaks for another."""

import ast
import importlib
from collections import Counter
from typing import Any

import pytest

from deploy.local.services import SPECS
from shared.contracts import BY_NAME, CONTRACTS, TOPICS
from shared.contracts.audit import AuditHead
from shared.messaging.contract import Audience, EventType
from shared.service import ServiceSpec
from shared.worker import consumers_of, topics_of
from tests.architecture.tree import EACH_SERVICE, Module, modules

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)

FOR_INTEGRATORS = {
    "registry.act",
    "registry.body",
    "registry.boundary",
    "registry.function",
    "registry.function_register",
    "registry.reorganisation",
    "registry.territory_change",
    "registry.service_point",
    "registry.template",
    "monitoring.campaign",
    "monitoring.finding",
    "notifications.subscription",
    "scoring.method",
    "registry.erasure",
}
"""Topics that (so far) no service of ours has to read: the change feed gives them to others."""


def test_the_table_is_the_sum_of_what_is_published() -> None:
    published = [event for spec in SPECS for event in spec.publishes]
    assert Counter(event.name for event in published) == Counter(BY_NAME.keys())
    for spec in SPECS:
        assert all(event.service == spec.name for event in spec.publishes), spec.name


@pytest.mark.parametrize("event", CONTRACTS, ids=lambda event: event.name)
def test_an_audience_is_declared(event: EventType[Any]) -> None:
    assert isinstance(event.audience, Audience)


def test_only_credentials_erasures_and_audit_heads_are_internal() -> None:
    """A new internal event is a decision: outsiders see neither it nor that something happened."""
    internal = {event.name for event in CONTRACTS if event.audience is Audience.INTERNAL}
    assert (
        internal == {"registry.credential.revoked.v1", "registry.person.erased.v1"} | AUDIT_HEADS | ERASURES
    )


AUDIT_HEADS = {f"{spec.name}.audit.chained.v1" for spec in SPECS}
"""What the kit publishes for every service."""
ERASURES = {f"{spec.name}.erasure.completed.v1" for spec in SPECS}
"""What every service answers when a person is erased."""


@EACH_SPEC
def test_audit_heads_reach_every_other_service(spec: ServiceSpec) -> None:
    """Who can write to one database changes no head that another one keeps."""
    own = {event.name for event in spec.publishes if event.payload is AuditHead}
    assert own == {f"{spec.name}.audit.chained.v1"}
    read = {handler.event.name for consumer in consumers_of(spec) for handler in consumer.handlers}
    assert read & AUDIT_HEADS == AUDIT_HEADS - own


@EACH_SPEC
def test_what_is_consumed_is_published_by_another(spec: ServiceSpec) -> None:
    for consumer in consumers_of(spec):
        for handler in consumer.handlers:
            assert BY_NAME.get(handler.event.name) is handler.event, handler.event.name
            assert handler.event.service != spec.name, f"{spec.name} reads its own {handler.event.name}"
        assert set(consumer.topics) <= TOPICS.keys()
        assert set(consumer.topics) <= topics_of(spec).keys()


@EACH_SPEC
def test_consumers_have_names_of_their_own(spec: ServiceSpec) -> None:
    names = [consumer.name for consumer in consumers_of(spec)]
    assert len(set(names)) == len(names)


@EACH_SPEC
def test_revoked_credentials_reach_every_service(spec: ServiceSpec) -> None:
    read = {handler.event.name for consumer in consumers_of(spec) for handler in consumer.handlers}
    assert ("registry.credential.revoked.v1" in read) == (spec.name != "registry")


@EACH_SPEC
def test_erasures_reach_every_service_and_their_answers_the_registry(spec: ServiceSpec) -> None:
    read = {handler.event.name for consumer in consumers_of(spec) for handler in consumer.handlers}
    assert ("registry.person.erased.v1" in read) == (spec.name != "registry")
    others = ERASURES - {"registry.erasure.completed.v1"}
    assert read & ERASURES == (others if spec.name == "registry" else set())
    assert spec.people is not None
    assert spec.people.completed.name == f"{spec.name}.erasure.completed.v1"


@EACH_SPEC
def test_projections_copy_from_one_owner(spec: ServiceSpec) -> None:
    """A rebuild reads one feed; all that fills its tables comes from there, and every table has one filler."""
    tables: list[str] = []
    for name in spec.projections.names:
        projection = spec.projections[name]
        assert {handler.event.service for handler in projection.handlers} == {projection.source}
        assert set(projection.tables) <= spec.metadata.tables.keys()
        tables += projection.tables
        assert projection.consumer().name in {consumer.name for consumer in spec.consumers}
    assert len(set(tables)) == len(tables)


def test_every_topic_is_read_or_said_to_be_for_others() -> None:
    read = {topic for spec in SPECS for consumer in consumers_of(spec) for topic in consumer.topics}
    assert TOPICS.keys() - read <= FOR_INTEGRATORS


def of_service(service: str) -> list[Module]:
    return [module for module in modules("services") if module.path.parts[1] == service]


def origins(module: Module) -> dict[str, str]:
    """Where the contract names of a module come from: `IDEA_PUBLISHED` or `contracts` → `shared.contracts.…`."""
    found: dict[str, str] = {}
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "shared.contracts":
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("shared.contracts."):
            found |= {alias.asname or alias.name: str(node.module) for alias in node.names}
    return found


def emitted(module: Module) -> set[str]:
    """The first argument to each `….emit(…)`: `IDEA_PUBLISHED`, or `contracts` of `contracts.IDEA_PUBLISHED`."""
    first = [
        node.args[0]
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit"
    ]
    return {
        name.id
        for name in (node.value if isinstance(node, ast.Attribute) else node for node in first)
        if isinstance(name, ast.Name)
    }


@EACH_SERVICE
def test_nobody_speaks_for_another(service: str) -> None:
    """No event type of another service is given to `emit`. What feeds really hold is looked at end to end."""
    own = f"shared.contracts.{service}"
    seen = 0
    for module in of_service(service):
        names = origins(module)
        known = emitted(module) & names.keys()
        seen += len(known)
        assert {names[name] for name in known} <= {own}, module.path
    assert seen, "the way events are emitted has changed: this test sees none"


@EACH_SERVICE
def test_every_published_event_is_emitted_somewhere(service: str) -> None:
    """Its constant is used in the service's code (a type nobody emits is a promise nobody keeps)."""
    constants = {
        name: event
        for name, event in vars(importlib.import_module(f"shared.contracts.{service}")).items()
        if isinstance(event, EventType) and event.service == service and event.name not in AUDIT_HEADS
    }
    nodes = [node for module in of_service(service) for node in module.nodes]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert constants.keys() <= used, f"never emitted: {constants.keys() - used}"


PERSONAL = {
    "address", "age", "birth_date", "citizen", "contact", "email", "first_name", "full_name", "gender", "inn",
    "last_name", "patronymic", "person", "person_id", "phone", "pin", "signature", "surname", "user_id", "username",
}  # fmt: skip


@pytest.mark.parametrize("event", CONTRACTS, ids=lambda event: event.name)
def test_no_payload_carries_personal_data(event: EventType[Any]) -> None:
    schema = event.payload.model_json_schema(mode="serialization")
    models = [schema, *schema.get("$defs", {}).values()]
    fields = {name for model in models for name in model.get("properties", {})}
    assert not fields & PERSONAL
    assert "id" in fields
