"""An AsyncAPI 3.0 document as one page to read: no script, nothing from outside, the same bytes each time."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mako.template import Template
from markupsafe import Markup, escape

Schema = Mapping[str, Any]

_TEMPLATE = Path(__file__).with_name("asyncapi_page.html")
_REFERENCE = "#/components/schemas/"
_CODE = re.compile("`([^`]+)`")
_BOUNDS = ("format", "pattern", "minimum", "maximum", "exclusiveMinimum", "maxLength", "minLength", "default")


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a schema, in words. `target` is the schema it is made of, where that has a name."""

    name: str
    type: str
    target: str | None
    required: bool
    description: str
    bounds: str


def asyncapi_page(document: Schema, examples: Mapping[str, Any]) -> str:
    """HTML of the document; `examples` gives payloads by event type."""
    components = document["components"]
    template = Template(_TEMPLATE.read_text(encoding="utf-8"), default_filters=["str", "h"])  # noqa: S702 - it escapes
    page: str = template.render(
        document=document,
        channels=[
            _Channel(name, found, components["messages"]) for name, found in document["channels"].items()
        ],
        envelope=fields(components["schemas"]["CloudEvent"]),
        schemas={name: found for name, found in components["schemas"].items() if name != "CloudEvent"},
        fields=fields,
        words=_words,
        example=lambda name: (
            json.dumps(examples[name], ensure_ascii=False, indent=2) if name in examples else None
        ),
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


class _Channel:
    """A topic as the template shows it."""

    def __init__(self, name: str, found: Schema, messages: Schema) -> None:
        self.name = name
        self.description: str = found["description"]
        self.partitions: int | None = found["bindings"]["kafka"].get("partitions")
        self.messages = [_Message(message, messages[message]) for message in found["messages"]]


class _Message:
    def __init__(self, name: str, found: Schema) -> None:
        self.name = name
        self.summary: str = found["summary"]
        self.audience: str = found["x-audience"]
        self.payload = str(found["payload"]["$ref"]).removeprefix(_REFERENCE)


def fields(schema: Schema) -> list[Field]:
    """The properties of an object, in their order; none for other schemas."""
    required = schema.get("required", ())
    return [
        Field(
            name,
            *_type(found),
            name in required,
            found.get("description", ""),
            ", ".join(f"{bound} {json.dumps(found[bound])}" for bound in _BOUNDS if bound in found),
        )
        for name, found in schema.get("properties", {}).items()
    ]


def _words(text: str) -> Markup:
    """Escaped, with what stands between backticks set as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


def _type(schema: Schema) -> tuple[str, str | None]:
    """Its type in words, and the named schema behind it."""
    words, targets = [], []
    for branch in schema.get("anyOf") or schema.get("allOf") or [schema]:
        if "$ref" in branch:
            name = str(branch["$ref"]).removeprefix(_REFERENCE)
            words.append(name)
            targets.append(name)
        elif branch.get("type") == "array":
            inner, target = _type(branch.get("items", {}))
            words.append(f"list of {inner}")
            targets += [target] if target else []
        elif "enum" in branch or "const" in branch:
            words.append(" | ".join(json.dumps(value) for value in branch.get("enum", [branch.get("const")])))
        else:
            words.append(str(branch.get("type", "any")))
    return " or ".join(words), targets[0] if targets else None
