"""The clock of oversight: every hour it looks for findings nobody answered in time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.monitoring.oversight.service import escalate_batch
from shared.jobs.context import JobContext
from shared.jobs.definition import Job

ESCALATE = "findings.escalate"
BATCH = 100


async def escalate(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """In batches, each a transaction; run again it tells nobody twice."""
    told = 0
    while True:
        async with context.step() as uow:
            found = await escalate_batch(uow, BATCH)
        told += found
        if found < BATCH:
            return {"escalated": told}


JOBS: Mapping[str, Job] = {ESCALATE: Job(escalate, every=timedelta(hours=1))}
