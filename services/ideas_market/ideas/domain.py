"""The life of an idea and what it needs to enter the market: no I/O."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from services.ideas_market.ideas.budget import Budget
from shared.http.errors import Conflict, FieldError, Invalid


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RESERVED = "reserved"
    FUNDED = "funded"
    DONE = "done"
    WITHDRAWN = "withdrawn"


MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.PUBLISHED, State.WITHDRAWN}),
    State.PUBLISHED: frozenset({State.RESERVED, State.WITHDRAWN}),
    State.RESERVED: frozenset({State.PUBLISHED, State.FUNDED}),
    State.FUNDED: frozenset({State.DONE}),
    State.DONE: frozenset(),
    State.WITHDRAWN: frozenset(),
}
"""A reserved idea is not withdrawn over the donor's head: the reservation ends first."""

ON_THE_MARKET = (State.PUBLISHED, State.RESERVED, State.FUNDED, State.DONE)
"""What a search shows when no state is named."""


class NotADraft(Conflict):
    """Only a draft can be edited."""

    code = "not_a_draft"


class WrongState(Conflict):
    """The idea's present state does not allow this."""

    code = "wrong_idea_state"


class NotReady(Invalid):
    """The idea is not ready to be published; everything that is missing is listed."""

    code = "idea_not_ready"


def move(current: str, wanted: State) -> State:
    """Raises WrongState (409)."""
    if wanted not in MOVES[State(current)]:
        raise WrongState(state=current, wanted=wanted)
    return wanted


def editable(current: str) -> None:
    """Raises NotADraft (409)."""
    if current != State.DRAFT:
        raise NotADraft(state=current)


def idea_code(year: int, number: int) -> str:
    return f"IDEA-{year}-{number:04d}"


NEEDED = ("summary", "problem", "goal", "sector", "municipality_code")


LONG_PAST = timedelta(days=366)
"""A plan may have begun while it was written; what was over a year ago is no plan."""
TEN_YEARS = timedelta(days=3653)
"""Nobody plans an activity longer than this, or that far ahead."""


def problems(idea: Mapping[str, Any], today: date) -> list[FieldError]:
    """What keeps an idea from being published, all at once, as far as the idea alone tells.

    `idea` has the fields of a draft; what was not given is absent or null."""
    return [
        *(FieldError(f"/{name}", "Needed to publish.", "missing") for name in NEEDED if not idea.get(name)),
        *_activity_problems(idea.get("activities", ()), today),
        *Budget.of(idea).problems(),
    ]


def _activity_problems(activities: list[Mapping[str, Any]], today: date) -> Iterator[FieldError]:
    if not activities:
        yield FieldError("/activities", "At least one activity is needed.", "no_activities")
    for n, activity in enumerate(activities):
        name = "ends" if activity.get("ends") else "starts"
        starts, last = (date.fromisoformat(activity[which]) for which in ("starts", name))
        if last < starts:
            yield FieldError(f"/activities/{n}/ends", "It ends before it starts.", "ends_before_start")
        elif last < today - LONG_PAST:
            yield FieldError(f"/activities/{n}/{name}", "This was over long ago.", "long_past")
        elif last > today + TEN_YEARS:
            yield FieldError(f"/activities/{n}/{name}", "More than ten years ahead.", "too_far_ahead")
        elif last > starts + TEN_YEARS:
            yield FieldError(f"/activities/{n}/starts", "Longer than ten years.", "activity_too_long")
