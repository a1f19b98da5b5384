"""Rules of legal acts: no I/O."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from shared.http.errors import FieldError


class ActKind(StrEnum):
    LAW = "law"
    PRESIDENTIAL_DECREE = "presidential_decree"
    GOVERNMENT_DECREE = "government_decree"
    CABINET_DECREE = "cabinet_decree"
    MINISTRY_ORDER = "ministry_order"
    AGENCY_ORDER = "agency_order"
    LOCAL_COUNCIL_DECREE = "local_council_decree"
    LOCAL_ORDER = "local_order"
    EVENT = "event"
    """No act, but a dated event the register refers to."""


class ActStatus(StrEnum):
    UNKNOWN = "unknown"
    IN_FORCE = "in_force"
    REPEALED = "repealed"


YEARS_AHEAD = 10
"""How far ahead a day of law may lie: longer than any transition a law has given so far."""


def act_problems(
    signed: date, published: date | None, in_force: date | None, *, retroactive: bool, today: date
) -> list[FieldError]:
    """What is wrong between the dates of an act; pointers lead into it."""
    found = []
    for name, day in (("date", signed), ("published_on", published)):
        if day is not None and day > today:
            found.append(
                FieldError(f"/{name}", "An act of a later date cannot be recorded yet.", "in_future")
            )
    if published is not None and published < signed:
        found.append(
            FieldError("/published_on", "Published before it was signed.", "published_before_signed")
        )
    if in_force is not None:
        if in_force > far_ahead(today):
            found.append(FieldError("/in_force_from", "Too far ahead.", "too_far_ahead"))
        if in_force < (published or signed) and not retroactive:
            found.append(
                FieldError(
                    "/in_force_from",
                    "In force before it was published: name the provision that says so.",
                    "retroactive_without_basis",
                )
            )
    return found


def far_ahead(today: date) -> date:
    """The last day of law that is believed."""
    return date(today.year + YEARS_AHEAD, 12, 31)


def issuer_key(issuer: Mapping[str, str]) -> str:
    """What tells two issuers apart: many councils adopt a "No. 5" on the same day."""
    for language in ("ru", "ky", *sorted(issuer)):
        if language in issuer:
            return " ".join(issuer[language].casefold().split())
    return ""
