"""What the rules compare and what they say: a visit's raw facts, a ruling on one criterion, the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Any

from shared.contracts.monitoring import Check, StandardUsed, Verdict
from shared.values import Money


@dataclass(frozen=True, slots=True)
class Visit:
    """What the monitor saw. `None` means not recorded; an empty list means there was nothing."""

    place: tuple[str, ...]
    """SOATE codes from the country down to where the service was asked for."""
    applied_on: date
    delivered_on: date | None = None
    tier: str | None = None
    channel: str | None = None
    """How the service was asked for. A tier holds for its own channel only."""
    applicant: str | None = None
    """A category that a fee may exempt and a tier may be for; none: the ordinary applicant."""
    applied_at: time | None = None
    delivered_at: time | None = None
    term_started_on: date | None = None
    """The day documents were complete or the fee was paid, where the standard counts from there."""
    fees_paid: tuple[Money, ...] | None = None
    documents_asked: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict on one criterion with its stable reason code and what was compared."""

    verdict: Verdict
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    recheck_on: date | None = None
    """First day on which time alone may change the verdict."""
    provisional: bool = False
    calendar: Mapping[int, int] = field(default_factory=dict)
    """Year → version of the calendar whose days were counted; 0: the registry has not told of it."""


def undetermined(reason: str, facts: Mapping[str, Any] | None = None) -> Ruling:
    return Ruling(Verdict.UNDETERMINED, reason, facts or {})


class CheckState(StrEnum):
    PENDING = "pending"
    """No standard of the service has arrived yet; there is nothing to compare with."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A checked visit. `verdict` is None while the check is pending."""

    state: CheckState
    verdict: Verdict | None = None
    checks: tuple[Check, ...] = ()
    standard: StandardUsed | None = None
    provisional: bool = False
    """Days of a year were counted that is not decreed yet."""
    calendar: Mapping[int, int] = field(default_factory=dict)
    recheck_on: date | None = None
    asked: list[str] | None = None
    """The documents that were asked, in codes and marks instead of words."""
