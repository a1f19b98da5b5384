"""Tables of territories: units as they are, states they had, changes, editions, headings, boundaries."""

import datetime as dt
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.territories.changes import ChangeKind
from services.registry.territories.domain import TerritoryKind
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class Territory(Base, table=True):
    """A unit in its newest state. `path` holds the codes from the country down to the unit itself, so a subtree is one
    containment. It exists from `valid_from` (null: nobody knows since when) to before `valid_to`, and is as the row says
    since `state_from`; earlier states are in `territory_past`."""

    __tablename__ = "territory"
    __table_args__ = (
        CheckConstraint(one_of("kind", TerritoryKind), name="kind"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates"),
        CheckConstraint("valid_to >= valid_from AND valid_to >= state_from", name="days"),
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
    valid_from: date | None = None
    valid_to: date | None = None
    state_from: date | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    updated_at: datetime = _now()


class TerritoryPast(Base, table=True):
    """A state a unit had before `valid_to`; since `valid_from`, or for as long as anybody knows."""

    __tablename__ = "territory_past"
    __table_args__ = (
        CheckConstraint(one_of("kind", TerritoryKind), name="kind"),
        CheckConstraint("valid_to > valid_from", name="days"),
        Index("ix_territory_past_path", "path", postgresql_using="gin"),
    )

    territory_id: UUID = Field(primary_key=True, foreign_key="territory.id")
    valid_to: date = Field(primary_key=True)
    valid_from: date | None = None
    kind: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    sort_key: str
    parent_code: str | None = None
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    municipality: bool
    missing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class TerritoryChange(Base, table=True):
    __tablename__ = "territory_change"
    __table_args__ = (
        CheckConstraint(one_of("kind", ChangeKind), name="kind"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        Index("ix_territory_change_day", "happened_on", "id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    happened_on: date
    act_id: UUID = Field(foreign_key="legal_act.id", index=True)
    origin: str
    source: str | None = None
    recorded_at: datetime = _now()


class TerritoryRelation(Base, table=True):
    """Which unit came from which by a change; of a unit that goes on, itself."""

    __tablename__ = "territory_relation"

    change_id: UUID = Field(primary_key=True, foreign_key="territory_change.id")
    predecessor_id: UUID = Field(primary_key=True, foreign_key="territory.id", index=True)
    successor_id: UUID = Field(primary_key=True, foreign_key="territory.id", index=True)


class ClassifierEdition(Base, table=True):
    __tablename__ = "classifier_edition"
    __table_args__ = (CheckConstraint(one_of("origin", Origin), name="origin"),)

    date: dt.date = Field(primary_key=True)
    title: str
    origin: str
    source: str
    recorded_at: datetime = _now()


class TerritoryHeading(Base, table=True):
    """A heading of the classifier ("aiyl aimaks of the raion"): it has a code, and is no unit."""

    __tablename__ = "territory_heading"
    __table_args__ = (CheckConstraint(one_of("origin", Origin), name="origin"),)

    code: str = Field(primary_key=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    parent_code: str = Field(foreign_key="territory.code", index=True)
    origin: str
    source: str


class TerritoryBoundary(Base, table=True):
    """A simplified boundary: GeoJSON as it is sent. Level 1: oblasts and the two cities; 2: raions and cities."""

    __tablename__ = "territory_boundary"
    __table_args__ = (
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("level IN (1, 2)", name="level"),
    )

    territory_id: UUID = Field(primary_key=True, foreign_key="territory.id")
    level: int = Field(primary_key=True)
    geometry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    tolerance_metres: int
    edition: date
    licence: str
    licence_url: str
    origin: str
    source: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    updated_at: datetime = _now()
