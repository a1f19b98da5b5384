"""What a handler is given: who asked, where to write, how to tell its progress, where to compute."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.database import Database
from shared.db.unit_of_work import Trace, UnitOfWork
from shared.jobs.leases import Claim, Lease, hold, mark_done, renew
from shared.jobs.processes import ProcessPool

R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_PROGRESS_SECONDS = 0.5
"""Progress is written at most this often: a handler may report it for every row it reads."""


class JobUnitOfWork(UnitOfWork):
    """A unit of work whose commit also ends the job; `result` is stored with it."""

    result: dict[str, Any] | None = None


class JobContext:
    """One attempt at one job. `principal` is the service's own; `owner` is the `sub` that asked, if any."""

    def __init__(
        self,
        claim: Claim,
        *,
        database: Database,
        principal: Principal,
        clock: Clock,
        processes: ProcessPool,
        lease: timedelta,
    ) -> None:
        self.job_id: UUID = claim.lease.job_id
        self.attempt: int = claim.lease.attempt
        self.owner = claim.owner
        self.trace = Trace(request_id=str(claim.lease.job_id), traceparent=claim.traceparent)
        self.database = database
        self.principal = principal
        self.clock = clock
        self.ending = False
        """Whether the unit of work that ends the job is being committed, which locks the job's row."""
        self.finished = False
        """Whether it was."""
        self.fraction = 0.0
        self.lease: Lease = claim.lease
        self._lease_time = lease
        self._processes = processes
        self._written_at = time.monotonic()

    async def progress(self, fraction: float) -> None:
        """Tell how much is done, 0 to 1. Raises ValueError outside of it, LeaseLost when there is no use in
        going on."""
        if not 0 <= fraction <= 1:
            raise ValueError(f"progress is between 0 and 1, not {fraction}")
        self.fraction = fraction
        if time.monotonic() - self._written_at >= _PROGRESS_SECONDS:
            await self.keep_lease()

    async def keep_lease(self) -> None:
        """Renew the lease and write the progress. Raises LeaseLost."""
        async with self.database.read() as connection:
            await renew(connection, self.lease, self._lease_time, self.fraction)
        self._written_at = time.monotonic()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[JobUnitOfWork]:
        """The transaction that ends the job: its effects happen exactly once, whoever is killed when.

        A handler uses it once, as the last thing it does, and sets `uow.result` instead of returning a result.
        Raises LeaseLost, with nothing committed, when the job is no longer ours."""
        uow = JobUnitOfWork(self.database, self.principal, self.clock, self.trace)
        try:
            async with uow:
                yield uow
                self.ending = True
                await mark_done(uow.sql, self.lease, uow.result)
            self.finished = True
        finally:
            self.ending = False

    @asynccontextmanager
    async def step(self) -> AsyncIterator[UnitOfWork]:
        """A transaction on the way, which commits only while the job is ours. A later attempt will find its
        effects and has to skip them. Raises LeaseLost, with nothing committed."""
        async with UnitOfWork(self.database, self.principal, self.clock, self.trace) as uow:
            yield uow
            await hold(uow.sql, self.lease)

    async def in_process(self, function: Callable[[*Ts], R], *args: *Ts) -> R:
        """Run CPU work of more than 50 ms in another process; the function must be importable by name."""
        return await self._processes.run(function, *args)
