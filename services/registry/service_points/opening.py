"""Whether a point is open, and when it opens next: pure, over its hours and the registry's calendar."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.registry.service_points.recurrence import occurs, read
from shared.calendar import WorkingCalendar
from shared.clock import BISHKEK
from shared.contracts.service_points import OpenSpan, PointHours

DAY = 24 * 60
FARTHEST = 370
"""Days ahead a next opening is looked for: a rule that holds once a year is found."""
LONGEST = 8
"""Days an opening without a break is followed: after that it is said to be open without an end."""

Minutes = tuple[int, int]
"""From (inclusive) to (exclusive), in minutes of the day."""


class OnHolidays(StrEnum):
    """What the hours say of public holidays."""

    CLOSED = "closed"
    AS_USUAL = "as_usual"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Opening:
    """`open` is None where nobody knows. `provisional`: a day it depends on may still be moved by decree."""

    open: bool | None
    until: datetime | None = None
    next: datetime | None = None
    provisional: bool = False


def minutes(text: str) -> int:
    """Minutes of the day: "09:30" is 570, "24:00" is 1440."""
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def day_spans(hours: PointHours, day: date, calendar: WorkingCalendar) -> list[Minutes] | None:
    """When it is open on a day, in order and apart from each other; None where nobody knows. An exception for the day
    says it all; else a public holiday counts as the hours say."""
    for exception in hours.exceptions:
        if exception.day == day:
            return _merged((minutes(span.opens), minutes(span.closes)) for span in exception.spans)
    regular = _merged(_regular(hours, day))
    status = calendar.is_working_day(day)
    if status.day is None or status.working or not regular:
        return regular
    match OnHolidays(hours.public_holidays):
        case OnHolidays.CLOSED:
            return []
        case OnHolidays.AS_USUAL:
            return regular
        case _:
            return None


def opening(hours: PointHours | None, moment: datetime, calendar: WorkingCalendar) -> Opening:
    """At a moment (aware). The calendar has to know this year and the next."""
    if hours is None:
        return Opening(None)
    local = moment.astimezone(BISHKEK)
    today, minute = local.date(), local.hour * 60 + local.minute
    spans = day_spans(hours, today, calendar)
    current = next((span for span in spans or () if span[0] <= minute < span[1]), None)
    if current is not None:
        until, last = _followed(hours, today, current[1], calendar)
        return Opening(True, until=until, provisional=calendar.is_provisional(today, last))
    following, last = _next(hours, today, minute, calendar)
    provisional = calendar.is_provisional(today, last)
    return Opening(None if spans is None else False, next=following, provisional=provisional)


def _regular(hours: PointHours, day: date) -> Iterator[Minutes]:
    for rule in hours.rules:
        if occurs(rule.rrule, rule.starts_on, day):
            yield from _without((minutes(rule.opens), minutes(rule.closes)), rule.breaks)


def _without(whole: Minutes, breaks: Sequence[OpenSpan]) -> Iterator[Minutes]:
    """A span less its breaks."""
    reached, end = whole
    for start, stop in sorted((minutes(one.opens), minutes(one.closes)) for one in breaks):
        if reached < min(start, end):
            yield reached, min(start, end)
        reached = max(reached, stop)
    if reached < end:
        yield reached, end


def _merged(spans: Iterable[Minutes]) -> list[Minutes]:
    found: list[Minutes] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _followed(
    hours: PointHours, day: date, end: int, calendar: WorkingCalendar
) -> tuple[datetime | None, date]:
    """When an opening ends that reaches `end` on a day, over midnights, and the last day that was looked at."""
    for _ in range(LONGEST):
        if end < DAY:
            return _at(day, end), day
        spans = day_spans(hours, day + timedelta(1), calendar)
        if not spans or spans[0][0] > 0:
            return _at(day, end), day
        day, end = day + timedelta(1), spans[0][1]
    return None, day


def _next(
    hours: PointHours, today: date, minute: int, calendar: WorkingCalendar
) -> tuple[datetime | None, date]:
    """The first certain opening after a minute of today, and the last day that was looked at."""
    last = _last_day(hours)
    for ahead in range(FARTHEST):
        day = today + timedelta(ahead)
        if last is not None and day > last:
            break
        for start, _ in day_spans(hours, day, calendar) or ():
            if ahead or start > minute:
                return _at(day, start), day
    return None, today


def _last_day(hours: PointHours) -> date | None:
    """After which it is never open; None where a rule goes on for ever."""
    ends = [read(rule.rrule).until for rule in hours.rules]
    if None in ends:
        return None
    days = [*(end for end in ends if end), *(exception.day for exception in hours.exceptions)]
    return max(days, default=date.min)


def _at(day: date, minute: int) -> datetime:
    """Local time; "24:00" is the next midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=BISHKEK) + timedelta(minutes=minute)
