"""Rules of legal acts: no I/O."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

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
    """What a source says of an act, without saying since when."""

    UNKNOWN = "unknown"
    IN_FORCE = "in_force"
    REPEALED = "repealed"


class EffectKind(StrEnum):
    """What an act does to an earlier one."""

    AMENDS = "amends"
    RESTATES = "restates"
    """Puts a whole new edition in its place; the act stays the same."""
    SUSPENDS = "suspends"
    REPEALS = "repeals"


DATED_EFFECTS = frozenset({EffectKind.SUSPENDS, EffectKind.REPEALS})
"""Effects that change whether the act is in force, and so need their day."""

RANKS: dict[ActKind, int] = {
    ActKind.LAW: 5,
    ActKind.PRESIDENTIAL_DECREE: 4,
    ActKind.CABINET_DECREE: 3,
    ActKind.GOVERNMENT_DECREE: 3,
    ActKind.MINISTRY_ORDER: 2,
    ActKind.AGENCY_ORDER: 2,
    ActKind.LOCAL_COUNCIL_DECREE: 1,
    ActKind.LOCAL_ORDER: 0,
}
"""Legal force: an act changes acts of its own rank and below. An event is no act and has none."""


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


def effect_problems(
    kind: EffectKind,
    act: Mapping[str, Any],
    target: Mapping[str, Any],
    since: date | None,
    until: date | None,
    today: date,
    *,
    retroactive: bool,
) -> list[FieldError]:
    """What is wrong with an effect of one act on another (rows of both: id, kind, date, in_force_from); pointers lead
    into its request. No act touches what is adopted later, and none is repealed before it was adopted."""
    if act["id"] == target["id"]:
        return [FieldError("/target_id", "An act does nothing to itself.", "own_act")]
    rank, other = (RANKS.get(ActKind(one["kind"])) for one in (act, target))
    if rank is None or other is None:
        return [FieldError("/target_id", "An event is no act.", "no_act")]
    found = []
    if rank < other:
        found.append(FieldError("/target_id", "An act of lower force cannot do this to it.", "lower_act"))
    if act["date"] < target["date"]:
        found.append(FieldError("/target_id", "It was adopted later than the act.", "adopted_later"))
    if since is None:
        if kind in DATED_EFFECTS:
            found.append(FieldError("/since", "Say from which day.", "missing"))
    else:
        found += _day_problems(act, target, since, today, retroactive=retroactive)
    if until is not None and kind is not EffectKind.SUSPENDS:
        found.append(FieldError("/until", "Only a suspension ends.", "only_suspension_ends"))
    elif until is not None and since is not None and until <= since:
        found.append(FieldError("/until", "Must be after since.", "not_after_since"))
    return found


def _day_problems(
    act: Mapping[str, Any], target: Mapping[str, Any], since: date, today: date, *, retroactive: bool
) -> list[FieldError]:
    if since < target["date"]:
        return [FieldError("/since", "The act was not adopted yet on that day.", "before_adoption")]
    begun = in_force_since(act)
    if since < begun and not retroactive:
        return [
            FieldError(
                "/since",
                f"The act is in force since {begun} only; name the provision that reaches back.",
                "before_its_act",
                {"since": begun.isoformat()},
            )
        ]
    if since > far_ahead(today):
        return [FieldError("/since", "Too far ahead.", "too_far_ahead")]
    return []


def in_force_since(act: Mapping[str, Any]) -> date:
    """The day an act comes into force; where nobody recorded one, the day it was signed."""
    found: date = act["in_force_from"] or act["date"]
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
