"""What an operator does with the registry's access beside its API."""

from typing import Any

from services.registry.access.bootstrap import add_bootstrap
from services.registry.access.keys import add_keys


def add_commands(commands: Any) -> None:
    """Mount `bootstrap` and `keys` on the worker's own commands."""
    add_bootstrap(commands)
    add_keys(commands)
