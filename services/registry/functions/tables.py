"""Tables of the Register of Functions. A version's functions are immutable once it is adopted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.registry.base import Base
from services.registry.functions.domain import Decision, FinancedFrom, FunctionLevel, RegisterStatus
from shared.db.tables import one_of
from shared.values import Origin


def _now() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now()))


class FunctionRegister(Base, table=True):
    """One version of the whole register. At most one is open: drafted or before the commission."""

    __tablename__ = "function_register"
    __table_args__ = (
        CheckConstraint(one_of("status", RegisterStatus), name="status"),
        CheckConstraint("open = (status <> 'adopted')", name="open"),
        CheckConstraint(
            "(status = 'adopted') = (act_id IS NOT NULL AND valid_from IS NOT NULL)", name="adopted"
        ),
        CheckConstraint("valid_to > valid_from", name="days"),
        Index("uq_function_register_open", "open", unique=True, postgresql_where=text("open")),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(unique=True)
    status: str
    open: bool
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    valid_from: date | None = None
    valid_to: date | None = None
    submitted_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = _now()


class FunctionEntry(Base, table=True):
    """A function in one version of the register; `function_id` is the same in all of them."""

    __tablename__ = "function_entry"
    __table_args__ = (
        CheckConstraint(one_of("level", FunctionLevel), name="level"),
        CheckConstraint(one_of("financed_from", FinancedFrom), name="financed_from"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        UniqueConstraint("register_id", "code"),
        Index("ix_function_entry_sort_key", "register_id", "sort_key", "function_id"),
        Index("ix_function_entry_body", "body_id", "register_id"),
        Index("ix_function_entry_services", "services", postgresql_using="gin"),
    )

    register_id: UUID = Field(primary_key=True, foreign_key="function_register.id")
    function_id: UUID = Field(primary_key=True)
    code: str
    body_id: UUID = Field(foreign_key="organisation.id")
    name: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    sort_key: str
    level: str
    financed_from: str | None = None
    act_id: UUID | None = Field(default=None, foreign_key="legal_act.id", index=True)
    provision: str | None = None
    services: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    dropped: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    origin: str
    source: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    updated_at: datetime = _now()


class FunctionDecision(Base, table=True):
    """What the Interdepartmental Commission decided on a function. A later decision takes the place of an earlier one,
    which is kept."""

    __tablename__ = "function_decision"
    __table_args__ = (
        CheckConstraint(one_of("decision", Decision), name="decision"),
        CheckConstraint("(decision = 'transfer') = (target_id IS NOT NULL)", name="target"),
        CheckConstraint("(decision = 'change') = (change IS NOT NULL)", name="change"),
        Index("ix_function_decision_function", "register_id", "function_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    register_id: UUID = Field(foreign_key="function_register.id")
    function_id: UUID
    decision: str
    number: str
    decided_on: date
    target_id: UUID | None = Field(default=None, foreign_key="organisation.id", index=True)
    change: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True)
    )
    recorded_at: datetime = _now()
