"""Children that die with their parent, however it ends, and only with it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from deploy.local import exec_child
from deploy.local.pidfiles import recorded_process
from deploy.local.processes import Child, RunAs, free_port, run, spawn, stop_process
from tests.deploy.local.deadlines import gone, wait_until

SLEEP = ["/bin/sleep", "600"]


def started(child: Child, program: str = "sleep") -> bool:
    """Whether the child has become the program."""
    return psutil.Process(child.pid).name() == program


class TestDeathOfTheParent:
    @pytest.mark.crash
    def test_a_killed_parent_takes_its_child_along(self, tmp_path: Path) -> None:
        pidfile = tmp_path / "child.pid"
        parent = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.local.sleeping_parent", str(pidfile)], stdout=subprocess.PIPE
        )
        with parent:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            wait_until(lambda: child.name() == "sleep")
            parent.kill()
        wait_until(lambda: gone(child))
        assert recorded_process(pidfile) is None

    def test_the_end_of_the_thread_that_asked_does_not_end_the_child(self) -> None:
        children: list[Child] = []

        def ask() -> None:
            children.append(spawn(SLEEP))
            # The signal is armed only now: a thread that ended before would prove nothing.
            wait_until(lambda: started(children[0]))

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        child = children[0]
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.3)
        finally:
            child.stop()

    def test_a_parent_that_died_too_early_leaves_no_child(self, tmp_path: Path) -> None:
        proof = tmp_path / "ran"
        stranger = 2**22 + 1  # above the largest pid there can be: nobody's parent
        launcher = [sys.executable, "-I", "-S", exec_child.__file__, str(stranger), str(int(signal.SIGKILL))]
        ended = subprocess.run(
            [*launcher, "direct", "/bin/touch", str(proof)], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 1
        assert "parent ended" in ended.stderr
        assert not proof.exists()

    def test_ctrl_c_in_the_terminal_reaches_only_the_parent(self) -> None:
        child = spawn(SLEEP)
        try:
            assert os.getsid(child.pid) == child.pid != os.getsid(0)
        finally:
            child.stop()


class TestStopping:
    def test_a_polite_child_goes_on_sigterm(self) -> None:
        child = spawn(SLEEP)
        wait_until(lambda: started(child))
        assert child.poll() is None
        assert child.stop() == -signal.SIGTERM
        assert child.stop() == -signal.SIGTERM

    def test_a_deaf_child_is_killed_after_the_wait(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        child = spawn(["/bin/sh", "-c", "trap '' TERM INT; echo deaf; while :; do sleep 1; done"], log=log)
        wait_until(lambda: "deaf" in log.read_text())
        assert child.stop((signal.SIGINT, 0.05), (signal.SIGTERM, 0.05)) == -signal.SIGKILL

    def test_a_recorded_process_can_be_stopped_without_its_handle(self, tmp_path: Path) -> None:
        child = spawn(SLEEP, pidfile=tmp_path / "pid")
        recorded = recorded_process(tmp_path / "pid")
        assert recorded is not None
        stop_process(recorded)
        assert child.wait(5) < 0

    def test_a_stopped_child_takes_its_pidfile_along(self, tmp_path: Path) -> None:
        child = spawn(SLEEP, pidfile=tmp_path / "pid")
        child.stop()
        assert not (tmp_path / "pid").exists()

    async def test_the_end_of_a_child_can_be_awaited(self) -> None:
        assert await spawn(["/bin/sh", "-c", "exit 7"]).exited() == 7

    def test_a_program_that_does_not_end_is_killed_at_its_deadline(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with pytest.raises(subprocess.TimeoutExpired):
            run(["/bin/sh", "-c", "echo $$; exec sleep 600"], timeout=0.5, log=log)
        assert not psutil.pid_exists(int(log.read_text()))


class TestStarting:
    def test_a_program_that_cannot_be_executed_says_why(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        assert run(["/nowhere/program"], timeout=10, log=log) == 126
        assert "/nowhere/program" in log.read_text()

    @pytest.mark.parametrize("user", [RunAs("drop"), RunAs("drop", 2**32 - 1, 65534), RunAs("drop", 0, 0)])
    def test_a_drop_that_would_keep_root_does_not_start(self, tmp_path: Path, user: RunAs) -> None:
        log = tmp_path / "log"
        assert run(["/bin/echo", "ran"], timeout=10, log=log, run_as=user) == 126
        assert "cannot start /bin/echo" in log.read_text()

    def test_output_is_appended_to_the_log_and_closed_to_others(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        for word in ("first", "second"):
            run(["/bin/echo", word], timeout=10, log=log)
        assert log.read_text() == "first\nsecond\n"
        assert log.stat().st_mode & 0o777 == 0o600

    def test_a_large_log_is_put_aside(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        with log.open("wb") as file:
            file.truncate(17 * 1024 * 1024)
        run(["/bin/echo", "new"], timeout=10, log=log)
        assert log.read_text() == "new\n"
        assert (tmp_path / "log.1").stat().st_size == 17 * 1024 * 1024

    def test_a_free_port_can_be_bound(self) -> None:
        with socket.socket() as server:
            server.bind(("127.0.0.1", free_port()))
