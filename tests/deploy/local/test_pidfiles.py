"""Who runs in a folder: pids that were handed out again, and the lock of one supervisor."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.pidfiles import (
    FolderInUse,
    FolderLock,
    identify,
    processes_in,
    recorded_process,
    write_pidfile,
)
from tests.deploy.local.deadlines import wait_until

HOLD = """
import os, signal, sys
from pathlib import Path
from deploy.local.pidfiles import FolderLock
lock = FolderLock(Path(sys.argv[1]))
worker = os.fork()
if worker:
    print(worker, flush=True)
signal.pause()
"""


class TestPidfile:
    def test_it_names_a_process_as_long_as_that_runs(self, tmp_path: Path) -> None:
        pidfile = tmp_path / "pid"
        process = subprocess.Popen(["/bin/sleep", "600"])
        write_pidfile(pidfile, process.pid)
        recorded = recorded_process(pidfile)
        assert recorded is not None
        assert recorded.pid == process.pid
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert recorded_process(pidfile) is None, "a zombie does not run"
        process.wait()
        assert recorded_process(pidfile) is None

    @pytest.mark.parametrize("change", [{"started": 1}, {"boot": "another"}])
    def test_another_process_under_the_same_pid_is_not_meant(
        self, tmp_path: Path, change: dict[str, object]
    ) -> None:
        pidfile = tmp_path / "pid"
        write_pidfile(pidfile, os.getpid())
        pidfile.write_text(json.dumps(json.loads(pidfile.read_text()) | change))
        assert recorded_process(pidfile) is None

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
    def test_a_damaged_file_names_nobody(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "pid").write_text(content)
        assert recorded_process(tmp_path / "pid") is None

    def test_no_file_names_nobody(self, tmp_path: Path) -> None:
        assert recorded_process(tmp_path / "pid") is None

    def test_a_process_that_has_ended_leaves_no_file(self, tmp_path: Path) -> None:
        process = subprocess.Popen(["/bin/true"])
        process.wait()
        write_pidfile(tmp_path / "pid", process.pid)
        assert not (tmp_path / "pid").exists()


def test_processes_are_found_by_name_and_folder(tmp_path: Path) -> None:
    process = subprocess.Popen(["/bin/sleep", "600"], cwd=tmp_path)
    try:
        # The kernel sets the name a moment after the program has taken over.
        wait_until(lambda: processes_in(tmp_path, "sleep") == [identify(process.pid)])
        assert processes_in(tmp_path, "postgres") == []
        assert processes_in(tmp_path.parent, "sleep") == []
    finally:
        process.kill()
        process.wait()


class TestFolderLock:
    def test_one_process_holds_a_folder_once(self, tmp_path: Path) -> None:
        lock = FolderLock(tmp_path)
        with pytest.raises(FolderInUse, match=str(os.getpid())):
            FolderLock(tmp_path)
        lock.release()
        lock.release()
        FolderLock(tmp_path).release()

    @pytest.mark.crash
    def test_another_process_is_named_and_its_death_frees_the_folder(self, tmp_path: Path) -> None:
        holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
        with holder:
            assert holder.stdout is not None
            worker = int(holder.stdout.readline())
            try:
                with pytest.raises(FolderInUse, match=str(holder.pid)):
                    FolderLock(tmp_path)
                holder.kill()
                holder.wait()
                assert identify(worker) is not None, "the forked worker has outlived the holder"
                FolderLock(tmp_path).release()
            finally:
                os.kill(worker, 9)
