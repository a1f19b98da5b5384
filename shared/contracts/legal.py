"""What the registry says of legal acts, and of the working days they fix."""

import datetime as dt
from datetime import date
from uuid import UUID

from shared.contracts.structure import Slug, Text, Value
from shared.messaging.contract import EventPayload
from shared.values import Origin


class ActPeriod(Value):
    """Days on which an act has one status, from `valid_from` inclusive (null: ever) to `valid_to` exclusive."""

    status: Slug
    valid_from: date | None = None
    valid_to: date | None = None


class AffectedAct(Value):
    id: UUID
    kind: Slug
    number: str
    date: date


class ActEffect(Value):
    """One act amends, restates, suspends or repeals another; `act` is the other one."""

    id: UUID
    kind: Slug
    act: AffectedAct
    since: date | None = None
    """Null: nobody knows the day."""
    until: date | None = None
    provision: str | None = None
    origin: Origin


class ActLink(Value):
    site: Slug
    url: str


class ActState(EventPayload):
    """A legal act the register rests on. A standard names the one that adopted it in `act`.

    On which days it is in force say `periods`: they cover all of time, so it comes into force without an event."""

    kind: Slug
    number: str
    date: date
    published_on: dt.date | None = None
    in_force_from: dt.date | None = None
    issuer: Text
    title: Text = {}
    effect: str | None = None
    """What it does for the register."""
    status: Slug
    """On the day of the event."""
    stated_status: Slug = "unknown"
    """What a source says without a day."""
    status_note: str | None = None
    periods: tuple[ActPeriod, ...] = ()
    affects: tuple[ActEffect, ...] = ()
    affected_by: tuple[ActEffect, ...] = ()
    url: str | None = None
    links: tuple[ActLink, ...] = ()
    origin: Origin
    source: str | None = None


class Day(Value):
    """One day that differs from the rule Monday–Friday."""

    date: date
    working: bool
    name: Text
    source: str


class CalendarYear(EventPayload):
    """All exceptional days of one year. `decreed` is false while the Cabinet has not fixed the year."""

    year: int
    decreed: bool
    days: tuple[Day, ...]
