"""Tables of the catalogue."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.catalogue.domain import GapReason, Regime, ServiceStatus
from shared.contracts.registry import ServiceLevel
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class Service(Base, table=True):
    """A register entry. `code` and `id` never change; register numbers do, and are kept as history."""

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint(one_of("level", ServiceLevel), name="level"),
        CheckConstraint(one_of("status", ServiceStatus), name="status"),
        CheckConstraint(f"regime IS NULL OR {one_of('regime', Regime)}", name="regime"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_into"),
        Index("ix_service_sort_key", "sort_key", "id"),
        Index("ix_service_body", "body_id", "sort_key", "id"),
        Index("ix_service_missing", "missing", postgresql_using="gin"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    level: str
    body_id: UUID = Field(foreign_key="organisation.id")
    name: dict[str, str] = _json()
    name_states: dict[str, str] = _json()
    sort_key: str
    register_numbers: list[dict[str, Any]] = _json()
    regime: str | None = None
    sector: str | None = None
    status: str
    merged_into: UUID | None = Field(default=None, foreign_key="service.id", index=True)
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    facts: dict[str, Any] = _json()
    missing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    origin: str
    source: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    updated_at: datetime = _now()


class CollectionGap(Base, table=True):
    """Something collected that is no entry: a cut name, a paraphrase, a mere count."""

    __tablename__ = "collection_gap"
    __table_args__ = (
        CheckConstraint(one_of("reason", GapReason), name="reason"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    reason: str
    text: str
    language: str
    level: str | None = None
    body: str | None = None
    origin: str
    source: str
