"""Whether an act is in force on a day, out of what is known of it: pure. The one rule every answer rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.registry.legal.domain import ActStatus, EffectKind


class Force(StrEnum):
    """The status of an act on one day."""

    NOT_YET_IN_FORCE = "not_yet_in_force"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    REPEALED = "repealed"
    UNKNOWN = "unknown"
    """Signed, and nobody recorded whether it is in force."""


BROKEN = (Force.NOT_YET_IN_FORCE, Force.SUSPENDED, Force.REPEALED)
"""What a citation cannot rest on."""


@dataclass(frozen=True, slots=True)
class Met:
    """An effect an act meets: suspended from `since` to before `until` (None: until further notice), or repealed from
    `since` on."""

    kind: EffectKind
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of an act. `stated` is what a source says; `recorded_on` the day it came into the register."""

    signed: date
    in_force_from: date | None
    stated: ActStatus
    recorded_on: date
    met: tuple[Met, ...] = ()

    @property
    def begins(self) -> date:
        return self.in_force_from or self.signed

    @property
    def repealed_on(self) -> date | None:
        return min((one.since for one in self.met if one.kind is EffectKind.REPEALS), default=None)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` inclusive (None: ever) to `end` exclusive (None: for ever)."""

    start: date | None
    end: date | None
    force: Force


def force_on(life: Life, day: date) -> Force:
    """A repeal with a date wins over everything; one that is only stated counts since it was recorded, and says nothing
    of the days before. What is repealed by a known act was in force until then."""
    repealed_on = life.repealed_on
    if repealed_on is not None and repealed_on <= day:
        return Force.REPEALED
    if day < life.begins:
        return Force.NOT_YET_IN_FORCE
    if repealed_on is None and life.stated is ActStatus.REPEALED:
        return Force.REPEALED if day >= life.recorded_on else Force.UNKNOWN
    if any(_suspends(one, day) for one in life.met):
        return Force.SUSPENDED
    known = repealed_on is not None or life.in_force_from is not None or life.stated is ActStatus.IN_FORCE
    return Force.IN_FORCE if known else Force.UNKNOWN


def periods(life: Life) -> list[Period]:
    """All of time in order, cut where the status changes; neighbours differ."""
    found: list[Period] = []
    cuts = sorted(set(_cuts(life)))
    starts = [None, *cuts]
    ends = [*cuts, None]
    for start, end in zip(starts, ends, strict=True):
        force = force_on(life, start) if start is not None else force_on(life, date.min)
        if found and found[-1].force is force:
            found[-1] = Period(found[-1].start, end, force)
        else:
            found.append(Period(start, end, force))
    return found


def _cuts(life: Life) -> Iterator[date]:
    yield life.begins
    yield life.recorded_on
    for one in life.met:
        yield one.since
        if one.until is not None:
            yield one.until


def _suspends(one: Met, day: date) -> bool:
    return one.kind is EffectKind.SUSPENDS and one.since <= day and (one.until is None or day < one.until)
