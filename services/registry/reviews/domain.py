"""When a round is open and when a draft has passed it. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.http.errors import FieldError


class Opinion(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a draft stands in one round. Verdicts are those on the draft as it is now: an edit asks for new ones."""

    needed: int
    approving: int
    rejecting: int
    unanswered: int

    @property
    def passed(self) -> bool:
        return self.approving >= self.needed and not self.rejecting and not self.unanswered


def is_open(opens_on: date, closes_on: date | None, today: date) -> bool:
    """Open from `opens_on` inclusive to `closes_on` exclusive (None: until further notice)."""
    return opens_on <= today and (closes_on is None or today < closes_on)


def review_problems(standings: Sequence[Standing]) -> list[FieldError]:
    """What a draft still lacks that has to be reviewed; passing one round is enough."""
    if any(standing.passed for standing in standings):
        return []
    if any(standing.unanswered for standing in standings):
        return [FieldError("/review", "A remark of the reviewers is not answered.", "remark_unanswered")]
    return [
        FieldError("/review", "The draft as it is now has not passed an expert review.", "review_not_passed")
    ]
