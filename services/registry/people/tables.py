"""Tables of erasures. They name a person by an id that says nothing any more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.access.tables import Membership, PersonIdentity
from services.registry.base import Base
from services.registry.sessions.tables import SignInSession
from shared.people.tables import guard


class Erasure(Base, table=True):
    """`id` is random: whoever was given it may read the report, also when their credentials are gone."""

    __tablename__ = "erasure"

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    own: bool
    """Asked for by the person; else by the platform's administrator."""
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    completed_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )


class ErasureAnswer(Base, table=True):
    """What one service said; its first answer stays."""

    __tablename__ = "erasure_answer"

    erasure_id: UUID = Field(primary_key=True, foreign_key="erasure.id")
    service: str = Field(primary_key=True)
    completed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    kinds: list[Any] = Field(sa_column=Column(JSONB, nullable=False))


for _naming_a_person in (Membership, PersonIdentity, SignInSession):
    guard(Base.metadata.tables[_naming_a_person.__tablename__], "person_id")
