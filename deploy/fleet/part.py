"""One part of a fleet: started, started again when it ends, stopped. Knows no particular program."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Literal, Protocol

import structlog

from deploy.local.families import family
from shared.messaging.backoff import Backoff

Kind = Literal["postgres", "kafka", "api", "worker", "gateway"]
State = Literal["new", "starting", "running", "waiting", "ended", "stopped"]

PATIENCE = Backoff(first=0.2, longest=10.0)
STEADY_SECONDS = 10.0
"""A part that ran for so long has not failed again, it has failed anew."""
_LOOK_SECONDS = 0.05

log = structlog.get_logger("fleet")


class PartFailed(RuntimeError):
    """A program did not start."""


class Program(Protocol):
    """What a part keeps running, one process after the other on the same address and data."""

    @property
    def pid(self) -> int | None:
        """Of its process; None while none runs, for another program may have it then."""
        ...

    @property
    def log(self) -> Path: ...

    async def start(self) -> None:
        """Run it until it answers; nothing where it runs. Raises RuntimeError, OSError or TimeoutExpired, also
        when it is stopped meanwhile, and leaves no process then."""
        ...

    async def ended(self) -> int:
        """Exit code once the process has ended, whoever ended it; safe to cancel."""
        ...

    async def stop(self) -> None:
        """End it in bounded time and for good; may be repeated."""
        ...


class Part:
    """A supervised program. `restart` may be set at any time: while it is False a process that ends stays away, and
    comes back once it is True again."""

    def __init__(
        self, name: str, kind: Kind, program: Program, *, service: str | None = None, url: str | None = None
    ) -> None:
        self.name = name
        self.kind = kind
        self.service = service
        """Whose API or worker it is."""
        self.url = url
        """Its own address, where it speaks HTTP."""
        self.restart = True
        self.restarts = 0
        self.exit_code: int | None = None
        """How its last process ended: negative by this signal; None before one has."""
        self.state: State = "new"
        self._program = program
        self._starting: asyncio.Task[None] | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of its process; None while none runs."""
        return self._program.pid

    @property
    def pids(self) -> list[int]:
        """Its process and all that this has started, as far as they run: what SIGSTOP has to reach."""
        pid = self.pid
        return [] if pid is None else family(pid)

    @property
    def log(self) -> Path:
        return self._program.log

    async def start(self) -> None:
        """Run it and watch over it from then on. Raises PartFailed."""
        try:
            await self._begin()
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            raise PartFailed(f"{self.name}: {error}") from error
        self._supervisor = asyncio.create_task(self._supervise(), name=f"supervisor of {self.name}")

    async def abandoned(self) -> None:
        """Return, or raise what happened, when nobody watches over it any more."""
        assert self._supervisor is not None
        await asyncio.shield(self._supervisor)

    async def stop(self) -> None:
        """End it for good, also while it is being started. Raises UnkillableProcess."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait({self._supervisor})
        for pid in self.pids:  # a process that stands still would hear nothing but SIGKILL
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGCONT)
        await self._program.stop()
        if self._starting is not None:
            await asyncio.wait({self._starting})
            await self._program.stop()
        self.state = "stopped"

    async def _begin(self) -> None:
        self.state = "starting"
        # Not cancelled with whoever waits for it: `stop` ends what it has started.
        self._starting = asyncio.create_task(self._program.start())
        self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._starting)
        self.state = "running"

    async def _supervise(self) -> None:
        failures = 0
        while True:
            since = time.monotonic()
            self.exit_code = await self._program.ended()
            log.warning("a part ended", part=self.name, exit_code=self.exit_code)
            if time.monotonic() - since > STEADY_SECONDS:
                failures = 0
            failures = await self._bring_back(failures)
            self.restarts += 1
            log.warning("a part runs again", part=self.name, restarts=self.restarts)

    async def _bring_back(self, failures: int) -> int:
        """Start it until it runs; failures in a row."""
        while True:
            failures += 1
            await self._wait(PATIENCE.after(failures))
            try:
                await self._begin()
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                log.warning("a part did not start", part=self.name, detail=str(error), failures=failures)
            else:
                return failures

    async def _wait(self, seconds: float) -> None:
        due = time.monotonic() + seconds
        while not self.restart or time.monotonic() < due:
            self.state = "waiting" if self.restart else "ended"
            await asyncio.sleep(_LOOK_SECONDS)
