"""Tables of service points: the points, what is offered there, and what was found of points in general."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Double, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.service_points.domain import MEASURED, PointKind, Precision, Visibility
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


def _texts() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False))


class ServicePoint(Base, table=True):
    """`unit_vector` is where the point stands in lists of the nearest: its own place where that is `measured`, else the
    middle of its settlement or area, which orders it and is no distance. It is made of the other columns, never given."""

    __tablename__ = "service_point"
    __table_args__ = (
        CheckConstraint(one_of("kind", PointKind), name="kind"),
        CheckConstraint(one_of("visibility", Visibility), name="visibility"),
        CheckConstraint(one_of("precision", Precision), name="precision"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("kind <> 'shelter' OR visibility = 'area_only'", name="shelter"),
        CheckConstraint(
            "visibility = 'public' OR territory_code IS NOT NULL AND precision = 'unknown' AND street_address = '{}'",
            name="area_only",
        ),
        CheckConstraint("(latitude IS NULL) = (precision = 'unknown')", name="precision_of"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates"),
        CheckConstraint(
            f"measured = ({one_of('precision', tuple(sorted(MEASURED)))}) AND (unit_vector IS NOT NULL OR NOT measured)",
            name="measured",
        ),
        Index("ix_service_point_sort_key", "sort_key", "id"),
        Index("ix_service_point_body", "body_id", "sort_key", "id"),
        Index("ix_service_point_kind", "kind", "sort_key", "id"),
        Index("ix_service_point_territory", "territory_code"),
        Index("ix_service_point_languages", "languages", postgresql_using="gin"),
        Index("ix_service_point_accessibility", "accessibility", postgresql_using="gin"),
        Index("ix_service_point_missing", "missing", postgresql_using="gin"),
        Index(
            "ix_service_point_measured",
            text("cube(unit_vector)"),
            postgresql_using="gist",
            postgresql_where=text("measured"),
        ),
        Index(
            "ix_service_point_around",
            text("cube(unit_vector)"),
            postgresql_using="gist",
            postgresql_where=text("NOT measured AND unit_vector IS NOT NULL"),
        ),
        Index(
            "ix_service_point_nowhere",
            "sort_key",
            "id",
            postgresql_where=text("unit_vector IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    kind: str
    body_id: UUID = Field(foreign_key="organisation.id")
    name: dict[str, str] = _json()
    sort_key: str
    visibility: str
    territory_code: str | None = Field(default=None, foreign_key="territory.code")
    street_address: dict[str, str] = _json()
    latitude: float | None = None
    longitude: float | None = None
    precision: str
    coordinates_source: str | None = None
    measured: bool
    unit_vector: list[float] | None = Field(
        default=None, sa_column=Column(ARRAY(Double, dimensions=1), nullable=True)
    )
    hours: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    phones: list[dict[str, Any]] = _json()
    languages: list[str] = _texts()
    accessibility: list[str] = _texts()
    volumes: list[dict[str, Any]] = _json()
    legal_basis: list[dict[str, Any]] = _json()
    missing: list[str] = _texts()
    note: str | None = None
    opened_on: dt.date | None = None
    closed_on: dt.date | None = None
    origin: str
    source: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: dt.datetime = _now()
    updated_at: dt.datetime = _now()


class ServicePointService(Base, table=True):
    """A service that is given at a point; `hours` only where they differ from the point's."""

    __tablename__ = "service_point_service"
    __table_args__ = (Index("ix_service_point_service_service", "service_id", "point_id"),)

    point_id: UUID = Field(primary_key=True, foreign_key="service_point.id")
    service_id: UUID = Field(primary_key=True, foreign_key="service.id")
    hours: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    channel_note: dict[str, str] = _json()


class ServicePointFact(Base, table=True):
    """Something found of points in general that belongs to no single one: a count, a common opening time."""

    __tablename__ = "service_point_fact"
    __table_args__ = (CheckConstraint(one_of("origin", Origin), name="origin"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    kind: str
    text: str
    value: str | None = None
    dated: str | None = None
    origin: str
    source: str
