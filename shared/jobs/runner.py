"""Runs jobs: claims what is due, keeps the leases, ends or repeats what its handlers leave. Knows no handler."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Mapping
from datetime import timedelta

import structlog

from shared.auth.principal import Principal
from shared.clock import Clock, SystemClock
from shared.db.database import Database
from shared.jobs.context import JobContext
from shared.jobs.definition import Job
from shared.jobs.leases import Claim, claim
from shared.jobs.metrics import JobMetrics
from shared.jobs.processes import ProcessPool
from shared.jobs.recurring import BUILT_IN, schedule
from shared.jobs.store import JOBS_CHANNEL
from shared.jobs.supervision import Supervisor
from shared.messaging.backoff import Backoff
from shared.messaging.failures import dependency_down
from shared.messaging.wakeup import Waiter, Wakeup

_OUTAGE = Backoff(first=0.1, longest=5.0)
_SCHEDULE_SECONDS = 60.0

log = structlog.get_logger("jobs")


class JobRunner:
    """Any number may run on a database. `principal` is who the service's own handlers act as.

    `lease` is how long a killed runner's jobs wait for another one; `grace` how long `stop` waits for handlers."""

    name = "jobs"

    def __init__(
        self,
        database: Database,
        registry: Mapping[str, Job],
        *,
        principal: Principal,
        clock: Clock | None = None,
        wakeup: Wakeup | None = None,
        concurrency: int = 4,
        max_processes: int = 2,
        lease: timedelta = timedelta(seconds=30),
        grace: timedelta = timedelta(seconds=10),
        metrics: JobMetrics | None = None,
    ) -> None:
        self.id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = database
        self._registry = {**BUILT_IN, **registry}
        self._principal = principal
        self._clock = clock or SystemClock()
        self._waiter = wakeup.waiter(JOBS_CHANNEL) if wakeup else Waiter()
        self._concurrency = concurrency
        self._processes = ProcessPool(max_processes)
        self._lease = lease
        self._grace = grace.total_seconds()
        self._metrics = metrics
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        periods = (job.every.total_seconds() for job in self._registry.values() if job.every)
        self._schedule_every = min(_SCHEDULE_SECONDS, *periods)
        self._schedule_at = 0.0

    async def run(self) -> None:
        """Work until `stop`. A database that does not answer is waited for; anything else raises."""
        grace = 0.0
        try:
            await self._serve()
            grace = self._grace
        finally:
            await self._wind_down(grace)
        self._raise_failures()

    async def stop(self) -> None:
        """Claim nothing more. `run` returns when its jobs have ended or their grace is over; what it then cuts
        off goes back to the queue."""
        self._stopping.set()
        self._waiter.hint()

    async def _serve(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._raise_failures()
            try:
                found = await self._step()
            except Exception as error:
                if not (isinstance(error, TimeoutError) or dependency_down(error)):
                    raise
                failures += 1
                log.warning("database does not answer", error=type(error).__name__)
                await self._waiter.wait(found=False, at_most=_OUTAGE.after(failures))
                continue
            failures = 0
            await self._waiter.wait(found=found)

    async def _step(self) -> bool:
        """Claim what there is room for; whether there was anything."""
        free = self._concurrency - sum(not task.done() for task in self._running)
        if free <= 0:
            return False  # the end of a job is a hint
        async with self._database.read() as connection:
            if time.monotonic() >= self._schedule_at:
                await schedule(connection, self._registry)
                self._schedule_at = time.monotonic() + self._schedule_every
            claims = await claim(connection, list(self._registry), self.id, free, self._lease)
        for found in claims:
            self._start(found)
        return bool(claims)

    def _start(self, found: Claim) -> None:
        job = self._registry[found.kind]
        if found.failed:
            log.error("job failed: its runners were lost", kind=found.kind, job=str(found.lease.job_id))
            return
        context = JobContext(
            found,
            database=self._database,
            principal=self._principal,
            clock=self._clock,
            processes=self._processes,
            lease=self._lease,
        )
        supervisor = Supervisor(job, found, context, self._lease, self._metrics)
        task = asyncio.create_task(supervisor.run(), name=f"job {found.kind} {found.lease.job_id}")
        self._running.add(task)
        task.add_done_callback(lambda _: self._ended(job))

    def _ended(self, job: Job) -> None:
        if job.every is not None:
            self._schedule_at = 0.0
        self._waiter.hint()

    def _raise_failures(self) -> None:
        """A supervisor ends quietly whatever its handler does; if it does not, this runner cannot be trusted."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            if not task.cancelled():
                task.result()

    async def _wind_down(self, grace: float) -> None:
        if self._running and grace:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=Supervisor.RELEASE_SECONDS + 1)
        self._processes.close()
