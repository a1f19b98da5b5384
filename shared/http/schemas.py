"""Bases and field types of request and response models."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError


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
    """Base of response bodies."""

    model_config = ConfigDict(from_attributes=True)


class Timestamps(Output):
    created_at: datetime
    updated_at: datetime
