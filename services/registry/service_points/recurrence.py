"""Recurrence rules of opening hours: the part of RFC 5545 that opening hours need, with a bound on every search."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

MOST_CHARACTERS = 200
WIDEST_INTERVAL = 52
_FREQUENCIES = {"DAILY": DAILY, "WEEKLY": WEEKLY, "MONTHLY": MONTHLY, "YEARLY": YEARLY}
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_PARTS = ("FREQ", "INTERVAL", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY")
_BYDAY = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,2}", re.ASCII)
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_ALWAYS = date(1900, 1, 1)  # a Monday
_LEAP_YEAR = 2024


class BadRule(ValueError):
    """The rule cannot be read or is none opening hours may have; says why in English."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule, read. `by_day` holds (weekday, which one in the month or 0)."""

    frequency: str
    interval: int = 1
    until: date | None = None
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Every rule that passes recurs within the 40 years a calendar needs to repeat itself: a search always ends. (Of
        30 February python-dateutil looks for the next one until the year 9999.) Raises BadRule."""
        longest = max((monthrange(_LEAP_YEAR, month)[1] for month in self.by_month), default=31)
        if any(abs(day) > longest for day in self.by_month_day):
            raise BadRule("There is no such day in these months.")
        numbered = any(place for _, place in self.by_day)
        match self.frequency:
            case "DAILY" | "WEEKLY":
                if self.by_month_day or numbered:
                    raise BadRule("Days of the month go with MONTHLY or YEARLY.")
                if self.frequency == "WEEKLY" and not self.by_day:
                    raise BadRule("WEEKLY needs BYDAY.")
                if self.interval > 1 and (self.by_month or (self.frequency == "DAILY" and self.by_day)):
                    raise BadRule("With INTERVAL, DAILY has no BYDAY and nothing has BYMONTH.")
            case _:
                if self.interval > 1:
                    raise BadRule("INTERVAL goes with DAILY or WEEKLY.")
                if bool(self.by_month_day) == bool(self.by_day):
                    raise BadRule("Give either BYMONTHDAY or BYDAY.")
                if self.frequency == "YEARLY" and not self.by_month:
                    raise BadRule("YEARLY needs BYMONTH.")


@lru_cache(maxsize=2048)
def read(text: str) -> Recurrence:
    """`FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR`. Raises BadRule."""
    if len(text) > MOST_CHARACTERS:
        raise BadRule(f"At most {MOST_CHARACTERS} characters.")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        if not separator or not value:
            raise BadRule("A rule is NAME=VALUE;NAME=VALUE.")
        if name not in _PARTS:
            raise BadRule(f"Opening hours use {', '.join(_PARTS)}.")
        if name in parts:
            raise BadRule(f"{name} is given twice.")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise BadRule(f"FREQ is one of {', '.join(_FREQUENCIES)}.")
    return Recurrence(
        frequency=parts["FREQ"],
        interval=_numbers(parts, "INTERVAL", 1, WIDEST_INTERVAL, default="1", most=1)[0],
        until=_until(parts.get("UNTIL")),
        by_month=_numbers(parts, "BYMONTH", 1, 12),
        by_month_day=_numbers(parts, "BYMONTHDAY", -31, 31),
        by_day=_days(parts.get("BYDAY")),
    )


def _numbers(
    parts: Mapping[str, str], name: str, lowest: int, highest: int, *, default: str = "", most: int = 31
) -> tuple[int, ...]:
    given = parts.get(name, default)
    if not given:
        return ()
    texts = given.split(",")
    if not all(_NUMBER.fullmatch(text) for text in texts):
        raise BadRule(f"{name} is a list of numbers.")
    found = tuple(dict.fromkeys(int(text) for text in texts))
    if len(found) > most or not all(lowest <= number <= highest and number for number in found):
        raise BadRule(f"{name} lies between {lowest} and {highest}.")
    return found


def _until(text: str | None) -> date | None:
    if text is None:
        return None
    found = _UNTIL.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else _no_date()
    except ValueError as error:
        raise BadRule("UNTIL is a day, as 20261231.") from error


def _no_date() -> date:
    raise ValueError


def _days(text: str | None) -> tuple[tuple[int, int], ...]:
    if text is None:
        return ()
    found = [_BYDAY.fullmatch(part) for part in text.split(",")]
    days = dict.fromkeys((_DAYS.index(one[2]), int(one[1] or 0)) for one in found if one)
    if not all(found):
        raise BadRule("BYDAY lists MO, TU, WE, TH, FR, SA, SU.")
    return tuple(days)


def occurs(text: str, starts_on: date | None, day: date) -> bool:
    """Whether the rule holds on a day; months that were looked at are remembered."""
    return day in _in_month(text, starts_on, day.year, day.month)


@lru_cache(maxsize=8192)
def _in_month(text: str, starts_on: date | None, year: int, month: int) -> frozenset[date]:
    rule = read(text)
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    begins = starts_on or _ALWAYS
    if begins > last or (rule.until is not None and rule.until < first):
        return frozenset()
    found = rrule(
        _FREQUENCIES[rule.frequency],
        dtstart=_midnight(_anchor(rule, begins, first)),
        interval=rule.interval,
        bymonth=rule.by_month or None,
        bymonthday=rule.by_month_day or None,
        byweekday=tuple(weekday(day, place or None) for day, place in rule.by_day) or None,
        until=_midnight(min(last, rule.until or last)),
        cache=False,
    )
    return frozenset(moment.date() for moment in found if first <= moment.date() <= last)


def _anchor(rule: Recurrence, begins: date, first: date) -> date:
    """A day the rule can be counted from instead of its first one, so that old rules cost no more than new ones."""
    if begins >= first:
        return begins
    if rule.frequency == "DAILY":
        return first - timedelta((first - begins).days % rule.interval)
    if rule.frequency == "WEEKLY":
        monday = begins - timedelta(begins.weekday())
        back = (first - monday).days % (7 * rule.interval)
        return max(begins, first - timedelta(back))
    return first if rule.frequency == "MONTHLY" else max(begins, date(first.year, 1, 1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 python-dateutil counts local days
