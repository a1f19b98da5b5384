"""Tables of bodies: states they had, former codes, reorganisations, mandates, identifiers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.registry.access.domain import OrganisationKind
from services.registry.base import Base
from services.registry.bodies.domain import BodyChangeKind, IdentifierScheme
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class BodyPast(Base, table=True):
    """A state a body had before `valid_to`; since `valid_from`, or for as long as anybody knows."""

    __tablename__ = "body_past"
    __table_args__ = (
        CheckConstraint(one_of("kind", OrganisationKind), name="kind"),
        CheckConstraint("valid_to > valid_from", name="days"),
    )

    body_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    valid_to: date = Field(primary_key=True)
    valid_from: date | None = None
    code: str
    kind: str
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    sort_key: str
    territory_code: str | None = None
    parent_id: UUID | None = Field(default=None, foreign_key="organisation.id")


class BodyCode(Base, table=True):
    """A code a body had: it stays readable and is never given again."""

    __tablename__ = "body_code"

    code: str = Field(primary_key=True)
    body_id: UUID = Field(foreign_key="organisation.id", index=True)
    valid_to: date


class Reorganisation(Base, table=True):
    __tablename__ = "reorganisation"
    __table_args__ = (
        CheckConstraint(one_of("origin", Origin), name="origin"),
        Index("ix_reorganisation_day", "happened_on", "id"),
    )

    id: UUID = Field(primary_key=True)
    happened_on: date
    act_id: UUID = Field(foreign_key="legal_act.id", index=True)
    origin: str
    source: str | None = None
    recorded_at: datetime = _now()


class BodyRelation(Base, table=True):
    """One change of a reorganisation. A founding has no predecessor, a closure no successor."""

    __tablename__ = "body_relation"
    __table_args__ = (CheckConstraint(one_of("kind", BodyChangeKind), name="kind"),)

    reorganisation_id: UUID = Field(primary_key=True, foreign_key="reorganisation.id")
    place: int = Field(primary_key=True)
    kind: str
    predecessor_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    successor_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)


class BodyMandate(Base, table=True):
    __tablename__ = "body_mandate"
    __table_args__ = (
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("valid_to > valid_from", name="days"),
        Index("ix_body_mandate_body", "body_id", "valid_from", "id"),
    )

    id: UUID = Field(primary_key=True)
    body_id: UUID = Field(foreign_key="organisation.id")
    text: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    act_id: UUID = Field(foreign_key="legal_act.id", index=True)
    provision: str | None = None
    valid_from: date
    valid_to: date | None = None
    origin: str
    recorded_at: datetime = _now()


class BodyIdentifier(Base, table=True):
    __tablename__ = "body_identifier"
    __table_args__ = (
        CheckConstraint(one_of("scheme", IdentifierScheme), name="scheme"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        Index(
            "uq_body_identifier_value",
            "scheme",
            "value",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(
            "uq_body_identifier_scheme",
            "body_id",
            "scheme",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    body_id: UUID = Field(foreign_key="organisation.id", index=True)
    scheme: str
    value: str
    valid_from: date | None = None
    valid_to: date | None = None
    origin: str
    source: str
    recorded_at: datetime = _now()
