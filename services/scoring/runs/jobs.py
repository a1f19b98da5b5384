"""Jobs of runs: every live run is computed anew from time to time, whatever events may have done to it."""

from datetime import timedelta
from typing import Any

import structlog

from services.scoring.runs import repository, service
from shared.jobs.context import JobContext
from shared.jobs.definition import Job

log = structlog.get_logger("runs")


async def reconcile(context: JobContext, _: dict[str, Any]) -> dict[str, Any]:
    """A run that differs was behind a projection that had been rebuilt."""
    async with context.database.read() as connection:
        identifiers = await repository.live_ids(connection)
    changed = 0
    for done, identifier in enumerate(identifiers, 1):
        async with context.step() as uow:
            if await service.bring_up_to_date(uow, identifier):
                changed += 1
                log.warning("live run differed from its inputs", run_id=str(identifier))
        await context.progress(done / len(identifiers))
    return {"runs": len(identifiers), "changed": changed}


JOBS = {"runs.reconcile": Job(reconcile, every=timedelta(minutes=15))}
