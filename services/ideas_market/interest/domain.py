"""Rules of reservations: no I/O."""

from enum import StrEnum
from uuid import UUID

from shared.http.errors import Conflict, FieldError, Forbidden, Invalid
from shared.values import Money


class ReservationState(StrEnum):
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FULFILLED = "fulfilled"


class OwnIdea(Forbidden):
    """An organisation cannot reserve its own idea."""

    code = "own_idea"


class NotTheDonor(Forbidden):
    """Only the donor decides on its reservation."""

    code = "not_the_donor"


class IdeaNotOpen(Conflict):
    """The idea is not open for reservations: another donor holds it, or it has left the market."""

    code = "idea_not_open"


class ReservationEnded(Conflict):
    """The reservation has ended."""

    code = "reservation_ended"


def check_donor(donor: UUID, owner: UUID) -> None:
    """Raises OwnIdea (403)."""
    if donor == owner:
        raise OwnIdea


def check_pledge(pledge: Money, requested: Money) -> None:
    """More than nothing, in the idea's currency, at most what it asks for. Raises Invalid (422)."""
    errors: list[FieldError] = []
    if pledge.amount <= 0:
        errors.append(FieldError("/pledge/amount", "A pledge must be above 0.", "pledge_not_positive"))
    if pledge.currency != requested.currency:
        errors.append(
            FieldError(
                "/pledge/currency",
                "The pledge must be in the idea's currency.",
                "pledge_currency",
                {"expected": requested.currency},
            )
        )
    elif pledge.amount > requested.amount:
        errors.append(
            FieldError(
                "/pledge/amount",
                f"The idea asks for {requested.amount}.",
                "pledge_too_large",
                {"requested": str(requested.amount)},
            )
        )
    if errors:
        raise Invalid(errors=errors)


def check_active(state: str) -> None:
    """Raises ReservationEnded (409)."""
    if state != ReservationState.ACTIVE:
        raise ReservationEnded(state=state)
