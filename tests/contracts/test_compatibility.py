import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.contracts.compatibility import breaking_changes

Schema = dict[str, Any]


def an_object(required: tuple[str, ...] = (), **properties: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
INTEGER: Schema = {"type": "integer"}

# What one property was, what it became, and what the report has to say.
REFUSED: dict[str, tuple[Schema, Schema, str]] = {
    "type": (INTEGER, TEXT, "became string"),
    "type narrowed": ({"type": "number"}, INTEGER, "number became integer"),
    "type widened": (INTEGER, {"type": "number"}, "integer became number"),
    "type given": ({}, TEXT, "anything became string"),
    "value lost": ({**TEXT, "enum": ["a", "b"]}, {**TEXT, "enum": ["a"]}, "'b' is no longer allowed"),
    "value gained": ({**TEXT, "enum": ["a"]}, {**TEXT, "enum": ["a", "b"]}, "'b' is allowed now"),
    "enumeration added": (TEXT, {**TEXT, "enum": ["a"]}, "enumeration added"),
    "enumeration removed": ({**TEXT, "enum": ["a"]}, TEXT, "enumeration removed"),
    "constant": ({**TEXT, "const": "a"}, {**TEXT, "const": "b"}, "'a' is no longer allowed"),
    "minimum raised": ({**INTEGER, "minimum": 0}, {**INTEGER, "minimum": 1}, "minimum 0 became 1"),
    "minimum added": (INTEGER, {**INTEGER, "minimum": 1}, "minimum (none) became 1"),
    "maximum lowered": ({**INTEGER, "maximum": 3}, {**INTEGER, "maximum": 2}, "maximum 3 became 2"),
    "maximum removed": ({**INTEGER, "maximum": 3}, INTEGER, "maximum 3 became (none)"),
    "length": ({**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 8}, "maxLength"),
    "pattern": ({**TEXT, "pattern": "^a"}, {**TEXT, "pattern": "^ab"}, "pattern"),
    "pattern added": (TEXT, {**TEXT, "pattern": "^a"}, "pattern"),
    "format": ({**TEXT, "format": "date-time"}, {**TEXT, "format": "date"}, "format"),
    "format added": (TEXT, {**TEXT, "format": "uuid"}, "format"),
    "null refused": ({"anyOf": [TEXT, NULL]}, TEXT, "null is no longer allowed"),
    "null allowed": (TEXT, {"anyOf": [TEXT, NULL]}, "null is allowed now"),
    "null refused in a list of types": ({"type": ["string", "null"]}, TEXT, "null is no longer allowed"),
    "inside a union": (
        {"anyOf": [{**INTEGER, "minimum": 0}, NULL]},
        {"anyOf": [{**INTEGER, "minimum": 1}, NULL]},
        "minimum 0 became 1",
    ),
    "another union": ({"anyOf": [TEXT, INTEGER]}, {"anyOf": [TEXT, NULL]}, "integer became null"),
    "closed": (
        {"type": "object"},
        {"type": "object", "additionalProperties": False},
        "anything became nothing",
    ),
    "opened": (
        {"type": "object", "additionalProperties": False},
        {"type": "object"},
        "nothing became anything",
    ),
    "values of a map": (
        {"type": "object", "additionalProperties": TEXT},
        {"type": "object", "additionalProperties": INTEGER},
        "string became integer",
    ),
    "items": ({"type": "array", "items": TEXT}, {"type": "array", "items": INTEGER}, "/*: string became"),
    "number of items": ({"type": "array"}, {"type": "array", "minItems": 1}, "minItems"),
    "default": ({**TEXT, "default": "a"}, {**TEXT, "default": "b"}, "default changed"),
    "unknown keyword": ({**TEXT, "contentEncoding": "base64"}, TEXT, "contentEncoding"),
    "property removed": (an_object(a=TEXT, b=TEXT), an_object(a=TEXT), "/b: removed"),
    "new and required": (an_object(a=TEXT), an_object(("b",), a=TEXT, b=TEXT), "/b: new and required"),
    "became required": (an_object(a=TEXT), an_object(("a",), a=TEXT), "/a: became required"),
    "may be missing": (an_object(("a",), a=TEXT), an_object(a=TEXT), "/a: may be missing now"),
    "new where none may be": (
        {**an_object(a=TEXT), "additionalProperties": False},
        {**an_object(a=TEXT, b=TEXT), "additionalProperties": False},
        "allow no other properties",
    ),
}
ALLOWED: dict[str, tuple[Schema, Schema]] = {
    "optional property": (an_object(("a",), a=TEXT), an_object(("a",), a=TEXT, b=INTEGER)),
    "optional property with a default": (an_object(), an_object(a={**TEXT, "default": "x"})),
    "optional nullable object": (an_object(), an_object(a={"anyOf": [an_object(("x",), x=TEXT), NULL]})),
    "optional property of an alternative": (
        {"anyOf": [an_object(a=TEXT), NULL]},
        {"anyOf": [NULL, an_object(a=TEXT, b=TEXT)]},
    ),
    "texts for readers": (
        {**TEXT, "title": "A", "description": "old", "examples": ["a"]},
        {**TEXT, "title": "B", "deprecated": True},
    ),
    "a list of types for a union": ({"type": ["string", "null"]}, {"anyOf": [NULL, TEXT]}),
    "a constant for one value": ({**TEXT, "const": "a"}, {**TEXT, "enum": ["a"]}),
    "order of values": ({**TEXT, "enum": ["a", "b"]}, {**TEXT, "enum": ["b", "a"]}),
    "a lone allOf": ({"allOf": [TEXT], "default": "a"}, {**TEXT, "default": "a"}),
}


def inline(schema: Schema) -> Schema:
    return an_object(("field",), field=schema)


def through_reference(schema: Schema) -> Schema:
    return {**inline({"$ref": "#/$defs/Thing"}), "$defs": {"Thing": schema}}


def in_a_list_of_references(schema: Schema) -> Schema:
    listed = {"type": "array", "items": {"$ref": "#/$defs/Thing"}}
    return {**an_object(field={"anyOf": [listed, NULL], "default": None}), "$defs": {"Thing": schema}}


PLACES = pytest.mark.parametrize("place", [inline, through_reference, in_a_list_of_references])


@PLACES
@pytest.mark.parametrize("name", REFUSED)
def test_refused(place: Any, name: str) -> None:
    old, new, said = REFUSED[name]
    changes = breaking_changes(place(old), place(new))
    assert any(said in change and change.startswith("/field") for change in changes), changes


@PLACES
@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(place: Any, name: str) -> None:
    old, new = ALLOWED[name]
    assert breaking_changes(place(old), place(new)) == []


def test_moving_a_schema_behind_a_reference_changes_nothing() -> None:
    schema = an_object(("a",), a={"type": "array", "items": {**INTEGER, "maximum": 9}})
    assert breaking_changes(inline(schema), through_reference(schema)) == []
    assert breaking_changes(through_reference(schema), inline(schema)) == []


def test_every_difference_is_reported() -> None:
    old = an_object(("a",), a=TEXT, b=TEXT, c=INTEGER)
    new = an_object(("a", "d"), a=INTEGER, c=INTEGER, d=TEXT)
    assert breaking_changes(old, new) == [
        "/a: string became integer",
        "/b: removed",
        "/d: new and required",
    ]


class Tree(BaseModel):
    value: int
    left: "Tree | None" = None
    children: list["Tree"] = []


class TreeOfText(BaseModel):
    value: str
    left: "TreeOfText | None" = None
    children: list["TreeOfText"] = []


def test_recursive_models_end() -> None:
    old, new = Tree.model_json_schema(), TreeOfText.model_json_schema()
    assert breaking_changes(old, old) == []
    changes = breaking_changes(old, new)
    assert "/value: integer became string" in changes
    assert "/children/*/value: integer became string" in changes


def test_references_out_of_the_document_are_refused() -> None:
    with pytest.raises(ValueError, match="within the document"):
        breaking_changes({"$ref": "https://example.org/a.json"}, {})


SCALARS = st.sampled_from(
    [TEXT, INTEGER, {**TEXT, "format": "date"}, {**TEXT, "enum": ["x", "y"]}, {**INTEGER, "minimum": 1}]
)
NAMES = st.sampled_from(["id", "code", "name", "path", "state"])


def objects(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    def build(properties: dict[str, Schema], needed: set[str]) -> Schema:
        return an_object(tuple(sorted(needed & properties.keys())), **properties)

    return st.builds(build, st.dictionaries(NAMES, inner, min_size=1), st.sets(NAMES))


SCHEMAS = objects(
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            objects(inner),
            inner.map(lambda item: {"type": "array", "items": item}),
            inner.map(lambda one: {"anyOf": [one, NULL], "default": None} if "anyOf" not in one else one),
            st.dictionaries(st.just("additionalProperties"), inner, min_size=1).map(
                lambda found: {"type": "object", **found}
            ),
        ),
        max_leaves=8,
    )
)


