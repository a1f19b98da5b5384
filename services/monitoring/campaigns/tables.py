"""Table of campaigns."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.monitoring.base import Base
from services.monitoring.campaigns.domain import CampaignState
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class Campaign(Base, table=True):
    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint(one_of("state", CampaignState), name="state"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        Index("ix_campaign_owner_id", "owner_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    owner_id: UUID
    starts_on: date
    ends_on: date
    municipality_codes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    service_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    answer_days: int
    """Working days the addressee of a finding has to answer."""
    state: str = Field(default="draft", sa_column_kwargs={"server_default": text("'draft'")})
    origin: str
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    updated_at: datetime = _now()
