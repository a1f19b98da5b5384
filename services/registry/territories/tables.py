"""Table of territories."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.territories.domain import TerritoryKind
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class Territory(Base, table=True):
    """`path` holds the codes from the country down to the unit itself, so a subtree is one containment."""

    __tablename__ = "territory"
    __table_args__ = (
        CheckConstraint(one_of("kind", TerritoryKind), name="kind"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates"),
        Index("ix_territory_sort_key", "sort_key", "id"),
        Index("ix_territory_path", "path", postgresql_using="gin"),
        Index("ix_territory_municipality", "sort_key", "id", postgresql_where=text("municipality")),
        Index("ix_territory_kind", "kind", "sort_key", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    kind: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    sort_key: str
    parent_code: str | None = Field(default=None, foreign_key="territory.code", index=True)
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    municipality: bool
    missing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    p_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    coordinates_source: str | None = None
    edition: str
    origin: str
    source: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    updated_at: datetime = _now()
