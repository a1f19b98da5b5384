"""How long an addressee has to answer, and what a later decree on working days changes of it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.monitoring.findings import repository
from services.monitoring.findings.announcing import tell
from services.monitoring.references.calendar import Workdays
from shared.calendar import Reckoned
from shared.db.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose findings they are and how long the addressee has to answer."""

    owner_id: UUID
    answer_days: int
    workdays: Workdays

    def answer_due(self, asked_on: date) -> Reckoned:
        """Provisional where a day is counted of a year that is not decreed, or of one the registry never told of."""
        return self.workdays.calendar.add_working_days(asked_on, self.answer_days)


def moved(told: Reckoned, reckoned: Reckoned) -> Reckoned:
    """The due date after a decree: nobody gets less time than was told."""
    return Reckoned(max(told.date, reckoned.date), reckoned.provisional)


async def reckon_again(
    uow: UnitOfWork, workdays: Workdays, after: UUID, limit: int
) -> tuple[UUID | None, int]:
    """Count the terms of open findings again that rested on undecreed days; their addressees are told of a change.

    Returns the last finding looked at, None when there are no more, and how many were changed."""
    rows = await repository.provisional(uow.sql, after, limit)
    changed = 0
    for row in rows:
        told = Reckoned(row["answer_due_on"], provisional=True)
        due = moved(told, Terms(row["owner_id"], row["answer_days"], workdays).answer_due(row["asked_on"]))
        if due != told:
            tell(uow, await repository.move_due(uow.sql, row["id"], due, uow.clock.now()))
            changed += 1
    return (rows[-1]["id"] if len(rows) == limit else None), changed
