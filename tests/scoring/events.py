"""Events of the other services as scoring receives them: through the consumer's own code."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from shared.contracts.monitoring import (
    SUBMISSION_APPROVED,
    SUBMISSION_REVISED,
    SUBMISSION_WITHDRAWN,
    Check,
    CheckedVisit,
    Criterion,
    StandardUsed,
    SubmissionWithdrawn,
    Verdict,
)
from shared.contracts.registry import (
    ORGANISATION_CHANGED,
    TERRITORY_CHANGED,
    OrganisationState,
    ServiceLevel,
    TerritoryState,
)
from shared.ids import seed_id
from shared.messaging.broker import Record
from shared.values import Origin, Place, Reference
from tests.kit.events import deliver, record
from tests.kit.service import RunningService

OSH, NOOKAT, TALAS = "41721000000000", "41706242600010", "41707400000010"
OSH_OBLAST = "41706000000000"
COUNTRY = "41700000000000"
STANDARD = StandardUsed(
    id=seed_id("standard", "residence"), version=2, version_id=seed_id("standard_version", "residence:2")
)


class Feed:
    """Hands records to the consumers they are for: one transaction for each consumer and call."""

    def __init__(self, service: RunningService) -> None:
        self._service = service

    async def deliver(self, records: Sequence[Record]) -> None:
        await deliver(self._service, *records)

    async def storm(self, records: Sequence[Record], times: int = 4) -> None:
        """Each record several times, every delivery a transaction of its own, all at once."""
        await asyncio.gather(*(self.deliver([found]) for found in records for _ in range(times)))

    async def visits(self, *visits: CheckedVisit) -> None:
        await self.deliver([approved(visit) for visit in visits])

    async def territory(self, code: str, name: str, parent: str = OSH_OBLAST, version: int = 1) -> None:
        await self.deliver([territory(code, name, parent, version)])


def territory(code: str, name: str, parent: str = OSH_OBLAST, version: int = 1) -> Record:
    state = TerritoryState(
        id=seed_id("territory", code),
        aggregate_version=version,
        code=code,
        kind="aiyl_aimak",
        name={"ru": name},
        parent_code=parent,
        path=(COUNTRY, parent, code),
        municipality=True,
        edition="2021",
        origin=Origin.OFFICIAL,
    )
    return record(TERRITORY_CHANGED, state)


def organisation(identifier: UUID, municipality: str | None) -> Record:
    place = Place(id=seed_id("territory", municipality), code=municipality) if municipality else None
    state = OrganisationState(
        id=identifier,
        aggregate_version=1,
        code=municipality or "somebody",
        kind="municipality",
        name={"ru": "Мэрия"},
        territory=place,
        origin=Origin.OFFICIAL,
    )
    return record(ORGANISATION_CHANGED, state)


def visit(
    verdict: Verdict = Verdict.MET,
    *,
    identifier: UUID | None = None,
    version: int = 1,
    municipality: str = OSH,
    applied_on: date = date(2026, 3, 10),
    level: ServiceLevel = ServiceLevel.MUNICIPAL,
    origin: Origin = Origin.DEMONSTRATION,
) -> CheckedVisit:
    return CheckedVisit(
        id=identifier or uuid4(),
        aggregate_version=version,
        campaign=Reference(id=seed_id("campaign", "spring"), code="spring", name={"ru": "Весна"}),
        service=Reference(id=seed_id("service", "residence"), code="residence", name={"ru": "Справка"}),
        level=level,
        municipality=Place(
            id=seed_id("territory", municipality),
            code=municipality,
            name={"ru": "Место"},
            path=(COUNTRY, OSH_OBLAST, municipality),
        ),
        provider=Reference(id=seed_id("organisation", municipality), code=municipality),
        standard=STANDARD,
        applied_on=applied_on,
        verdict=verdict,
        checks=(
            Check(
                criterion=Criterion.TERM,
                verdict=verdict,
                reason="delivered_in_time" if verdict is Verdict.MET else "late",
                facts={"due": "2026-03-24"},
            ),
        ),
        origin=origin,
    )


def approved(payload: CheckedVisit, event_id: UUID | None = None) -> Record:
    return record(SUBMISSION_APPROVED, payload, event_id=event_id)


def revised(payload: CheckedVisit, **changes: Any) -> Record:
    changed = payload.model_copy(update={"aggregate_version": payload.aggregate_version + 1, **changes})
    return record(SUBMISSION_REVISED, changed)


def withdrawn(identifier: UUID, version: int) -> Record:
    return record(
        SUBMISSION_WITHDRAWN,
        SubmissionWithdrawn(id=identifier, aggregate_version=version, reason="consent withdrawn"),
    )
