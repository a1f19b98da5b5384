"""What events of monitoring change here."""

from collections.abc import Sequence
from typing import Any

from services.scoring.runs import recompute
from services.scoring.visits import repository
from shared.contracts.monitoring import CheckedVisit, SubmissionWithdrawn
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Received


async def on_submissions(
    uow: UnitOfWork, events: Sequence[Received[CheckedVisit] | Received[SubmissionWithdrawn]]
) -> None:
    """One handler for all three events, so that a mixed batch recomputes the live runs once."""
    touched = await repository.save(uow.sql, [_row(event.payload) for event in events])
    await recompute.after_visits(uow, touched)


def _row(payload: CheckedVisit | SubmissionWithdrawn) -> dict[str, Any]:
    if isinstance(payload, SubmissionWithdrawn):
        return {**_WITHDRAWN, "id": payload.id, "version": payload.aggregate_version}
    return {
        "id": payload.id,
        "version": payload.aggregate_version,
        "withdrawn": False,
        "level": payload.level,
        "municipality_code": payload.municipality.code,
        "municipality": payload.municipality.model_dump(mode="json"),
        "service": payload.service.model_dump(mode="json", exclude_none=True),
        "standard": payload.standard.model_dump(mode="json", exclude_none=True) if payload.standard else None,
        "applied_on": payload.applied_on,
        "verdict": payload.verdict,
        "checks": [check.model_dump(mode="json") for check in payload.checks],
        "provisional": payload.provisional,
        "origin": payload.origin,
    }


_WITHDRAWN: dict[str, Any] = {
    "withdrawn": True,
    "level": None,
    "municipality_code": None,
    "municipality": None,
    "service": None,
    "standard": None,
    "applied_on": None,
    "verdict": None,
    "checks": None,
    "provisional": None,
    "origin": None,
}
