"""Events of the market of community project ideas: ideas, reservations, pledges."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.audit import audit_head
from shared.contracts.erasure import erasure_completed
from shared.messaging.contract import Audience, EventPayload, EventType
from shared.values import Money, Origin, Place, Reference


class IndicatorCited(BaseModel):
    """The published result an idea answers to: the link from a score to a project.

    A quotation: the municipality is called as the published run calls it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    code: str
    run_id: UUID
    municipality: Place
    normalised: float | None = None
    missing_reason: str | None = None


class IdeaState(EventPayload):
    code: str
    title: dict[str, str]
    summary: dict[str, str]
    sector: str
    organisation: Reference
    municipality: Place
    indicator: IndicatorCited | None = None
    budget: Money
    own_contribution: Money
    requested: Money
    state: str
    published_at: datetime
    origin: Origin


class ReservationState(EventPayload):
    """A donor's exclusive hold on an idea, with what it pledges."""

    idea: Reference
    organisation: Reference
    """Whose idea it is."""
    donor: Reference
    pledge: Money
    state: str
    expires_at: datetime


IDEA_PUBLISHED = EventType(
    "ideas_market.idea.published.v1", IdeaState, Audience.PUBLIC, "An idea entered the market"
)
IDEA_CHANGED = EventType(
    "ideas_market.idea.changed.v1", IdeaState, Audience.PUBLIC, "An idea was edited or its state changed"
)
RESERVATION_MADE = EventType(
    "ideas_market.reservation.made.v1", ReservationState, Audience.ORGANISATIONS, "A donor reserved an idea"
)
RESERVATION_ENDED = EventType(
    "ideas_market.reservation.ended.v1",
    ReservationState,
    Audience.ORGANISATIONS,
    "A reservation expired, was withdrawn or turned into funding",
)
ERASURE_COMPLETED = erasure_completed("ideas_market")
AUDIT_CHAINED = audit_head("ideas_market")
EVENTS = (IDEA_PUBLISHED, IDEA_CHANGED, RESERVATION_MADE, RESERVATION_ENDED, ERASURE_COMPLETED, AUDIT_CHAINED)
