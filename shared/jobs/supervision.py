"""One attempt at one job: its handler, its heartbeat, and what is written when either ends."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal

import asyncpg
import structlog

from shared.jobs.context import JobContext
from shared.jobs.definition import Job, JobFailed, LeaseLost
from shared.jobs.leases import Claim, mark_done, mark_failed, release
from shared.jobs.metrics import JobMetrics
from shared.messaging.backoff import Backoff
from shared.messaging.failures import dependency_down

_AGAIN = Backoff(first=0.05, longest=1.0)

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: Literal["done", "retry", "failed", "lost"]
    result: dict[str, Any] | None = None
    error: str = ""


class Supervisor:
    """`run` returns whatever the handler does; cancelling it gives the job back to the queue."""

    RELEASE_SECONDS: ClassVar[float] = 2.0
    """Longest time that cancelling takes: half for the handler to end, half to give the job back."""

    def __init__(
        self, job: Job, claim: Claim, context: JobContext, lease: timedelta, metrics: JobMetrics | None
    ) -> None:
        self._job = job
        self._claim = claim
        self._context = context
        self._lease_seconds = lease.total_seconds()
        self._metrics = metrics
        self._log = log.bind(kind=claim.kind, job=str(context.job_id), attempt=context.attempt)
        if context.trace.trace_id:
            self._log = self._log.bind(trace_id=context.trace.trace_id)

    async def run(self) -> None:
        started = time.monotonic()
        work = asyncio.create_task(self._attempt())
        try:
            outcome = await self._keep_lease_until_done(work)
            await self._settle(outcome)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=self.RELEASE_SECONDS / 2)
            await self._release()
            raise
        if self._metrics is not None:
            self._metrics.observe(self._claim.kind, outcome.kind, time.monotonic() - started)

    async def _attempt(self) -> Outcome:
        try:
            async with asyncio.timeout(self._job.timeout.total_seconds()):
                result = await self._job.handler(self._context, self._claim.payload)
        except LeaseLost:
            return Outcome("lost")
        except JobFailed as error:
            return Outcome("failed", error=str(error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Something the handler waited for was cancelled, not the handler.
            return Outcome("retry", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is this attempt's failure
            self._log.exception("job attempt failed")
            # Its text may hold what people entered, and the owner reads this: the log has the rest.
            return Outcome("retry", error=type(error).__name__)
        return Outcome("done", result=result)

    async def _keep_lease_until_done(self, work: "asyncio.Task[Outcome]") -> Outcome:
        """Heartbeats three times a lease. Cancels the handler when the lease is lost, or has run out unrenewed."""
        kept_at = time.monotonic()
        while not work.done():
            await asyncio.wait({work}, timeout=self._lease_seconds / 3)
            if work.done() or self._context.ending:
                continue
            try:
                async with asyncio.timeout(self._lease_seconds / 3):
                    await self._context.keep_lease()
                kept_at = time.monotonic()
            except LeaseLost:
                return await self._abandon(work)
            except Exception as error:
                if not _outage(error):
                    work.cancel()
                    raise
                if time.monotonic() - kept_at >= self._lease_seconds:
                    return await self._abandon(work)
        return work.result()

    async def _abandon(self, work: "asyncio.Task[Outcome]") -> Outcome:
        self._log.warning("job lost: it was cancelled, taken over, or its lease could not be renewed")
        work.cancel()
        await asyncio.wait({work}, timeout=self.RELEASE_SECONDS)
        return Outcome("lost")

    async def _settle(self, outcome: Outcome) -> None:
        """Write how the attempt ended. If the database stays away for a lease, the job will be taken over."""
        if outcome.kind == "lost" or self._context.finished:
            if outcome.result is not None:
                self._log.warning("result ignored: the job was ended by its unit of work")
            return
        started, failures = time.monotonic(), 0
        while True:
            try:
                await self._write(outcome)
            except LeaseLost:
                return  # its unit of work did commit although the answer got lost, or somebody else has it
            except asyncpg.UniqueViolationError:
                continue  # one more came to wait under its key: it gives way
            except Exception as error:  # noqa: BLE001 - `_instead_of` raises it again
                if not _outage(error):
                    outcome = self._instead_of(outcome, error)
                    continue
                failures += 1
                if time.monotonic() - started >= self._lease_seconds:
                    self._log.warning("outcome not written", error=type(error).__name__)
                    return
                await asyncio.sleep(_AGAIN.after(failures))
            else:
                return

    def _instead_of(self, outcome: Outcome, error: Exception) -> Outcome:
        """What to write when the database refused what the handler gave: a runner must not die of that."""
        plain = Outcome("failed", error=type(error).__name__)
        if outcome == plain:
            raise error
        self._log.error("outcome refused", exc_info=error)
        return plain

    async def _write(self, outcome: Outcome) -> None:
        held = self._claim.lease
        async with self._context.database.transaction() as connection:
            if outcome.kind == "done":
                await mark_done(connection, held, outcome.result)
                return
            pause = timedelta(seconds=self._job.backoff.after(held.attempt))
            again = await mark_failed(
                connection, held, outcome.error, pause if outcome.kind == "retry" else None
            )
        if not again:
            self._log.error("job failed", error=outcome.error)

    async def _release(self) -> None:
        with suppress(TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with (
                asyncio.timeout(self.RELEASE_SECONDS / 2),
                self._context.database.read() as connection,
            ):
                await release(connection, self._claim.lease)


def _outage(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or dependency_down(error)
