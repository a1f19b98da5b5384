"""Where a service's tables live: one metadata and one SQLModel registry per service."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def make_registry() -> registry:
    """For `class Base(SQLModel, registry=make_registry())`: the global registry collides when five services
    share a process."""
    return registry(metadata=MetaData(naming_convention=NAMING))


def one_of(column: str, values: type[Any] | tuple[str, ...]) -> str:
    """The CHECK of an enumeration kept as text; native enums are not seen by autogenerate."""
    allowed = values if isinstance(values, tuple) else tuple(str(member.value) for member in values)
    quoted = ", ".join(f"'{value}'" for value in allowed)
    return f"{column} IN ({quoted})"
