"""What a kind of job is: its handler, and what happens when that fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.messaging.backoff import Backoff

if TYPE_CHECKING:
    from shared.jobs.context import JobContext

Handler = Callable[["JobContext", dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Gets the context and the payload; what it returns is the job's result. May be called again after a crash:
effects that must happen once go through `context.unit_of_work()`."""


RETRIES = Backoff(first=2, longest=600)


class JobFailed(Exception):
    """Raised by a handler when trying again would not help. Its text is shown to the job's owner."""


class LeaseLost(Exception):
    """The job was cancelled or taken over: nothing of this attempt may take effect any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a service's table of jobs, under the name of its kind.

    `every` makes it recurring: one run in each period, aligned to the Unix epoch, however many runners there
    are; periods missed while none ran are not made up for."""

    handler: Handler
    every: timedelta | None = None
    timeout: timedelta = timedelta(hours=1)
    backoff: Backoff = RETRIES

    def __post_init__(self) -> None:
        if self.every is not None and self.every <= timedelta(0):
            raise ValueError("a recurring job needs a positive period")
