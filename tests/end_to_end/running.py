"""`make up` as a process of its own: starting it, reading what it says, ending it, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.deploy.local.deadlines import gone, wait_until

ROOT = Path(__file__).parents[2]
READY_SECONDS = 150.0
STOP_SECONDS = 60.0


class Up:
    """`python -m deploy.local.up` on a data folder."""

    def __init__(self, folder: Path, log: Path, *arguments: str) -> None:
        self.folder = folder
        self.log = log
        command = [
            sys.executable,
            "-m",
            "deploy.local.up",
            "--data",
            str(folder),
            *(arguments or ("--port", "0")),
        ]
        with log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Wait for the condition; fail with what the process said should it end before."""

        def met() -> bool:
            if condition():
                return True
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said}"
            return False

        wait_until(met, seconds)

    def ready(self) -> str:
        """The address it prints once everything is."""
        self.until(lambda: "ready http://" in self.said)
        [url] = re.findall(r"^ready (http://127\.0\.0\.1:\d+)$", self.said, re.MULTILINE)
        return str(url)

    def family(self) -> list[psutil.Process]:
        """Everything it has started, whoever it belongs to."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, sent: signal.Signals) -> int:
        """Send a signal; the exit code once it has ended and nothing of it is left."""
        family = self.family()
        self.process.send_signal(sent)
        code = self.process.wait(STOP_SECONDS)
        wait_until(lambda: all(gone(process) for process in family), 15)
        wait_until(lambda: not left_in(self.folder), 15)
        return code

    def kill(self, names: set[str]) -> None:
        """SIGKILL to the one process its user sees; everything else, of these names and others, has to go by
        itself."""
        family = self.family()
        assert names <= {process.name() for process in family}
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(10) == -signal.SIGKILL
        wait_until(lambda: all(gone(process) for process in family), 15)
        wait_until(lambda: not left_in(self.folder), 15)

    def ended(self) -> int:
        """The exit code of one that ends by itself."""
        return self.process.wait(READY_SECONDS)


def left_in(folder: Path) -> list[str]:
    """Command lines of processes that work in the folder, name it, or write there."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd", "status"]):
        told = process.info
        place = f"{told['cwd'] or ''} {' '.join(told['cmdline'] or ())} {_output(told['pid'])}"
        if str(folder) in place and told["pid"] != os.getpid() and told["status"] != psutil.STATUS_ZOMBIE:
            found.append(place)
    return found


def _output(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/fd/1").readlink())
    except OSError:  # gone, or somebody else's
        return ""


@contextmanager
def up(folder: Path, log: Path, *arguments: str) -> Iterator[Up]:
    """Killed at the end of the block, should it still run."""
    running = Up(folder, log, *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
            deadline = time.monotonic() + 15
            while left_in(folder) and time.monotonic() < deadline:
                time.sleep(0.05)
