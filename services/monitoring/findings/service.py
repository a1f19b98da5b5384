"""Keeps the findings of a visit in step with its checks. Called in the transaction that approves or revises it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.monitoring.findings import repository
from services.monitoring.findings.domain import FindingState, Held, plan, severity_of
from services.monitoring.findings.repository import Row
from services.monitoring.references.calendar import Workdays
from shared.clock import local_date
from shared.contracts import monitoring as contracts
from shared.contracts.monitoring import FINDING_CHANGED, FINDING_OPENED, Check, CheckedVisit
from shared.db.unit_of_work import UnitOfWork
from shared.ids import uuid7
from shared.values import Place, Reference


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose findings they are and how long the addressee has to answer."""

    owner_id: UUID
    answer_days: int
    workdays: Workdays

    def answer_due_on(self, today: date) -> date:
        return self.workdays.calendar.add_working_days(today, self.answer_days).date


async def settle(uow: UnitOfWork, visit: CheckedVisit, terms: Terms) -> None:
    """Open, change or withdraw findings until there is one for each breached criterion of an approved visit."""
    rows = {row["id"]: row for row in await repository.of_submission(uow.sql, visit.id)}
    found = plan(visit, [_held(row) for row in rows.values()])
    for check in found.opened:
        _tell(uow, await _open(uow, visit, check, terms))
    for held, check in found.changed:
        _tell(uow, await _reopen(uow, rows[held.id], visit, check, terms))
    for held in found.withdrawn:
        _tell(uow, await repository.withdraw(uow.sql, held.id, uow.clock.now()))


async def withdraw_all(uow: UnitOfWork, submission_id: UUID) -> None:
    """The visit no longer counts: nothing is asked of anybody because of it."""
    for row in await repository.of_submission(uow.sql, submission_id):
        if row["state"] != FindingState.WITHDRAWN:
            _tell(uow, await repository.withdraw(uow.sql, row["id"], uow.clock.now()))


async def _open(uow: UnitOfWork, visit: CheckedVisit, check: Check, terms: Terms) -> Row:
    now = uow.clock.now()
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
            terms.answer_due_on(local_date(now)),
            visit.origin,
            now,
        ),
    )


async def _reopen(uow: UnitOfWork, row: Row, visit: CheckedVisit, check: Check, terms: Terms) -> Row:
    """Who has been asked keeps the time there is; who is asked anew gets the whole of it."""
    now = uow.clock.now()
    same = row["state"] == FindingState.OPEN and row["addressee_id"] == visit.provider.id
    return await repository.reopen(
        uow.sql,
        row["id"],
        addressee_id=visit.provider.id,
        addressee=visit.provider.model_dump(mode="json"),
        reason=check.reason,
        severity=severity_of(check.reason),
        facts=check.facts,
        answer_due_on=row["answer_due_on"] if same else terms.answer_due_on(local_date(now)),
        at=now,
    )


def _held(row: Row) -> Held:
    return Held(row["id"], row["criterion"], row["state"], row["reason"], row["facts"], row["addressee_id"])


def _tell(uow: UnitOfWork, row: Row) -> None:
    uow.emit(
        FINDING_OPENED if row["version"] == 1 else FINDING_CHANGED,
        finding_state(row),
        recipients=list(dict.fromkeys((row["addressee_id"], row["owner_id"]))),
    )


def code_of(number: int) -> str:
    return f"F-{number:06d}"


def finding_state(row: Row) -> contracts.FindingState:
    return contracts.FindingState(
        id=row["id"],
        aggregate_version=row["version"],
        code=code_of(row["number"]),
        campaign=Reference.model_validate(row["campaign"]),
        submission_id=row["submission_id"],
        addressee=Reference.model_validate(row["addressee"]),
        municipality=Place.model_validate(row["municipality"]),
        service=Reference.model_validate(row["service"]),
        criterion=row["criterion"],
        reason=row["reason"],
        severity=row["severity"],
        facts=row["facts"],
        state=row["state"],
        answer_due_on=row["answer_due_on"],
        origin=row["origin"],
    )
