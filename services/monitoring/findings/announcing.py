"""What its parties are told of a finding."""

from uuid import UUID

from services.monitoring.findings.repository import Row
from shared.contracts import monitoring as contracts
from shared.contracts.monitoring import FINDING_CHANGED, FINDING_ESCALATED, FINDING_OPENED
from shared.db.unit_of_work import UnitOfWork
from shared.values import Place, Reference


def tell(uow: UnitOfWork, row: Row) -> None:
    uow.emit(
        FINDING_OPENED if row["version"] == 1 else FINDING_CHANGED,
        finding_state(row),
        recipients=list(dict.fromkeys((row["addressee_id"], row["owner_id"]))),
    )


def tell_escalation(uow: UnitOfWork, row: Row, overseers: list[UUID]) -> None:
    """Those who oversee, and the parties, who learn that others know."""
    recipients = list(dict.fromkeys((*overseers, row["addressee_id"], row["owner_id"])))
    uow.emit(FINDING_ESCALATED, finding_state(row), recipients=recipients)


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
        escalated_on=row["escalated_on"],
        answer_due_provisional=row["answer_due_provisional"],
        origin=row["origin"],
    )
