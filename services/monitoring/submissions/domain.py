"""Rules of visits: states, dates that fit together. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from shared.auth.principal import Kind
from shared.http.errors import Conflict, FieldError, Forbidden, Invalid

EARLIEST = date(2000, 1, 1)


class SubmissionState(StrEnum):
    RECEIVED = "received"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


CHECKED_AGAIN = (SubmissionState.RECEIVED, SubmissionState.APPROVED)
"""States in which a late fact or the passing of a day still matters."""


class Reason(StrEnum):
    """Why a visit is rejected or no longer counts. A code, because events carry it and must carry no free text."""

    DUPLICATE = "duplicate"
    INCOMPLETE = "incomplete"
    IMPLAUSIBLE = "implausible"
    WRONG_SERVICE = "wrong_service"
    FABRICATED = "fabricated"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OTHER = "other"


class Flag(StrEnum):
    """What a coordinator should look at before approving. A flag refuses nothing: what was seen was seen."""

    OUTSIDE_CAMPAIGN_PERIOD = "outside_campaign_period"


def flags_of(applied_on: date, starts_on: date, ends_on: date) -> list[Flag]:
    """`starts_on` and `ends_on` are the first and the last day of the campaign."""
    return [] if starts_on <= applied_on <= ends_on else [Flag.OUTSIDE_CAMPAIGN_PERIOD]


class OwnSubmission(Forbidden):
    """Who made a visit does not count it: another coordinator has to."""

    code = "own_submission"


BOTH_ROLES = frozenset({"monitor", "coordinator"})


def check_other_eyes(kind: Kind, roles: frozenset[str]) -> None:
    """For who made a visit and would have it counted. Raises OwnSubmission.

    A system whose key was given both roles by name may: whoever gave them knew that nobody looks at its visits, and
    the audit trail says so. The scopes alone do not tell, because a coordinator's include a monitor's."""
    if kind is not Kind.SYSTEM or not roles >= BOTH_ROLES:
        raise OwnSubmission


class WrongSubmissionState(Conflict):
    """The visit's present state does not allow this."""

    code = "wrong_submission_state"


_ALLOWED: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.APPROVED: frozenset({SubmissionState.RECEIVED}),
    SubmissionState.REJECTED: frozenset({SubmissionState.RECEIVED}),
    SubmissionState.WITHDRAWN: frozenset({SubmissionState.RECEIVED, SubmissionState.APPROVED}),
}


def move(current: str, wanted: SubmissionState) -> SubmissionState:
    """Raises WrongSubmissionState unless `wanted` may follow `current`."""
    if current not in _ALLOWED[wanted]:
        raise WrongSubmissionState(state=current)
    return wanted


def check_amendable(current: str) -> None:
    if current not in CHECKED_AGAIN:
        raise WrongSubmissionState(state=current)


@dataclass(frozen=True, slots=True)
class Times:
    applied_on: date
    applied_at: time | None
    term_started_on: date | None
    delivered_on: date | None
    delivered_at: time | None


def check_times(times: Times, today: date) -> None:
    """Raises Invalid (422) with every date that cannot be true."""
    errors = list(_impossible(times, today))
    if errors:
        raise Invalid(errors=errors)


def _impossible(times: Times, today: date) -> Iterator[FieldError]:
    for name in ("applied_on", "term_started_on", "delivered_on"):
        day: date | None = getattr(times, name)
        if day is None:
            continue
        if day > today:
            yield FieldError(f"/{name}", "Must not lie in the future.", "in_future")
        elif day < EARLIEST:
            yield FieldError(f"/{name}", f"Must not be before {EARLIEST}.", "too_early")
        elif day < times.applied_on:
            yield FieldError(f"/{name}", "Must not be before applied_on.", "before_application")
    if times.delivered_on is None:
        if times.delivered_at is not None:
            yield FieldError("/delivered_at", "Needs delivered_on.", "needs_delivered_on")
        return
    if times.term_started_on is not None and times.delivered_on < times.term_started_on:
        yield FieldError("/delivered_on", "Must not be before term_started_on.", "before_term_start")
    same_day = times.delivered_on == times.applied_on
    if same_day and times.applied_at and times.delivered_at and times.delivered_at < times.applied_at:
        yield FieldError("/delivered_at", "Must not be before applied_at.", "before_application")
