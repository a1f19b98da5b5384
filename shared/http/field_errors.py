"""What pydantic finds, as field errors of ours: codes that stay when the library's change, texts from the catalogue."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

from shared.http.errors import FieldError

LONGEST_PART = 100
"""Characters of a name in a pointer: names of unknown fields are the caller's."""

_CODES = {
    "uuid_type": "uuid_parsing",
    "uuid_version": "uuid_parsing",
    "int_parsing_size": "int_parsing",
    "int_from_float": "int_parsing",
    "float_parsing": "float_type",
    "bool_type": "bool_parsing",
    "decimal_type": "decimal_parsing",
    "decimal_whole_digits": "decimal_max_digits",
    "date_type": "date_parsing",
    "date_from_datetime_inexact": "date_from_datetime_parsing",
    "datetime_type": "datetime_parsing",
    "datetime_from_date_parsing": "datetime_parsing",
    "datetime_object_invalid": "datetime_parsing",
    "time_type": "time_parsing",
    "tuple_type": "list_type",
    "set_type": "list_type",
    "dict_type": "model_attributes_type",
    "mapping_type": "model_attributes_type",
    "model_type": "model_attributes_type",
    "string_unicode": "control_character",
}
PYDANTIC_CODES = frozenset(
    {
        *_CODES.values(),
        "missing",
        "extra_forbidden",
        "json_invalid",
        "string_type",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "int_type",
        "finite_number",
        "decimal_max_places",
        "timezone_aware",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "multiple_of",
        "enum",
        "literal_error",
        "too_short",
        "too_long",
    }
)
"""The library's own types that are codes here too; what it may find beside them is an `invalid_value`."""


_LIBRARY = frozenset(get_args(ErrorType))


def field_error(item: Mapping[str, Any]) -> FieldError:
    """One of `ValidationError.errors()`."""
    place, *path = item["loc"]
    if item["type"] == "json_invalid":
        path = []
    root = "" if place == "body" else f"/{place}"
    escaped = (str(part)[:LONGEST_PART].replace("~", "~0").replace("/", "~1") for part in path)
    pointer = root + "".join(f"/{part}" for part in escaped)
    parameters = {name: str(value) for name, value in item.get("ctx", {}).items()}
    if "expected" in parameters:
        parameters["expected"] = parameters["expected"].replace(" or ", ", ")  # the library's English
    return FieldError(pointer, str(item["msg"]).removeprefix("Value error, "), _code(item), parameters)


def _code(item: Mapping[str, Any]) -> str:
    """A custom error has a code of ours already."""
    kind = str(item["type"])
    code = _CODES.get(kind, kind)
    return "invalid_value" if code in _LIBRARY and code not in PYDANTIC_CODES else code
