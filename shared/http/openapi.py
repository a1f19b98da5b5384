"""One OpenAPI document a service, merged from its feature apps: 3.1 as FastAPI writes it, and a valid 3.0.3
for older tools (X-Road learned 3.1 only in 7.4)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.http.hot import HotRead
from shared.http.problems import MEDIA_TYPE, ProblemDetails
from shared.http.strictness import form_of

Document = dict[str, Any]
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


class UndeclaredRoute(ValueError):
    """A route names neither a scope nor PUBLIC."""


def merge(title: str, version: str, description: str, parts: Iterable[Document], server: str) -> Document:
    """Raises ValueError when two features use one schema name differently, UndeclaredRoute when an
    operation says nothing of who may call it."""
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "tags": [],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    for part in parts:
        document["paths"].update(part.get("paths", {}))
        for kind, found in part.get("components", {}).items():
            _merge_components(document["components"].setdefault(kind, {}), found)
    document["components"]["schemas"].setdefault("ProblemDetails", _problem_schema(document))
    for path, method, operation in operations(document):
        _finish(path, method, operation)
    tags = sorted({tag for _, _, operation in operations(document) for tag in operation.get("tags", [])})
    document["tags"] = [{"name": tag} for tag in tags]
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def scopes_of(operation: Document) -> list[str] | None:
    """Scopes an operation needs; an empty list for "any token"; None for public."""
    if operation.get("x-public"):
        return None
    return sorted(
        {scope for entry in operation.get("security", []) for names in entry.values() for scope in names}
    )


@dataclass(frozen=True, slots=True)
class QueryParameter:
    repeatable: bool
    form: str | None
    """How it is written, where that is said (`strictness.form_of`)."""


def query_parameters(document: Document) -> dict[tuple[str, str], dict[str, QueryParameter]]:
    """(method, path) → its query parameters by name."""
    return {
        (method.upper(), path): {
            parameter["name"]: QueryParameter(_is_list(parameter["schema"]), form_of(parameter["schema"]))
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query"
        }
        for path, method, operation in operations(document)
    }


def media_types(document: Document) -> dict[tuple[str, str], tuple[str, ...]]:
    """(method, path) → the media types its body may have; only operations that take one."""
    return {
        (method.upper(), path): tuple(operation["requestBody"]["content"])
        for path, method, operation in operations(document)
        if "requestBody" in operation
    }


def _is_list(schema: Document) -> bool:
    return any(branch.get("type") == "array" for branch in schema.get("anyOf", [schema]))


def check_hot(document: Document, reads: Iterable[HotRead]) -> None:
    """A hot read answers for a documented public route, so that it stands in OpenAPI too."""
    for read in reads:
        found = [
            operation
            for path, method, operation in operations(document)
            if method == "get"
            and path.startswith(f"{read.prefix}{{")
            and path.count("/") == read.prefix.count("/")
        ]
        if not found or scopes_of(found[0]) is not None:
            raise ValueError(f"hot read {read.prefix}{{id}} has no public route behind it")


def downgrade(document: Document) -> Document:
    """The same API as OpenAPI 3.0.3."""
    older: Document = _older(document)
    older["openapi"] = "3.0.3"
    older["info"]["license"] = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
    return older


def _finish(path: str, method: str, operation: Document) -> None:
    public = operation.get("x-public", False)
    if not public and not operation.get("security"):
        raise UndeclaredRoute(f"{method.upper()} {path} declares neither a scope nor PUBLIC")
    if public:
        operation["security"] = []
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    responses = operation.setdefault("responses", {})
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":
            _finish_header(parameter, responses, problem)
    if "requestBody" in operation:
        responses.setdefault(
            "415", {"description": "The body is of a type that is not taken here", "content": problem}
        )
    if "422" in responses:
        responses["422"] = {"description": "The input is not valid", "content": problem}
    if not public:
        responses.setdefault("401", {"description": "A valid access token is needed", "content": problem})
        responses.setdefault("403", {"description": "The token lacks the scope", "content": problem})
    responses.setdefault("default", {"description": "Any other problem", "content": problem})


def _finish_header(parameter: Document, responses: Document, problem: Document) -> None:
    """Conditional requests say what FastAPI cannot know: If-Match is needed, and what answers follow."""
    name = parameter["name"].lower()
    if name == "if-match":
        parameter["required"] = True
        responses.setdefault("412", {"description": "`stale`: it has changed since", "content": problem})
        responses.setdefault("428", {"description": "`precondition_required`", "content": problem})
    elif name == "if-none-match":
        responses.setdefault("304", {"description": "You have this representation"})


def _merge_components(known: Document, found: Document) -> None:
    for name, schema in found.items():
        if name in ("HTTPValidationError", "ValidationError"):
            continue
        if known.get(name, schema) != schema:
            raise ValueError(f"two features define the schema {name} differently")
        known[name] = schema


def _problem_schema(document: Document) -> Document:
    schema = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(schema.pop("$defs", {}))
    return schema


def _older(node: Any) -> Any:
    if isinstance(node, list):
        return [_older(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {name: _older(value) for name, value in node.items()}
    return _older_schema(converted)


def _older_schema(schema: Document) -> Document:
    if "const" in schema and not isinstance(schema["const"], dict):
        schema["enum"] = [schema.pop("const")]
    if isinstance(schema.get("examples"), list):
        examples = schema.pop("examples")
        schema.setdefault("example", examples[0] if examples else None)
    for bound, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(bound), int | float) and not isinstance(schema.get(bound), bool):
            schema[inclusive], schema[bound] = schema[bound], True
    if isinstance(schema.get("propertyNames"), dict) and schema.get("type") == "object":
        schema.pop("propertyNames")
    if isinstance(schema.get("patternProperties"), dict) and schema.get("type") == "object":
        named = list(schema.pop("patternProperties").values())
        schema["additionalProperties"] = named[0] if len(named) == 1 else {"anyOf": named}
    if isinstance(schema.get("prefixItems"), list):
        schema["items"] = {"anyOf": schema.pop("prefixItems")}
    if isinstance(schema.get("contentMediaType"), str):
        schema.pop("contentMediaType")
        schema["format"] = "binary"
    return _older_null(schema)


def _older_null(schema: Document) -> Document:
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        schema["nullable"] = "null" in schema["type"]
        schema["type"] = kinds[0]
    for word in ("anyOf", "oneOf"):
        branches = schema.get(word)
        if not isinstance(branches, list):
            continue
        kept = [branch for branch in branches if branch != {"type": "null"}]
        if len(kept) < len(branches):
            schema["nullable"] = True
            schema[word] = kept
            if len(kept) == 1:
                del schema[word]
                schema.update({"allOf": kept} if "$ref" in kept[0] else {**kept[0], **schema})
    return schema
