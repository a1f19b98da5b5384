"""Table of rules. A row is never changed: the next one of its level and regime takes its place from its first day on."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.catalogue.domain import Regime
from shared.contracts.registry import ServiceLevel
from shared.db.tables import one_of
from shared.values import Origin


class AdoptionRule(Base, table=True):
    """`powers`: kind of act → whose act it is."""

    __tablename__ = "adoption_rule"
    __table_args__ = (
        CheckConstraint(one_of("level", ServiceLevel), name="level"),
        CheckConstraint(f"regime IS NULL OR {one_of('regime', Regime)}", name="regime"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        Index("ix_adoption_rule_valid_from", "valid_from", "id"),
    )

    id: UUID = Field(primary_key=True)
    level: str
    regime: str | None = None
    powers: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    review: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    valid_from: date
    act_id: UUID = Field(foreign_key="legal_act.id", index=True)
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    origin: str
    source: str | None = None
