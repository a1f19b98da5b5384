"""Time as a dependency: services ask a clock, tests set it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

BISHKEK = ZoneInfo("Asia/Bishkek")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock for tests: stands still until it is set."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


def local_date(moment: datetime) -> date:
    """The calendar date in Bishkek: the law counts days there, wherever the server stands."""
    return moment.astimezone(BISHKEK).date()
