"""One node of a cluster: its folder, its process.

Layout of its folder: `server.properties`, `data/` (log.dirs), `kafka.log`, `kafka.pid`.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from deploy.kafka.programs import Programs
from deploy.local.pidfiles import recorded_process
from deploy.local.processes import GRACEFUL, Child, run, spawn, stop_process

HEAP = "384m"
_FORMAT_SECONDS = 120.0
_START_SECONDS = 180.0
_POLL_SECONDS = 0.05
_SHOWN_LINES = 20
_STARTED = "Kafka Server started"
_TAKEN = "Address already in use"
# Warnings only, but for the one line that says a node answers: after the cluster let it in.
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


class KafkaFailed(RuntimeError):
    """A node did not start; its last words follow."""


class PortTaken(KafkaFailed):
    """Another program listens where the node should."""


class Node:
    """A broker that is a controller too. Every method blocks."""

    def __init__(self, number: int, folder: Path, programs: Programs, heap: str) -> None:
        self.number = number
        self.properties = folder / "server.properties"
        self.data = folder / "data"
        self.log = folder / "kafka.log"
        self._folder = folder
        self._programs = programs
        self._heap = heap
        self._pidfile = folder / "kafka.pid"
        self._child: Child | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._child is not None
        return self._child.pid

    def configure(self, text: str) -> None:
        """Write server.properties; it holds the passwords of a listener."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.properties.touch(mode=0o600)
        self.properties.write_text(text)

    def format(self, cluster_id: str, credentials: Iterable[str]) -> None:
        """Make the data folder whole or not at all; an existing one is left as it is. Raises KafkaFailed."""
        if self.data.exists():
            return
        for abandoned in self._folder.glob("format-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="format-", dir=self._folder))
        try:
            properties, log, data = draft / "server.properties", draft / "log", draft / "data"
            properties.touch(mode=0o600)
            properties.write_text(self.properties.read_text() + f"log.dirs={data}\n")
            command = self._programs.command(
                "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", properties,
                *credentials, jvm=("-XX:TieredStopAtLevel=1", "-Xmx128m", *_LOGGING),
            )  # fmt: skip
            if run(command, timeout=_FORMAT_SECONDS, log=log) != 0:
                raise KafkaFailed(f"node {self.number} could not be formatted:\n{_last_lines(log)}")
            data.rename(self.data)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def start(self) -> None:
        """Run it and wait until it answers. Raises KafkaFailed, PortTaken."""
        self.launch()
        self.wait_started()

    def launch(self) -> None:
        """Run it; `wait_started` waits until it answers."""
        stale = recorded_process(self._pidfile)
        if stale is not None:
            stop_process(stale)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        command = self._programs.command(
            "kafka.Kafka", self.properties,
            jvm=(f"-Xmx{self._heap}", "-XX:+UseG1GC", "-Djava.awt.headless=true", *_LOGGING),
        )  # fmt: skip
        self._child = spawn(command, log=self.log, pidfile=self._pidfile, cwd=self._folder)

    def wait_started(self) -> None:
        """Raises KafkaFailed, or PortTaken, when it ends instead or takes too long."""
        assert self._child is not None
        deadline = time.monotonic() + _START_SECONDS
        while _STARTED not in self._said():
            if self._child.poll() is not None:
                self._raise(f"node {self.number} ended")
            if time.monotonic() > deadline:
                self._raise(f"node {self.number} did not start within {_START_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def running(self) -> bool:
        """Whether its process has not ended."""
        return self._child is not None and self._child.poll() is None

    async def exited(self) -> int:
        """Exit code once the process that was started last has ended, whoever ended it; safe to cancel."""
        assert self._child is not None
        return await self._child.exited()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._child is not None:
            self._child.stop((signal.SIGKILL, 10.0))

    def stop(self) -> None:
        """SIGTERM, SIGKILL where that takes too long; a stopped one stays stopped."""
        if self._child is not None:
            self._child.stop(*GRACEFUL)

    def _said(self) -> str:
        """What the process that was started last has logged."""
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(self._log_start if size >= self._log_start else 0)  # smaller: a large log was put aside
            return log.read().decode(errors="replace")

    def _raise(self, what: str) -> None:
        said = self._said()
        kind = PortTaken if _TAKEN in said else KafkaFailed
        raise kind(f"{what}:\n" + "\n".join(said.splitlines()[-_SHOWN_LINES:]))


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:])
