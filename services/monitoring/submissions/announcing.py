"""What the platform is told of a visit: the checked facts and its findings. Never a person, never an hour."""

from typing import Any

from services.monitoring.campaigns.service import ReferencesMissing
from services.monitoring.findings.service import settle, withdraw_all
from services.monitoring.findings.terms import Terms
from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import repository
from services.monitoring.submissions.domain import SubmissionState
from services.monitoring.submissions.repository import Row
from shared.contracts.monitoring import (
    SUBMISSION_APPROVED,
    SUBMISSION_REVISED,
    SUBMISSION_WITHDRAWN,
    Check,
    CheckedVisit,
    StandardUsed,
    SubmissionWithdrawn,
)
from shared.contracts.registry import ServiceLevel
from shared.db.unit_of_work import UnitOfWork
from shared.ids import seed_id
from shared.values import Place, Reference


async def announce_approval(uow: UnitOfWork, shelf: Shelf, row: Row) -> None:
    visit, terms = await _told(uow, shelf, row)
    uow.emit(SUBMISSION_APPROVED, visit)
    await settle(uow, visit, terms)


async def announce_revision(uow: UnitOfWork, shelf: Shelf, before: Row, after: Row) -> None:
    """Nothing where the visit is not approved, or says the same as before."""
    if after["state"] != SubmissionState.APPROVED or _public(before) == _public(after):
        return
    visit, terms = await _told(uow, shelf, after)
    uow.emit(SUBMISSION_REVISED, visit)
    await settle(uow, visit, terms)


async def announce_withdrawal(uow: UnitOfWork, row: Row) -> None:
    uow.emit(
        SUBMISSION_WITHDRAWN,
        SubmissionWithdrawn(id=row["id"], aggregate_version=row["version"], reason=row["reason"]),
    )
    await withdraw_all(uow, row["id"])


def _public(row: Row) -> tuple[Any, ...]:
    """What of a visit its events show."""
    return tuple(
        row[name]
        for name in ("applied_on", "check_verdict", "check_checks", "check_standard", "check_provisional")
    )


async def _told(uow: UnitOfWork, shelf: Shelf, row: Row) -> tuple[CheckedVisit, Terms]:
    """Raises ReferencesMissing (409) while the service is not known here."""
    subject = await repository.subject(uow.sql, row["id"])
    if subject["service_id"] is None:
        raise ReferencesMissing(missing=[str(row["service_id"])])
    workdays = await shelf.workdays(uow.sql, await references.stamp(uow.sql))
    terms = Terms(subject["owner_id"], subject["answer_days"], workdays)
    return checked_visit(row, subject), terms


def checked_visit(row: Row, subject: Row) -> CheckedVisit:
    standard = row["check_standard"]
    return CheckedVisit(
        id=row["id"],
        aggregate_version=row["version"],
        campaign=Reference(
            id=subject["campaign_id"], code=subject["campaign_code"], name=subject["campaign_name"]
        ),
        service=Reference(
            id=subject["service_id"], code=subject["service_code"], name=subject["service_name"]
        ),
        level=ServiceLevel(subject["level"]),
        municipality=_municipality(subject),
        provider=provider_of(subject),
        standard=StandardUsed.model_validate(standard) if standard else None,
        applied_on=row["applied_on"],
        verdict=row["check_verdict"],
        checks=tuple(Check.model_validate(check) for check in row["check_checks"]),
        provisional=row["check_provisional"],
        origin=subject["origin"],
    )


def provider_of(subject: Row) -> Reference:
    """A municipal service is answered for by the municipality, whose organisation has the SOATE code as its code;
    a state service by the body that stands in the register."""
    if subject["level"] == ServiceLevel.STATE:
        return Reference.model_validate(subject["body"])
    code = subject["municipality_code"]
    if subject["municipality_body_id"] is None:
        return Reference(id=seed_id("organisation", code), code=code, name=subject["territory_name"] or {})
    return Reference(id=subject["municipality_body_id"], code=code, name=subject["municipality_body_name"])


def _municipality(subject: Row) -> Place:
    code = subject["municipality_code"]
    return Place(
        id=subject["territory_id"] or seed_id("territory", code),
        code=code,
        name=subject["territory_name"] or {},
        path=tuple(subject["path"] or (code,)),
    )
