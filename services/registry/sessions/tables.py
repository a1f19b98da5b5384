"""Tables of sessions: who signed in, and the refresh tokens of each session as hashes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, text
from sqlmodel import Field

from services.registry.base import Base
from services.registry.sessions.domain import EndReason
from shared.db.tables import one_of


def _moment(*, nullable: bool = False) -> Any:
    column: Column[Any] = Column(DateTime(timezone=True), nullable=nullable)
    return Field(default=None, sa_column=column) if nullable else Field(sa_column=column)


class SignInSession(Base, table=True):
    """`id` is the `cid` of its tokens. It ends at `expires_at`, however often it is refreshed."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint(one_of("end_reason", EndReason), name="end_reason"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        Index("ix_sign_in_session_person_id", "person_id", "id"),
        Index("ix_sign_in_session_expires_at", "expires_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    issuer: str
    created_at: datetime = _moment()
    used_at: datetime = _moment()
    expires_at: datetime = _moment()
    ended_at: datetime | None = _moment(nullable=True)
    end_reason: str | None = None


class RefreshToken(Base, table=True):
    """One that was used stays until its session is forgotten: shown again, it tells that it was stolen."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        Index("uq_refresh_token_live", "session_id", unique=True, postgresql_where=text("used_at IS NULL")),
    )

    token_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    session_id: UUID = Field(foreign_key="sign_in_session.id", index=True, ondelete="CASCADE")
    issued_at: datetime = _moment()
    expires_at: datetime = _moment()
    used_at: datetime | None = _moment(nullable=True)
