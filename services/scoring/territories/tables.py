"""Tables of territories: projections of the registry's units and organisations."""

from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.scoring.base import Base


class Territory(Base, table=True):
    """A unit of the SOATE classifier; `path` leads from the country down to it."""

    __tablename__ = "territory"

    id: UUID = Field(primary_key=True)
    version: int
    code: str = Field(index=True)
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    path: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    municipality: bool


class Organisation(Base, table=True):
    """Which municipality an organisation acts for, if any."""

    __tablename__ = "organisation"

    id: UUID = Field(primary_key=True)
    version: int
    code: str
    territory_code: str | None = None
    active: bool
