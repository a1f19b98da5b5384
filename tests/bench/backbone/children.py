"""One side of a measurement as a process of its own: it says `ready`, waits for a line, works, and says what it saw."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import IO, Any

import uvloop

SECONDS = 120.0
"""Longest that one side may take to get ready or to finish."""
Role = Callable[[dict[str, Any], Callable[[], Awaitable[None]]], Awaitable[dict[str, Any]]]
"""Given its arguments and what to await when it is ready; gives what it saw."""


class SideFailed(RuntimeError):
    """A side ended without a result."""


class Side:
    """`python -m module role arguments`, on the given cores."""

    def __init__(
        self, module: str, role: str, arguments: Mapping[str, Any], cores: frozenset[int], log: Path
    ) -> None:
        program = which("taskset")
        if program is None:
            raise SideFailed("taskset is not installed (Debian, Ubuntu: apt-get install util-linux)")
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [
                    *(program, "--cpu-list", ",".join(map(str, sorted(cores)))),
                    *(sys.executable, "-m", module, role, json.dumps(arguments)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> None:
        """Return when it is. Raises SideFailed."""
        if self._line() != "ready":
            raise SideFailed(self._said())

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """What it saw. Raises SideFailed."""
        line = self._line()
        if not line.startswith("{"):
            raise SideFailed(self._said())
        found: dict[str, Any] = json.loads(line)
        return found

    def stop(self) -> None:
        """A second line tells it to end; it is killed where it does not."""
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=SECONDS)
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def main(roles: Mapping[str, Role]) -> None:
    """The other end, in the child. What is logged or printed meanwhile goes to standard error."""
    parent = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    result = uvloop.run(_play(roles[sys.argv[1]], json.loads(sys.argv[2]), parent))
    print(json.dumps(result), file=parent, flush=True)


async def _play(role: Role, arguments: dict[str, Any], parent: IO[str]) -> dict[str, Any]:
    async def ready() -> None:
        print("ready", file=parent, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

    return await role(arguments, ready)


class Stopwatch:
    """Starts when it is made."""

    def __init__(self) -> None:
        self._started, self._used = time.monotonic(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def result(self, count: int) -> dict[str, Any]:
        """`cpu`: cores this process used on average."""
        seconds = self.seconds
        return {"count": count, "seconds": seconds, "cpu": (time.process_time() - self._used) / seconds}


async def until_told() -> None:
    """Until the parent sends another line or closes our standard input."""
    await asyncio.to_thread(sys.stdin.readline)
