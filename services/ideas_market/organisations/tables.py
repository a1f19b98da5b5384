"""Projections of the registry's organisations and territorial units."""

from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.ideas_market.base import Base


class Organisation(Base, table=True):
    __tablename__ = "organisation"

    id: UUID = Field(primary_key=True)
    version: int
    code: str
    kind: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    active: bool


class Territory(Base, table=True):
    """A unit of the SOATE classifier; `path` leads from the country down to it."""

    __tablename__ = "territory"
    __table_args__ = (Index("ix_territory_path", "path", postgresql_using="gin"),)

    id: UUID = Field(primary_key=True)
    version: int
    code: str = Field(index=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    municipality: bool
