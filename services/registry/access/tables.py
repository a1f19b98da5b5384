"""Tables of access. What identifies a person outside stands apart, in `person_identity`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.access.domain import OrganisationKind
from services.registry.base import Base
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class Organisation(Base, table=True):
    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(one_of("kind", OrganisationKind), name="kind"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("valid_to >= valid_from AND valid_to >= state_from", name="days"),
        Index("ix_organisation_kind_sort_key", "kind", "sort_key", "id"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    kind: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    sort_key: str = Field(index=True)
    territory_code: str | None = Field(default=None, index=True)
    parent_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    valid_from: date | None = None
    valid_to: date | None = None
    state_from: date | None = None
    origin: str
    source: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()
    updated_at: datetime = _now()


class Person(Base, table=True):
    """An id and nothing else: what is known of the person stands elsewhere."""

    __tablename__ = "person"

    id: UUID = Field(primary_key=True)
    created_at: datetime = _now()


class PersonIdentity(Base, table=True):
    """How an outside provider names a person. Personal data: never in events, logs or answers."""

    __tablename__ = "person_identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)


class Membership(Base, table=True):
    __tablename__ = "membership"
    __table_args__ = (
        # What was ended on the day it began was held on no day: the role can be granted from that day again.
        Index(
            "ix_membership_held",
            "person_id",
            "organisation_id",
            "role",
            "valid_from",
            unique=True,
            postgresql_where=text("valid_to IS NULL OR valid_to > valid_from"),
        ),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    role: str
    valid_from: date
    valid_to: date | None = None
    granted_by: UUID | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class ApiKey(Base, table=True):
    """A system's credential; `id` is the `cid` its tokens carry. The secret is kept as a hash only."""

    __tablename__ = "api_key"
    __table_args__ = (CheckConstraint(one_of("kind", ("system", "service")), name="kind"),)

    id: UUID = Field(primary_key=True)
    prefix: str = Field(unique=True)
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kind: str
    label: str
    organisation_id: UUID = Field(foreign_key="organisation.id", index=True)
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_by: UUID | None = Field(default=None, index=True)
    created_at: datetime = _now()
    expires_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    revoked_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    last_used_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
