"""JSON as JSON: `true`, `1.0` and `"1"` are no integers, `0` is no day. Pydantic converts such values unless told
otherwise; its own strict mode would refuse UUIDs and dates too, which JSON can only write as strings. Query parameters
are strings all: they are held to the form that OpenAPI states for them."""

import re
from collections.abc import Callable
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.http.errors import FieldError

_STRICT = frozenset({"bool", "float", "int"})
_DAY = r"\d{4}-\d{2}-\d{2}"
_WRITTEN = {
    "date": re.compile(_DAY, re.ASCII),
    "datetime": re.compile(rf"{_DAY}[Tt ]\d{{2}}:\d{{2}}\S*", re.ASCII),
    "time": re.compile(r"\d{2}:\d{2}\S*", re.ASCII),
}
_FORMS: dict[str, tuple[re.Pattern[str], str, str]] = {
    "integer": (re.compile(r"-?\d{1,19}", re.ASCII), "int_parsing", "A whole number is needed."),
    "boolean": (re.compile("true|false"), "bool_parsing", "true or false is needed."),
    "date": (_WRITTEN["date"], "date_parsing", "A date of the form YYYY-MM-DD is needed."),
    "date-time": (_WRITTEN["datetime"], "datetime_parsing", "Date and time as in RFC 3339 are needed."),
}
"""OpenAPI's type or format of a parameter → how it is written, and the code and words where it is not."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Of any date somebody gives: what lies beyond is a slip of the pen, and breaks arithmetic further on."""

_KEPT = frozenset({"metadata", "serialization", "default", "expected"})
"""Parts of a schema that hold values, not schemas."""


def strict(schema: CoreSchema) -> CoreSchema:
    """The same schema, without conversions between the types of JSON."""
    found: CoreSchema = _strict(schema)
    return found


def form_of(schema: dict[str, Any]) -> str | None:
    """Which form of `_FORMS` a parameter of this JSON schema has; None: any string will do."""
    branches = [branch for branch in schema.get("anyOf", [schema]) if branch.get("type") != "null"]
    named = {branch.get("format") or branch.get("type") for branch in branches}
    form = named.pop() if len(named) == 1 else None
    return form if form in _FORMS else None


def ill_formed(name: str, form: str, value: str) -> FieldError | None:
    """What is wrong with how a query parameter is written; pydantic would take `1_0`, `5.0` and seconds since 1970."""
    pattern, code, detail = _FORMS[form]
    if pattern.fullmatch(value) is None:
        return FieldError(f"/query/{name}", detail, code)
    if form in ("date", "date-time") and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        limits = {"first": FIRST_YEAR, "last": LAST_YEAR}
        text = f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}."
        return FieldError(f"/query/{name}", text, "absurd_year", limits)
    return None


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if isinstance(node, tuple):
        return tuple(_strict(item) for item in node)
    if not isinstance(node, dict):
        return node
    found = {name: value if name in _KEPT else _strict(value) for name, value in node.items()}
    kind = found.get("type")
    if kind in _STRICT:
        found["strict"] = True
    elif kind in _WRITTEN:
        return core_schema.no_info_before_validator_function(_written(str(kind)), found)
    elif kind == "literal" and any(isinstance(value, int) for value in found["expected"]):
        return core_schema.no_info_before_validator_function(_integer, found)
    return found


def _written(kind: str) -> Callable[[Any], Any]:
    """Refuses numbers, and strings of another form: pydantic reads both as seconds since 1970."""
    pattern, code = _WRITTEN[kind], f"{kind}_parsing"

    def check(value: Any) -> Any:
        if isinstance(value, int | float) or (isinstance(value, str) and not pattern.fullmatch(value)):
            raise PydanticCustomError(code, "Not written as RFC 3339 says.")
        if isinstance(value, str) and kind != "time" and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
            raise PydanticCustomError(
                "absurd_year",
                "The year must lie between {first} and {last}.",
                {"first": FIRST_YEAR, "last": LAST_YEAR},
            )
        return value

    return check


def _integer(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise PydanticCustomError("int_type", "A whole number is needed.")
    return value
