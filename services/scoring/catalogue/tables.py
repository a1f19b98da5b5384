"""Table of services: a projection of the registry's entries."""

from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.scoring.base import Base


class Service(Base, table=True):
    __tablename__ = "service"

    id: UUID = Field(primary_key=True)
    version: int
    code: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
