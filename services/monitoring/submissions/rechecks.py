"""Late facts and passing days: which visits they touch, and the job that checks those again."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.monitoring.checks.visit import CheckState, Outcome
from services.monitoring.findings import repository as findings
from services.monitoring.findings.terms import reckon_again
from services.monitoring.references import projection
from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import repository
from services.monitoring.submissions.announcing import announce_revision
from services.monitoring.submissions.checking import Asked, judge_row, record, recorded, retold
from services.monitoring.submissions.recording import save_checked
from services.monitoring.submissions.repository import Row
from services.monitoring.submissions.texts import words_at_work
from shared.clock import local_date
from shared.contracts.legal import CalendarYear
from shared.contracts.registry import StandardVersion
from shared.db.unit_of_work import UnitOfWork
from shared.jobs.context import JobContext
from shared.jobs.store import enqueue
from shared.messaging.consumer import Received

KIND = "submissions.recheck"
DAILY = "submissions.recheck_due"
"""The same by the clock: terms that ran out, and what a lock kept from the last run."""
BATCH = 100


async def apply_standards(uow: UnitOfWork, events: Sequence[Received[StandardVersion]]) -> None:
    """A version may be back-dated or its validity cut: visits from its first day on are checked again."""
    versions = [event.payload for event in events]
    await references.hold_alone(uow.sql)
    since = await references.earliest_validity(uow.sql, [version.version_id for version in versions])
    for version in versions:
        known = since.get(version.service.id, version.valid_from)
        since[version.service.id] = min(known, version.valid_from)
    await projection.keep_standards(uow.sql, versions)
    await references.touch(uow.sql)
    today = local_date(uow.clock.now())
    marked = [await repository.mark_service(uow.sql, service, day, today) for service, day in since.items()]
    await _check_again(uow, sum(marked))


async def apply_years(uow: UnitOfWork, events: Sequence[Received[CalendarYear]]) -> None:
    """A decree moves days off: visits whose term ran over that year are checked again."""
    years = [event.payload for event in events]
    await references.hold_alone(uow.sql)
    await projection.keep_years(uow.sql, years)
    await references.touch(uow.sql)
    today = local_date(uow.clock.now())
    marked = [await repository.mark_year(uow.sql, year, today) for year in {it.year for it in years}]
    await _check_again(uow, sum(marked) + await findings.any_provisional(uow.sql))


async def _check_again(uow: UnitOfWork, marked: int) -> None:
    if marked:
        await enqueue(uow.sql, KIND, {}, unique_key=KIND, traceparent=uow.trace.traceparent)


async def recheck(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """Check again whatever is marked or due today, then count provisional terms to answer again."""
    shelf, total, changed, found = Shelf(), 0, 0, BATCH
    while found == BATCH:
        async with context.step() as uow:
            found, renewed = await recheck_batch(uow, shelf, BATCH)
        total, changed = total + found, changed + renewed
    return {"checked": total, "changed": changed, "terms_moved": await _reckon_terms(context, shelf)}


async def _reckon_terms(context: JobContext, shelf: Shelf) -> int:
    after: UUID | None = UUID(int=0)
    moved = 0
    while after is not None:
        async with context.step() as uow:
            await references.hold(uow.sql)
            workdays = await shelf.workdays(uow.sql, await references.stamp(uow.sql))
            after, changed = await reckon_again(uow, workdays, after, BATCH)
        moved += changed
    return moved


async def recheck_batch(uow: UnitOfWork, shelf: Shelf, limit: int) -> tuple[int, int]:
    """(visits looked at, visits whose check says something else now)."""
    await references.hold(uow.sql)
    rows = await repository.due(uow.sql, local_date(uow.clock.now()), limit)
    same: list[tuple[UUID, date | None]] = []
    words = await words_at_work(uow, rows)
    for row in rows:
        outcome = await judge_row(uow, shelf, row, words)
        if _says_the_same(row, outcome):
            same.append((row["id"], outcome.recheck_on))
        else:
            await _renew(uow, shelf, row, words, outcome)
    if same:
        await repository.postpone(uow.sql, [it for it, _ in same], [day for _, day in same])
    return len(rows), len(rows) - len(same)


def _says_the_same(row: Row, outcome: Outcome) -> bool:
    """Pending says nothing: the rules are being read in anew, and every visit will be marked once more."""
    return outcome.state is CheckState.PENDING or record(outcome) == recorded(row)


async def _renew(uow: UnitOfWork, shelf: Shelf, row: Row, words: Asked, outcome: Outcome) -> None:
    after = await save_checked(uow, row, outcome, cause="rechecked", changes=retold(row, words, outcome))
    uow.audit(
        "submission.recheck",
        "submission",
        row["id"],
        before={"verdict": row["check_verdict"]},
        after={"verdict": after["check_verdict"]},
    )
    await announce_revision(uow, shelf, row, after)
