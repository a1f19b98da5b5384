"""Tables of legal acts: the acts, what they do to each other, on which days each is in force, and who cites them."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from services.registry.base import Base
from services.registry.legal.domain import ActKind, ActStatus, EffectKind
from services.registry.legal.periods import Force
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class LegalAct(Base, table=True):
    """`status` is what a source says of it; on which days it is in force says `legal_act_force`. `recorder_id` is the
    organisation that may correct it; NULL: the platform."""

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
    issuer: dict[str, str] = _json()
    issuer_key: str
    title: dict[str, str] = _json()
    effect: str | None = None
    status: str
    status_note: str | None = None
    url: str | None = None
    links: list[dict[str, str]] = Field(
        sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    origin: str
    source: str | None = None
    published_on: dt.date | None = None
    in_force_from: dt.date | None = None
    retroactive_basis: str | None = None
    recorder_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: dt.datetime = _now()


class LegalActEffect(Base, table=True):
    """What one act does to another. A record that was wrong is withdrawn, never deleted."""

    __tablename__ = "legal_act_effect"
    __table_args__ = (
        CheckConstraint(one_of("kind", EffectKind), name="kind"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint("act_id <> target_id", name="other_act"),
        CheckConstraint("kind IN ('amends', 'restates') OR since IS NOT NULL", name="since"),
        CheckConstraint("until IS NULL OR kind = 'suspends' AND until > since", name="until"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason IS NULL)", name="withdrawn"),
        Index(
            "uq_legal_act_effect_believed",
            "act_id",
            "target_id",
            "kind",
            "since",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index("ix_legal_act_effect_act", "act_id", "id"),
        Index("ix_legal_act_effect_target", "target_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    act_id: UUID = Field(foreign_key="legal_act.id")
    target_id: UUID = Field(foreign_key="legal_act.id")
    kind: str
    since: dt.date | None = None
    until: dt.date | None = None
    provision: str | None = None
    retroactive_basis: str | None = None
    origin: str
    source: str | None = None
    recorded_at: dt.datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    withdrawn_at: dt.datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    withdrawal_reason: str | None = None


class LegalActForce(Base, table=True):
    """The status of an act on the days of `valid`, as the register believed during `recorded`."""

    __tablename__ = "legal_act_force"
    __table_args__ = (
        CheckConstraint(one_of("status", Force), name="status"),
        ExcludeConstraint(
            ("act_id", "="),
            ("valid", "&&"),
            ("recorded", "&&"),
            name="ex_legal_act_force_one_status",
            using="gist",
        ),
        Index("ix_legal_act_force_believed", "act_id", postgresql_where=text("upper_inf(recorded)")),
    )

    act_id: UUID = Field(primary_key=True, foreign_key="legal_act.id")
    recorded: Any = Field(sa_column=Column(TSTZRANGE, primary_key=True))
    valid: Any = Field(sa_column=Column(DATERANGE, primary_key=True))
    status: str


class LegalCitation(Base, table=True):
    """A row of the register that rests on a provision of an act; `place` is a JSON pointer into the row."""

    __tablename__ = "legal_citation"
    __table_args__ = (Index("ix_legal_citation_act", "act_id"),)

    object_type: str = Field(primary_key=True)
    object_id: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True)
    act_id: UUID = Field(foreign_key="legal_act.id")
    article: str | None = None
    part: str | None = None
    point: str | None = None
    quote: dict[str, str] = _json()
