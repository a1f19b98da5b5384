"""A visit and a change of its rules at the same moment: one of them waits, neither is lost."""

import asyncio
from datetime import date

from services.monitoring.references import repository as references
from services.monitoring.references.shelf import Shelf
from services.monitoring.submissions import service
from services.monitoring.submissions.schemas import VisitDraft
from shared.contracts.registry import StandardVersion
from tests.monitoring.field import Field
from tests.monitoring.registry import FIRST_VERSION, OWNER, standard, tell, tier

STRICTER = standard(2, 2, tiers=(tier(days=1),), valid_from=date(2026, 3, 1))


async def lock_waited_for(field: Field) -> None:
    async with asyncio.timeout(10):
        while not await field.service.database.pool.fetchval(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        ):
            await asyncio.sleep(0.01)


async def test_a_standard_waits_for_visits_being_checked(field: Field) -> None:
    async with field.service.unit_of_work(org=OWNER) as uow:
        visit, _ = await service.submit(uow, Shelf(), VisitDraft.model_validate(field.visit()))
        arriving = asyncio.create_task(tell(field.service, STRICTER))
        await lock_waited_for(field)
    await arriving
    assert visit.check.standard is not None
    assert visit.check.standard.version_id == FIRST_VERSION
    await field.check_again()
    assert (await field.get(str(visit.id)))["check"]["standard"]["version"] == 2


async def test_visits_wait_for_a_standard_being_recorded(field: Field) -> None:
    async with field.service.unit_of_work() as uow:
        await references.hold_alone(uow.sql)
        submitting = asyncio.create_task(field.submit())
        second = asyncio.create_task(field.submit())
        await lock_waited_for(field)
        assert not submitting.done()
    assert {(await it)["state"] for it in (submitting, second)} == {"received"}


class Turning(Shelf):
    """Rules that change just after their stamp was read, the first time."""

    turned = 0

    async def standards(self, sql: object, stamp: int, service_id: object) -> tuple[StandardVersion, ...]:
        found = await super().standards(sql, stamp, service_id)  # type: ignore[arg-type]
        self.turned += 1
        if self.turned == 1:
            await references.touch(sql)  # type: ignore[arg-type]
        return found


async def test_a_visit_is_checked_again_when_the_rules_turned(field: Field) -> None:
    shelf = Turning()
    async with field.service.unit_of_work(org=OWNER) as uow:
        visit, _ = await service.submit(uow, shelf, VisitDraft.model_validate(field.visit()))
    assert shelf.turned == 2
    for table in ("submission", "submission_check", "submission_version", "submission_monitor"):
        assert await field.service.database.pool.fetchval(f"SELECT count(*) FROM {table}") == 1
    assert (await field.get(str(visit.id)))["check"]["id"] == str(visit.check.id)
