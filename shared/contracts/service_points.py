"""Payloads of service points: a part of the registry's language, told apart because they are many."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.messaging.contract import EventPayload
from shared.values import Origin, Place, Reference

Text = dict[str, str]
"""BCP-47 tag → text."""
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


TimeOfDay = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Local time in Bishkek; "24:00" ends a day."""


class OpenSpan(Value):
    """From `opens` to `closes` of one day."""

    opens: TimeOfDay
    closes: TimeOfDay


class HoursRule(Value):
    """Open from `opens` to `closes`, less the breaks, on the days of the rule."""

    rrule: str
    """Recurrence rule of RFC 5545, whole days: `FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR`."""
    starts_on: date | None = None
    """The rule's DTSTART; null: since ever."""
    opens: TimeOfDay
    closes: TimeOfDay
    breaks: tuple[OpenSpan, ...] = ()


class HoursException(Value):
    """One day on which the rules do not hold; without spans it is closed."""

    day: date
    spans: tuple[OpenSpan, ...] = ()
    note: Text = {}


class PointHours(Value):
    """Opening hours. The days of public holidays are those of `registry.calendar.changed.v1`."""

    time_zone: str = "Asia/Bishkek"
    rules: tuple[HoursRule, ...] = ()
    exceptions: tuple[HoursException, ...] = ()
    public_holidays: Slug = "closed"
    """`closed`, `as_usual`, or `unknown`."""


class OfficePhone(Value):
    """A public telephone of the office: E.164, or a short number within the country ("119")."""

    number: str
    note: Text = {}


class PointVolume(Value):
    """How much was done there in a year."""

    year: int
    measure: Slug
    number: int = Field(ge=0)
    origin: Origin
    source: str | None = None


class OfferedService(Value):
    """A service given at a point; `hours` only where they differ from the point's."""

    service: Reference
    hours: PointHours | None = None
    channel_note: Text = {}


class ServicePointState(EventPayload):
    """A place where services are given. Of one that is shown by area only no exact place exists here, so `territory`
    is all there is."""

    code: str
    kind: Slug
    name: Text
    body: Reference
    visibility: Slug
    territory: Place | None = None
    located_at: Text = {}
    """Street and house, or what people find it by."""
    latitude: float | None = None
    longitude: float | None = None
    precision: Slug
    """`exact`, `street`, `settlement` (no distance can be told) or `unknown`."""
    hours: PointHours | None = None
    phones: tuple[OfficePhone, ...] = ()
    languages: tuple[str, ...] = ()
    accessibility: tuple[Slug, ...] = ()
    services: tuple[OfferedService, ...] = ()
    volumes: tuple[PointVolume, ...] = ()
    missing: tuple[str, ...] = ()
    opened_on: date | None = None
    closed_on: date | None = None
    """First day on which it is no more."""
    note: str | None = None
    origin: Origin
    source: str | None = None
