"""An engine of our own leaves nothing behind, and one that cannot start says why."""

import shutil
from pathlib import Path

import pytest

from tests.deploy.docker.containers.commands import CommandFailed
from tests.deploy.docker.containers.daemon import left_of, running_daemon
from tests.deploy.docker.containers.engine import Engine

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]


def mounted_below(folder: Path) -> list[str]:
    return [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]


def fail_beside_a_daemon(engine: Engine, folder: Path) -> None:
    with running_daemon(str(shutil.which("dockerd")), Path(engine.docker), folder):
        assert left_of(folder)
        raise RuntimeError("in the middle")


def test_a_daemon_that_cannot_start_says_why_and_is_gone(tmp_path: Path):
    program = tmp_path / "dockerd"
    program.write_text("#!/bin/sh\necho no such thing here >&2\nexit 1\n")
    program.chmod(0o755)
    with (
        pytest.raises(CommandFailed, match="no such thing here"),
        running_daemon(str(program), program, tmp_path),
    ):
        pass
    assert left_of(tmp_path) == []


def test_an_engine_ends_with_its_containers_networks_and_mounts(engine: Engine, tmp_path: Path):
    if not engine.own:
        pytest.skip("the engine of this run is not ours")
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_beside_a_daemon(engine, tmp_path)
    assert left_of(tmp_path) == []
    assert mounted_below(tmp_path) == []
    assert not (tmp_path / "data").exists()
