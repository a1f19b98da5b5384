"""kill -9 in every moment: nothing stays running, and the next start finds every acknowledged row."""

import json
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.local.pidfiles import processes_in
from deploy.local.postgres import start_postgres
from deploy.local.processes import Child, RunAs, run, spawn
from tests.deploy.local.deadlines import gone, wait_until

pytestmark = pytest.mark.crash

NOBODY = pwd.getpwnam("nobody")
NAMELESS = 54321

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
"""Without root there is nothing to give up."""


@dataclass(frozen=True)
class Parent:
    """How the parent process runs, and the strategy it is told to use."""

    run_as: RunAs
    arguments: tuple[str, ...]

    def command(self, mode: str, folder: Path) -> list[str | Path]:
        return [sys.executable, "-m", "tests.deploy.local.writing_parent", mode, folder, *self.arguments]

    def write(self, folder: Path, log: Path) -> Child:
        return spawn(self.command("write", folder), log=log, run_as=self.run_as)

    def read(self, folder: Path, log: Path) -> list[int]:
        log.unlink(missing_ok=True)
        code = run(self.command("read", folder), log=log, run_as=self.run_as, timeout=60)
        assert code == 0, log.read_text()
        values: list[int] = json.loads(log.read_text())["values"]
        return values


def namespaces_allowed() -> bool:
    return run(["/bin/true"], run_as=RunAs("namespace", NOBODY.pw_uid, NOBODY.pw_gid), timeout=10) == 0


@pytest.fixture(
    params=[
        pytest.param("namespace", marks=as_root),
        pytest.param("drop", marks=as_root),
        "not root",
        "a user without a name",
    ]
)
def parent(request: pytest.FixtureRequest, open_folder: Path) -> Parent:
    if request.param != "drop" and os.geteuid() == 0 and not namespaces_allowed():
        pytest.skip("user namespaces are forbidden here")
    if request.param == "drop":
        return Parent(RunAs(), ("drop", str(open_folder)))
    if request.param == "namespace":
        return Parent(RunAs(), ("namespace",))
    # Seen from inside a namespace we are an ordinary user, as on a developer's machine or with `--user N`.
    if request.param == "a user without a name":
        return Parent(RunAs("namespace", NAMELESS, NAMELESS), ())
    return Parent(RunAs("namespace", NOBODY.pw_uid, NOBODY.pw_gid), ())


def acknowledged(log: Path) -> list[int]:
    """The numbers the parent has printed, without a line cut short by its death."""
    lines = log.read_text().split("\n")[:-1]
    return [int(line) for line in lines if line.isdigit()]


def wait_for_rows(child: Child, log: Path, count: int) -> None:
    def written() -> bool:
        assert child.poll() is None, log.read_text()
        return len(acknowledged(log)) >= count

    wait_until(written)


def kill_parent(child: Child) -> list[psutil.Process]:
    """SIGKILL to the parent alone; the processes that hung on it."""
    family = psutil.Process(child.pid).children(recursive=True)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    return family


def test_a_killed_parent_leaves_nothing_running_and_loses_nothing(parent: Parent, tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    for _ in range(2):
        log.unlink(missing_ok=True)
        child = parent.write(data, log)
        wait_for_rows(child, log, 30)
        family = kill_parent(child)
        assert len(family) > 5, "the postmaster and its backends were seen"
        wait_until(lambda family=family: all(gone(process) for process in family), 15)  # type: ignore[misc]
        assert processes_in(data / "cluster", "postgres") == []
        last = acknowledged(log)[-1]
        stored = parent.read(data, tmp_path / "read")
        # One more may be there: committed, but killed before it could be acknowledged.
        assert stored in ([*range(1, last + 1)], [*range(1, last + 2)])


def test_a_start_right_after_the_kill_waits_for_the_old_server(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    parent = Parent(RunAs(), ())
    child = parent.write(data, log)
    wait_for_rows(child, log, 5)
    family = kill_parent(child)
    stored = parent.read(data, tmp_path / "read")
    assert stored[: len(acknowledged(log))] == acknowledged(log)
    assert all(gone(process) for process in family)


def test_a_killed_postmaster_is_noticed_and_its_backends_are_ended(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    parent = Parent(RunAs(), ())
    child = parent.write(data, log)
    wait_for_rows(child, log, 5)
    postmaster = int(log.read_text().split()[1])
    os.kill(postmaster, signal.SIGKILL)
    family = kill_parent(child)
    busy = [process for process in family if not gone(process)]
    last = acknowledged(log)[-1]
    assert parent.read(data, tmp_path / "read")[:last] == [*range(1, last + 1)]
    wait_until(lambda: all(gone(process) for process in busy), 5)


def initdb_runs(data: Path) -> bool:
    return any(data.glob("initdb-*/base"))


def server_starts(data: Path) -> bool:
    return (data / "cluster" / "postmaster.pid").exists()


@pytest.mark.parametrize("moment", [initdb_runs, server_starts])
def test_a_kill_during_the_first_start_does_no_harm(tmp_path: Path, moment: Callable[[Path], bool]) -> None:
    data = tmp_path / "data"
    child = Parent(RunAs(), ()).write(data, tmp_path / "log")
    wait_until(lambda: moment(data))
    family = kill_parent(child)
    wait_until(lambda: all(gone(process) for process in family), 15)
    with start_postgres(data, durable=False) as server:
        server.ensure_database("numbers", "numbers", "secret")
    assert not [*data.glob("initdb-*")]
