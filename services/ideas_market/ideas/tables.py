"""Tables of ideas."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Numeric, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field

from services.ideas_market.base import Base
from services.ideas_market.ideas.domain import State
from shared.db.tables import one_of
from shared.search import FORM
from shared.values import Origin


def _json(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(JSONB, nullable=nullable))


def _amount() -> Any:
    return Field(default=None, sa_column=Column(Numeric(18, 2), nullable=True))


class Idea(Base, table=True):
    """`currency` and the amounts are the sums of the proposal's lines, null while they cannot be summed."""

    __tablename__ = "idea"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint(one_of("origin", Origin), name="origin"),
        CheckConstraint(
            "CASE state WHEN 'draft' THEN published_at IS NULL WHEN 'withdrawn' THEN true "
            "ELSE published_at IS NOT NULL END",
            name="published_at",
        ),
        CheckConstraint(
            "published_at IS NULL OR (requested_amount > 0 AND own_amount >= 0 AND place IS NOT NULL "
            "AND budget_amount = own_amount + requested_amount AND currency IS NOT NULL)",
            name="published_whole",
        ),
        # Ideas are written rarely and searched often: no list of pending entries is searched first.
        Index("ix_idea_search", "search", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index(
            "ix_idea_search_words",
            "search_words",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
            postgresql_ops={"search_words": "gin_trgm_ops"},
        ),
        Index(
            "ix_idea_published_at", "published_at", "id", postgresql_where=text("published_at IS NOT NULL")
        ),
        Index("ix_idea_organisation_id", "organisation_id", "id"),
        Index("ix_idea_municipality_code", "municipality_code"),
        Index("ix_idea_sector", "sector"),
        Index("ix_idea_indicator_code", "indicator_code"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    organisation_id: UUID
    title: dict[str, str] = _json(nullable=False)
    summary: dict[str, str] | None = _json()
    sector: str | None = None
    municipality_code: str | None = None
    place: dict[str, Any] | None = _json()
    """The municipality as it was known when the idea was published."""
    indicator_code: str | None = None
    indicator: dict[str, Any] | None = _json()
    """The cited result with its value, as copied from the published run."""
    proposal: dict[str, Any] = _json(nullable=False)
    """What only the idea's own page shows: problem, goal, activities, lines, contribution, beneficiaries."""
    currency: str | None = None
    budget_amount: Decimal | None = _amount()
    own_amount: Decimal | None = _amount()
    requested_amount: Decimal | None = _amount()
    state: str = Field(default=State.DRAFT, sa_column_kwargs={"server_default": "draft"})
    origin: str
    published_at: datetime | None = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=True)
    )
    search: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
    search_words: str = Field(sa_column=Column(Text, nullable=False))
    """Every word and stem once, folded: what misspelt words are compared with."""
    search_names: list[Any] | None = _json()
    """The names of municipality and organisation that are among the words searched."""
    search_form: int = Field(default=FORM, sa_column_kwargs={"server_default": text("1")})
    """The form of the index (`shared.search.FORM`) that `search` was written in."""
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    created_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    updated_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class IdeaNumber(Base, table=True):
    """The last number given out in a year. Its row lock orders the takers, and a rollback gives the number back."""

    __tablename__ = "idea_number"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
