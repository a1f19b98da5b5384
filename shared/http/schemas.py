"""Bases and field types of request and response models."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError


def _no_control_characters(value: str) -> str:
    for character in value:
        if character < " " and character not in "\n\t\r":
            raise PydanticCustomError("control_character", "Control characters are not allowed.")
    return value


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_no_control_characters),
]
Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000),
    AfterValidator(_no_control_characters),
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Input(BaseModel):
    """Base of request bodies: unknown fields are errors, so a typo is not silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
