"""The base of monitoring's tables: a registry and metadata of its own."""

from shared.db.kit import add_kit_tables
from shared.db.tables import make_base

Base = make_base()
add_kit_tables(Base.metadata)
