"""Bodies of the calendar."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.registry.calendar.domain import MOST_CORRECTIONS
from services.registry.legal.schemas import ActDraft
from shared.http.schemas import Input, Output, Prose
from shared.text import Name
from shared.values import Origin


class CorrectionDraft(Input):
    date: date
    working: bool
    name: Name | None = None


class Decree(Input):
    """What a decree says of one year; it replaces what was recorded before."""

    act: ActDraft
    decreed: bool = Field(True, description="Whether the year is settled; false while more is to come")
    corrections: Annotated[list[CorrectionDraft], Field(max_length=MOST_CORRECTIONS)] = []
    origin: Origin = Origin.OFFICIAL
    source: Prose | None = Field(None, description="Where the decree was read; the act itself if absent")


class DayView(Output):
    date: date
    working: bool
    name: dict[str, str]
    source: str


class CalendarYearView(Output):
    """Days that differ from Monday–Friday or are named. Version 0: computed, nothing recorded.

    `updated_at` is the moment since which this version is what the register knows."""

    year: int
    decreed: bool
    days: list[DayView]
    act_id: UUID | None
    origin: Origin
    source: str
    version: int
    updated_at: datetime | None


class WorkingDaysView(Output):
    """`due` is the last day of a term of `n` working days that begins the day after `start`."""

    start: date
    n: int
    due: date
    provisional: bool = Field(description="A day it depends on lies in a year that is not decreed")
    origins: dict[int, Origin] = Field(
        description="Year → where what is known of its days comes from; `demonstration`: invented"
    )
    days_off: list[DayView] = Field(description="Named days passed on the way")
