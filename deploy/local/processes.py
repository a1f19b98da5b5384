"""Child processes that die with their parent: starting, watching and stopping them, free ports, log files.

Linux only (PR_SET_PDEATHSIG). Knows no particular program. Blocking calls: from asyncio use `to_thread`.
"""

import asyncio
import functools
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from deploy.local import exec_child
from deploy.local.pidfiles import ProcessId, identify, write_pidfile

Step = tuple[signal.Signals, float]
"""A signal and the seconds to wait for the process to go after it."""

GRACEFUL: tuple[Step, ...] = ((signal.SIGTERM, 10.0),)
_AFTER_KILL_SECONDS = 10.0
_POLL_SECONDS = 0.01
_LOG_LIMIT_BYTES = 16 * 1024 * 1024

_Start = tuple["Future[subprocess.Popen[bytes]]", list[str], dict[str, object]]


class UnkillableProcess(RuntimeError):
    """A process is still there after SIGKILL."""


@dataclass(frozen=True)
class RunAs:
    """The user a child runs as: ours, ours under another name (user namespace), or another one for good."""

    kind: Literal["direct", "namespace", "drop"] = "direct"
    uid: int = -1
    gid: int = -1

    def __str__(self) -> str:
        return self.kind if self.kind == "direct" else f"{self.kind}:{self.uid}:{self.gid}"


class Child:
    """A process started by `spawn`."""

    def __init__(self, process: "subprocess.Popen[bytes]", pidfile: Path | None) -> None:
        self._process = process
        self._identity = identify(process.pid)
        self._pidfile = pidfile
        if pidfile is not None:
            write_pidfile(pidfile, process.pid)

    @property
    def pid(self) -> int:
        """The program's own pid: nothing stands between it and us."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code (negative: the signal that ended it), None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, after at most `timeout` seconds. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout)

    async def exited(self) -> int:
        """Exit code once the process has ended, whoever ended it; safe to cancel."""
        while (code := self.poll()) is None:  # noqa: ASYNC110 - the end of a process sets no event
            await asyncio.sleep(0.1)
        return code

    def stop(self, *steps: Step) -> int:
        """Send the signals in turn (`GRACEFUL` without any), SIGKILL last; exit code. May be repeated."""
        if self._identity is not None:
            stop_process(self._identity, *steps)
        code = self.wait(_AFTER_KILL_SECONDS)
        if self._pidfile is not None:
            self._pidfile.unlink(missing_ok=True)
        return code


class SpawnOptions(TypedDict, total=False):
    """How `spawn` starts a program."""

    log: Path | None
    """File its output is appended to; thrown away without."""
    death_signal: signal.Signals
    """What the kernel sends it when this process is gone; SIGKILL by default."""
    run_as: RunAs
    cwd: Path
    env: Mapping[str, str]
    stdin: int
    """Descriptor; nothing to read by default."""
    pidfile: Path
    """Where to record it as long as it runs, so that a later start finds it."""


def spawn(command: Sequence[str | Path], **options: Unpack[SpawnOptions]) -> Child:
    """Start a program (absolute path) that ends when this process does, however that ends.

    It leads its own session, so a Ctrl-C in the terminal reaches only us and the order of stopping stays
    ours. A program that cannot be executed shows as exit code 126 with the reason in the log.
    """
    death_signal = options.get("death_signal", signal.SIGKILL)
    launcher = [sys.executable, "-I", "-S", exec_child.__file__, str(os.getpid()), str(int(death_signal))]
    log = options.get("log")
    output = subprocess.DEVNULL if log is None else _open_log(log)
    try:
        process = _spawner(os.getpid()).start(
            [*launcher, str(options.get("run_as", RunAs())), *map(str, command)],
            {
                "stdin": options.get("stdin", subprocess.DEVNULL),
                "stdout": output,
                "stderr": output,
                "cwd": options.get("cwd"),
                "env": options.get("env"),
                "start_new_session": True,
            },
        )
    finally:
        if log is not None:
            os.close(output)
    return Child(process, options.get("pidfile"))


def run(command: Sequence[str | Path], *, timeout: float, **options: Unpack[SpawnOptions]) -> int:
    """Exit code of a program that ends by itself; options as for `spawn`.

    It is killed, and subprocess.TimeoutExpired raised, after `timeout` seconds.
    """
    child = spawn(command, **options)
    try:
        return child.wait(timeout)
    finally:
        child.stop()


def stop_process(process: ProcessId, *steps: Step) -> None:
    """End any process: each signal with its bounded wait, then SIGKILL. Raises UnkillableProcess."""
    for sent, seconds in (*(steps or GRACEFUL), (signal.SIGKILL, _AFTER_KILL_SECONDS)):
        if not process.alive():
            return
        try:
            os.kill(process.pid, sent)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while process.alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    if process.alive():
        raise UnkillableProcess(f"process {process.pid} is still there after SIGKILL")


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port nobody listens on now; another may take it before you do, so be ready to ask again."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _open_log(path: Path) -> int:
    """Descriptor to append to `path`, which becomes `path.1` once it is over 16 MiB."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class _Spawner:
    """Forks every child in one thread that lives as long as the process.

    PR_SET_PDEATHSIG fires when the *thread* that forked ends; in a short-lived one (`to_thread` after
    `asyncio.run` has closed its pool) the child would be killed under a living parent.
    """

    def __init__(self) -> None:
        self._starts: queue.SimpleQueue[_Start] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="spawner", daemon=True).start()

    def start(self, command: list[str], options: dict[str, object]) -> "subprocess.Popen[bytes]":
        future: Future[subprocess.Popen[bytes]] = Future()
        self._starts.put((future, command, options))
        return future.result()

    def _serve(self) -> None:
        while True:
            future, command, options = self._starts.get()
            try:
                future.set_result(subprocess.Popen(command, **options))  # type: ignore[call-overload]
            except BaseException as error:  # noqa: BLE001 - handed to the caller, this thread must live on
                future.set_exception(error)


@functools.cache
def _spawner(pid: int) -> _Spawner:
    """The spawner of this process: threads do not survive a fork, so a forked worker gets its own."""
    del pid
    return _Spawner()
