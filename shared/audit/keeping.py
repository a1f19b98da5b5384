"""Every service keeps the heads of all others, where who can write to one database cannot change them."""

from collections.abc import Sequence

import structlog

from shared.audit import heads
from shared.audit.heads import Head
from shared.contracts import CONTRACTS
from shared.contracts.audit import AuditHead
from shared.db.unit_of_work import UnitOfWork
from shared.messaging.subscription import Consumer, Received, handles

log = structlog.get_logger("audit")


def audit_heads(service: str) -> Consumer:
    """The consumer of a service for the heads of the others."""
    others = [event for event in CONTRACTS if event.payload is AuditHead and event.service != service]
    return Consumer("audit_heads", tuple(handles(event, keep_heads) for event in others), ordered=False)


async def keep_heads(uow: UnitOfWork, events: Sequence[Received[AuditHead]]) -> None:
    """A hash that contradicts one kept before is kept as well: both are evidence."""
    told = [Head.told(event.envelope.type.partition(".")[0], event.payload) for event in events]
    await heads.keep(uow.sql, told)
    for found in await heads.contradictions(uow.sql, told):
        log.error(
            "audit heads contradict each other",
            service=found["service"],
            epoch=str(found["epoch"]),
            position=found["position"],
        )
