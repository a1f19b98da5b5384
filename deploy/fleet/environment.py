"""Settings as environment variables, by the names the settings class reads them under."""

import json
import os
from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices
from pydantic_core import to_jsonable_python

from shared.settings import ServiceSettings

_SLOWS_STARTS = "PYTHONDONTWRITEBYTECODE"
"""A dozen processes that each compile every module again would start for half a minute."""


def variables(model: type[ServiceSettings], values: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables that make `model()` what `model(**values)` is. Raises KeyError for an unknown setting."""
    return {variable(model, name): _text(value) for name, value in values.items()}


def variable(model: type[ServiceSettings], name: str) -> str:
    """The variable a setting is read from."""
    alias = model.model_fields[name].validation_alias
    if isinstance(alias, AliasChoices):
        alias = alias.choices[0] if isinstance(alias.choices[0], str) else None
    return alias if isinstance(alias, str) else f"{model.model_config['env_prefix']}{name}".upper()


def process_environment(own: Mapping[str, str]) -> dict[str, str]:
    """What a child is started with: ours, `own` before it, and output that reaches its log at once."""
    inherited = {name: value for name, value in os.environ.items() if name != _SLOWS_STARTS}
    return {**inherited, "PYTHONUNBUFFERED": "1", **own}


def _text(value: Any) -> str:
    plain = to_jsonable_python(value)
    return plain if isinstance(plain, str) else json.dumps(plain)
