"""From a visit's row to the rules and back: what is compared, and the record of a check."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.monitoring.checks.domain import check_visit
from services.monitoring.checks.visit import CheckState, Outcome, Visit
from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions.repository import FACTS, Row
from shared.clock import local_date
from shared.contracts.monitoring import StandardUsed
from shared.db.unit_of_work import UnitOfWork
from shared.values import Money

Facts = Mapping[str, Any]
"""What the monitor saw, by column name; JSON columns as JSON."""
Asked = Mapping[UUID, list[str]]
"""By `words_id`: documents that were asked, in the words that are still there."""

COMPARED = tuple(name for name in FACTS if name not in ("note_id", "words_id"))
"""What a check rests on, beside the place."""


def visit_of(facts: Facts, place: list[str]) -> Visit:
    paid, asked = facts["fees_paid"], facts["documents_asked"]
    return Visit(
        place=tuple(place),
        applied_on=facts["applied_on"],
        delivered_on=facts["delivered_on"],
        tier=facts["tier"],
        channel=facts["channel"],
        applicant=facts["applicant"],
        applied_at=facts["applied_at"],
        delivered_at=facts["delivered_at"],
        term_started_on=facts["term_started_on"],
        fees_paid=None if paid is None else tuple(Money(**money) for money in paid),
        documents_asked=None if asked is None else tuple(asked),
    )


async def judge(
    uow: UnitOfWork, shelf: Shelf, stamp: int, service_id: UUID, facts: Facts, place: list[str]
) -> Outcome:
    """Compare with what is in force on the day of application, as it is known at `stamp`."""
    versions = await shelf.standards(uow.sql, stamp, service_id)
    workdays = await shelf.workdays(uow.sql, stamp)
    return check_visit(visit_of(facts, place), versions, workdays, local_date(uow.clock.now()))


async def judge_row(
    uow: UnitOfWork, shelf: Shelf, row: Row, words: Asked, changed: Facts | None = None
) -> Outcome:
    """Check a visit again, with other facts if given. The caller holds the rules still."""
    stamp = await references.stamp(uow.sql)
    facts = {**dict(row), "documents_asked": asked_of(dict(row), words), **(changed or {})}
    return await judge(uow, shelf, stamp, row["service_id"], facts, row["place"])


def asked_of(facts: Facts, words: Asked) -> list[str] | None:
    """The documents that were asked, in words where there still are any."""
    asked: list[str] | None = facts["documents_asked"]
    return words.get(facts["words_id"], asked)


def retold(row: Row, words: Asked, outcome: Outcome) -> dict[str, Any]:
    """What stands for words that are still there follows the list they were compared with last, so that it is judged
    alike when they go."""
    if outcome.state is CheckState.PENDING or row["words_id"] not in words:
        return {}
    return {"documents_asked": outcome.asked}


def record(outcome: Outcome) -> dict[str, Any]:
    """The columns that tell one check from another, as they are stored."""
    return {
        "state": str(outcome.state),
        "verdict": outcome.verdict and str(outcome.verdict),
        "provisional": outcome.provisional,
        "standard": outcome.standard and outcome.standard.model_dump(mode="json"),
        "checks": [check.model_dump(mode="json") for check in outcome.checks],
        "calendar": {str(year): version for year, version in sorted(outcome.calendar.items())},
    }


def recorded(row: Row) -> dict[str, Any]:
    """The same of the check that is in force."""
    return {
        name: row[f"check_{name}"]
        for name in ("state", "verdict", "provisional", "standard", "checks", "calendar")
    }


def inputs_of(facts: Facts, place: list[str]) -> dict[str, Any]:
    """What was compared, to be kept with the check. `facts` are as they are stored, words by their id."""
    words = {"words_id": facts["words_id"]} if facts["words_id"] else {}
    return {**{name: facts[name] for name in COMPARED}, **words, "place": list(place)}


def check_values(found: Mapping[str, Any], used: StandardUsed | None) -> tuple[Any, ...]:
    """`state verdict provisional standard_version_id tier standard checks calendar` of a check row."""
    return (
        found["state"],
        found["verdict"],
        found["provisional"],
        used and used.version_id,
        used and used.tier,
        found["standard"],
        found["checks"],
        found["calendar"],
    )
