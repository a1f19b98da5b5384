"""Whatever people type reaches a service by one way: cleaned, or held to a pattern."""

import importlib
from collections.abc import Iterator
from typing import Any

from shared.http.schemas import Input
from shared.text.cleaning import clean
from tests.architecture.tree import modules

CREDENTIALS = {
    "TokenRequest": {
        "api_key", "client_id", "client_secret", "nonce", "refresh_token", "scope", "subject_token",
    },
    "Acceptance": {"code"},
}  # fmt: skip
"""Compared, never kept."""
KNOWN_VALUES = {"SubscriptionDraft": {"event_types"}, "SubscriptionChange": {"event_types"}}
"""One of a list that the code knows."""
CLEANING = {"_line", "_prose", "checked"}


def inputs() -> Iterator[type[Input]]:
    for module in modules("services", "shared"):
        if "migrations" not in module.path.parts:
            importlib.import_module(module.name.removesuffix(".__init__"))
    left: list[type[Input]] = [Input]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.__module__.startswith(("services.", "shared.")):
            yield kind


def uncleaned(node: Any, path: str = "") -> Iterator[str]:
    """Fields of a core schema that take any string."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from uncleaned(item, path)
        return
    if not isinstance(node, dict):
        return
    function = node.get("function")
    if isinstance(function, dict) and getattr(function.get("function"), "__name__", "") in CLEANING:
        return
    if node.get("type") == "str" and not node.get("pattern"):
        yield path
    for name, value in node.items():
        if name == "fields" and isinstance(value, dict):
            for field, schema in value.items():
                yield from uncleaned(schema, f"{path}/{field}")
        elif name not in {"metadata", "serialization", "keys_schema"}:
            yield from uncleaned(value, path)


def test_every_text_of_a_request_is_cleaned() -> None:
    found: dict[str, set[str]] = {}
    for kind in inputs():
        allowed = CREDENTIALS.get(kind.__name__, set()) | KNOWN_VALUES.get(kind.__name__, set())
        wrong = {path for path in uncleaned(kind.__pydantic_core_schema__) if path.strip("/") not in allowed}
        if wrong:
            found[kind.__name__] = wrong
    assert found == {}


def test_the_walk_sees_what_it_looks_for() -> None:
    class Careless(Input):
        title: str
        names: list[str] = []

    assert set(uncleaned(Careless.__pydantic_core_schema__)) == {"/title", "/names"}
    assert clean("a\u200bb") == "ab"