def every_object(schema: Any) -> list[Schema]:
    if isinstance(schema, list):
        return [found for item in schema for found in every_object(item)]
    if not isinstance(schema, dict):
        return []
    below = [found for value in schema.values() for found in every_object(value)]
    return [schema, *below] if "properties" in schema else below


@given(SCHEMAS)
def test_nothing_changed(schema: Schema) -> None:
    assert breaking_changes(schema, copy.deepcopy(schema)) == []


@given(SCHEMAS, SCALARS, st.data())
def test_an_optional_property_anywhere_is_allowed(schema: Schema, added: Schema, data: Any) -> None:
    new = copy.deepcopy(schema)
    data.draw(st.sampled_from(every_object(new)))["properties"]["added"] = added
    assert breaking_changes(schema, new) == []


def remove(found: Schema, name: str) -> None:
    del found["properties"][name]
    found["required"] = [other for other in found["required"] if other != name]


def replace(found: Schema, name: str) -> None:
    found["properties"][name] = {"type": "boolean"}


def turn_required(found: Schema, name: str) -> None:
    found["required"] = sorted({name} ^ set(found["required"]))


def add_required(found: Schema, _: str) -> None:
    found["properties"]["added"] = TEXT
    found["required"] = [*found["required"], "added"]


def close(found: Schema, _: str) -> None:
    found["additionalProperties"] = False


@pytest.mark.parametrize("change", [remove, replace, turn_required, add_required, close])
@given(schema=SCHEMAS, data=st.data())
def test_anything_else_anywhere_is_refused(change: Any, schema: Schema, data: Any) -> None:
    new = copy.deepcopy(schema)
    found = data.draw(st.sampled_from(every_object(new)))
    change(found, data.draw(st.sampled_from(sorted(found["properties"]))))
    assert breaking_changes(schema, new) != []
