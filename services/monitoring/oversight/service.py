"""Use cases of oversight: what a caller reads, and who is told of what nobody answered."""

from datetime import date
from uuid import UUID

from services.monitoring.findings import repository as findings
from services.monitoring.findings.announcing import tell_escalation
from services.monitoring.oversight import repository
from services.monitoring.oversight.domain import OVERSEE, Reach, oversees
from services.monitoring.oversight.repository import Row
from shared.auth.principal import Principal
from shared.clock import Clock, local_date
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork


async def reach_of(sql: Connection, caller: Principal, clock: Clock) -> Reach:
    """What the caller may read: its organisation's own; with the scope, also what that organisation oversees today.

    Raises Forbidden for a token without an organisation."""
    organisation = caller.acting()
    if not caller.may(OVERSEE):
        return Reach(organisation)
    found = await repository.reach(sql, organisation)
    if found is None or not oversees(found["overseeing"], local_date(clock.now())):
        return Reach(organisation)
    return Reach(organisation, tuple(found["bodies"]), found["territory"])


async def escalate_batch(uow: UnitOfWork, limit: int) -> int:
    """Tell those who oversee the addressees of findings whose time to answer is over; how many were told of."""
    now = uow.clock.now()
    today = local_date(now)
    late = await findings.unanswered(uow.sql, today, limit)
    for row in late:
        recipients = await _overseers(uow.sql, row, today)
        changed = await findings.escalate(uow.sql, row["id"], today, now)
        tell_escalation(uow, changed, recipients)
        uow.audit(
            "finding.escalate", "finding", row["id"], after={"recipients": [str(one) for one in recipients]}
        )
    return len(late)


async def _overseers(sql: Connection, finding: Row, today: date) -> list[UUID]:
    places = finding["municipality"].get("path", [])
    rows = await repository.reaching(sql, finding["addressee_id"], places)
    return [row["id"] for row in rows if oversees(row["overseeing"], today)]
