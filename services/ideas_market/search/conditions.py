"""WHERE clauses of a search. What was not asked for does not reach the planner."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.ideas_market.ideas.domain import ON_THE_MARKET, State
from shared.db.conditions import Where


@dataclass(frozen=True, slots=True)
class Filters:
    """All that are given must hold. `viewer` is the organisation whose drafts may be asked for."""

    sector: str | None = None
    municipality: str | None = None
    within: str | None = None
    indicator: str | None = None
    max_requested: Decimal | None = None
    currency: str = "KGS"
    state: State | None = None
    viewer: UUID | None = None


def where(filters: Filters) -> Where:
    found = Where()
    _visible(found, filters)
    found.given("i.sector = {}", filters.sector)
    found.given("i.municipality_code = {}", filters.municipality)
    found.given("i.indicator_code = {}", filters.indicator)
    found.given(
        "i.municipality_code IN (SELECT code FROM territory WHERE path @> ARRAY[{}::text])", filters.within
    )
    if filters.max_requested is not None:  # amounts in other currencies are not comparable
        found.add("i.currency = {} AND i.requested_amount <= {}", filters.currency, filters.max_requested)
    return found


def _visible(found: Where, filters: Filters) -> None:
    if filters.state is State.DRAFT:
        found.add("i.state = 'draft' AND i.organisation_id = {}", filters.viewer)
        return
    found.add("i.published_at IS NOT NULL")
    wanted = [filters.state] if filters.state else list(ON_THE_MARKET)
    found.add("i.state = ANY({}::text[])", wanted)
