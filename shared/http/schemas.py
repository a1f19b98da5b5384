"""Bases and field types of request and response models."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from shared.http.strictness import strict
from shared.text.cleaning import clean

_BREAKS = re.compile(r"[\t\r\n]+")


def _seen(text: str) -> str:
    if not text:
        raise PydanticCustomError("string_too_short", "The text is empty.", {"min_length": 1})
    return text


def _line(text: str) -> str:
    """What is pasted over several lines becomes one."""
    return _seen(clean(_BREAKS.sub(" ", text), multiline=False))


def _prose(text: str) -> str:
    return _seen(clean(text))


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_line),
]
Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    AfterValidator(_prose),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Input(BaseModel):
    """Base of request bodies: unknown fields are errors, so a typo is not silently lost, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return strict(handler(source))


class Output(BaseModel):
    """Base of response bodies. What is null is left out of an answer, so OpenAPI does not require it."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(schema))
        nullable = {
            name
            for name, field in described.get("properties", {}).items()
            if {"type": "null"} in field.get("anyOf", ())
        }
        described["required"] = [name for name in described.get("required", ()) if name not in nullable]
        if not described["required"]:
            del described["required"]
        return described


class Timestamps(Output):
    created_at: datetime
    updated_at: datetime
