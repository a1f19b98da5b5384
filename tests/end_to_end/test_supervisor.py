"""`make up PROCESSES=yes` as its user meets it: killed while it seeds, started again on what there is, ended, refused."""

import shutil
import signal
from pathlib import Path

import httpx
import pytest

from deploy.local.processes import free_port
from tests.end_to_end.running import up
from tests.end_to_end.stage import OSH
from tests.end_to_end.test_up import postgres_starts, registry_is_being_seeded, token

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]


def test_the_supervisor_is_killed_ended_and_finds_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    arguments = ("--processes", "--port", str(free_port()))
    with up(folder, tmp_path / "log0", *arguments) as running:
        running.until(lambda: registry_is_being_seeded(folder))
        running.kill({"postgres", "uvicorn"})
    with up(folder, tmp_path / "log1", *arguments) as running:
        url = running.ready()
        given = token(url, "donor", "demo-donor")
        assert given.returncode == 0, given.stderr
        headers = {"Authorization": f"Bearer {given.stdout.strip()}"}
        inbox = httpx.get(f"{url}/api/notifications/v1/inbox", headers=headers, trust_env=False)
        assert inbox.status_code == 200
        assert httpx.get(f"{url}/api/registry/v1/territories/{OSH}", trust_env=False).status_code == 200
        running.process.send_signal(signal.SIGINT)  # some press it twice
        assert running.end(signal.SIGINT) == 0, running.said
        assert running.said == f"ready {url}\n"
    with up(folder, tmp_path / "log2", *arguments) as running:
        running.until(lambda: postgres_starts(folder))
        assert running.end(signal.SIGTERM) == 0, running.said
        assert running.said == "", "leaving while it starts is no failure"
    other = ("--broker", "kafka", "--port", "0")
    with up(folder, tmp_path / "log3", *other) as refused:
        assert refused.ended() == 1
        assert "was made with the broker local" in refused.said
    shutil.rmtree(folder)
