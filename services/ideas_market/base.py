"""The base of ideas_market's tables: a registry and metadata of its own."""

from sqlmodel import SQLModel

from shared.db.kit import add_kit_tables
from shared.db.tables import make_registry


class Base(SQLModel, registry=make_registry()):
    pass


add_kit_tables(Base.metadata)
