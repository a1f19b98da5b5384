"""Table of legal acts."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.legal.domain import ActKind, ActStatus
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class LegalAct(Base, table=True):
    __tablename__ = "legal_act"
    __table_args__ = (
        CheckConstraint(one_of("kind", ActKind), name="kind"),
        CheckConstraint(one_of("status", ActStatus), name="status"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        UniqueConstraint("kind", "number", "date", "issuer_key"),
        Index("ix_legal_act_date", "date", "id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    number: str
    date: dt.date
    issuer: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    issuer_key: str
    title: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    effect: str | None = None
    status: str
    status_note: str | None = None
    url: str | None = None
    origin: str
    source: str | None = None
    published_on: dt.date | None = None
    in_force_from: dt.date | None = None
    retroactive_basis: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: dt.datetime = _now()
