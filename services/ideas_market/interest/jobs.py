"""The timer that ends reservations: started with each of them, kept in the database, so that no restart loses it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.ideas_market.interest.service import EXPIRE, expire
from shared.jobs.context import JobContext
from shared.jobs.definition import Job


async def expire_reservation(context: JobContext, payload: dict[str, Any]) -> None:
    """Payload: `{"reservation_id": uuid}`. The job ends in the transaction of its effect."""
    async with context.unit_of_work() as uow:
        uow.result = {"expired": await expire(uow, UUID(payload["reservation_id"]))}


JOBS: Mapping[str, Job] = {EXPIRE: Job(expire_reservation)}
