"""Keeps the findings of a visit in step with its checks. Called in the transaction that approves or revises it."""

from uuid import UUID

from services.monitoring.findings import repository
from services.monitoring.findings.announcing import tell
from services.monitoring.findings.domain import FindingState, Held, plan, severity_of
from services.monitoring.findings.repository import Row
from services.monitoring.findings.terms import Terms
from shared.calendar import Reckoned
from shared.clock import local_date
from shared.contracts.monitoring import Check, CheckedVisit
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7


async def settle(uow: UnitOfWork, visit: CheckedVisit, terms: Terms) -> None:
    """Open, change or withdraw findings until there is one for each breached criterion of an approved visit."""
    rows = {row["id"]: row for row in await repository.of_submission(uow.sql, visit.id)}
    found = plan(visit, [_held(row) for row in rows.values()])
    for check in found.opened:
        tell(uow, await _open(uow, visit, check, terms))
    for held, check in found.changed:
        tell(uow, await _reopen(uow, rows[held.id], visit, check, terms))
    for held in found.withdrawn:
        tell(uow, await repository.withdraw(uow.sql, held.id, uow.clock.now()))


async def withdraw_all(uow: UnitOfWork, submission_id: UUID) -> None:
    """The visit no longer counts: nothing is asked of anybody because of it."""
    for row in await repository.of_submission(uow.sql, submission_id):
        if row["state"] != FindingState.WITHDRAWN:
            tell(uow, await repository.withdraw(uow.sql, row["id"], uow.clock.now()))


async def _open(uow: UnitOfWork, visit: CheckedVisit, check: Check, terms: Terms) -> Row:
    now = uow.clock.now()
    asked_on = local_date(now)
    due = terms.answer_due(asked_on)
    return await repository.add(
        uow.sql,
        (
            uuid7(),
            visit.id,
            visit.campaign.id,
            terms.owner_id,
            visit.provider.id,
            visit.campaign.model_dump(mode="json"),
            visit.provider.model_dump(mode="json"),
            visit.municipality.model_dump(mode="json"),
            visit.service.model_dump(mode="json"),
            check.criterion,
            check.reason,
            severity_of(check.reason),
            check.facts,
            asked_on,
            due.date,
            due.provisional,
            visit.origin,
            now,
        ),
    )


async def _reopen(uow: UnitOfWork, row: Row, visit: CheckedVisit, check: Check, terms: Terms) -> Row:
    """Who has been asked keeps the time there is; who is asked anew gets the whole of it."""
    now = uow.clock.now()
    asked_on, due = row["asked_on"], Reckoned(row["answer_due_on"], row["answer_due_provisional"])
    if row["state"] != FindingState.OPEN or row["addressee_id"] != visit.provider.id:
        asked_on = local_date(now)
        due = terms.answer_due(asked_on)
    return await repository.reopen(
        uow.sql,
        row["id"],
        addressee_id=visit.provider.id,
        addressee=visit.provider.model_dump(mode="json"),
        reason=check.reason,
        severity=severity_of(check.reason),
        facts=check.facts,
        asked_on=asked_on,
        due=due,
        at=now,
    )


def _held(row: Row) -> Held:
    return Held(row["id"], row["criterion"], row["state"], row["reason"], row["facts"], row["addressee_id"])
