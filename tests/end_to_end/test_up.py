"""`make up` and `make token` as their user meets them: what they print, how they end, what they find again."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.gateway.settings import SERVICES
from deploy.local.processes import free_port
from tests.end_to_end.databases import COUNT_TOLD, query
from tests.end_to_end.running import ROOT, Up, up


def counts(folder: Path) -> dict[str, int]:
    """How many events each service has ever emitted."""
    return {service: query(folder, service, COUNT_TOLD)[0][0] for service in SERVICES}


def token(url: str, role: str, organisation: str) -> subprocess.CompletedProcess[str]:
    """`python -m deploy.local.token` as `make token` calls it."""
    port = str(httpx.URL(url).port)
    command = [sys.executable, "-m", "deploy.local.token", "--port", port]
    return subprocess.run(
        [*command, "--role", role, "--organisation", organisation],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
    )


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, int]]]:
    """A folder `make up` has run on once, ended by SIGTERM, with its event counts."""
    base = tmp_path_factory.mktemp("up")
    with up(base / "data", base / "log") as running:
        running.ready()
        emitted = counts(running.folder)
        assert running.end(signal.SIGTERM) == 0, running.said
    assert "Traceback" not in running.said
    yield running.folder, emitted
    shutil.rmtree(base)


def test_seeds_emit_events(seeded: tuple[Path, dict[str, int]]) -> None:
    _, emitted = seeded
    assert emitted["registry"] > 1000
    assert emitted["scoring"] >= 1
    assert emitted["monitoring"] == emitted["ideas_market"] == emitted["notifications"] == 0


def test_a_second_start_finds_its_data_and_ends_on_ctrl_c(
    seeded: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    folder, emitted = seeded
    with up(folder, tmp_path / "log") as running:
        url = running.ready()
        assert counts(folder) == emitted, "seeds were told again"
        for service in SERVICES:
            assert httpx.get(f"{url}/api/{service}/readyz", trust_env=False).status_code == 200
        assert "Ашар" in httpx.get(f"{url}/", trust_env=False).text
        a_port_or_folder_in_use_is_said(running, url, tmp_path)
        tokens_are_printed(url)
        running.process.send_signal(signal.SIGINT)  # some press it twice
        assert running.end(signal.SIGINT) == 0, running.said
    assert running.said == f"ready {url}\n", "nothing else is said"
    nothing_answers = token(url, "donor", "demo-donor")
    assert nothing_answers.returncode == 1
    assert "make up" in nothing_answers.stderr
    assert "Traceback" not in nothing_answers.stderr


def a_port_or_folder_in_use_is_said(running: Up, url: str, tmp_path: Path) -> None:
    port = str(httpx.URL(url).port)
    with up(tmp_path / "second", tmp_path / "port.log", "--port", port) as refused:
        assert refused.ended() == 1
        assert re.fullmatch(rf"stopped: cannot listen on 127\.0\.0\.1:{port}: .+\n", refused.said)
    assert not (tmp_path / "second").exists(), "nothing was begun"
    with up(running.folder, tmp_path / "folder.log") as refused:
        assert refused.ended() == 1
        assert re.fullmatch(rf"stopped: .+ in use by process {running.process.pid}\n", refused.said)
    assert httpx.get(f"{url}/api/registry/readyz", trust_env=False).status_code == 200, (
        "the first one runs on"
    )


def tokens_are_printed(url: str) -> None:
    given = token(url, "donor", "demo-donor")
    assert given.returncode == 0, given.stderr
    headers = {"Authorization": f"Bearer {given.stdout.strip()}"}
    inbox = httpx.get(f"{url}/api/notifications/v1/inbox", headers=headers, trust_env=False)
    assert inbox.status_code == 200
    for role, organisation, said in (
        ("king", "demo-donor", "There is no role king"),
        ("donor", "nobody", "There is no organisation nobody"),
        ("", "", "make token ROLE="),
    ):
        refused = token(url, role, organisation)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_token_of_another_program_is_none() -> None:
    """Something else listens where the platform is thought to be."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        refused = token(f"http://127.0.0.1:{other.server_port}", "donor", "demo-donor")
        other.shutdown()
        thread.join()
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.strip().endswith("is not Ashar")


def test_a_port_somebody_else_has_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with up(tmp_path / "data", tmp_path / "log", "--port", str(port)) as refused:
            assert refused.ended() == 1
            assert f"cannot listen on 127.0.0.1:{port}" in refused.said
            assert "Traceback" not in refused.said


def postgres_is_being_made(folder: Path) -> bool:
    return any((folder / "postgres").glob("initdb-*/base"))


def postgres_starts(folder: Path) -> bool:
    return (folder / "postgres/cluster/postmaster.pid").exists()


def registry_is_being_seeded(folder: Path) -> bool:
    """Some of its events are there; the whole seed takes far longer than this look."""
    try:
        return bool(query(folder, "registry", "SELECT count(*) > 0 FROM event")[0][0])
    except (OSError, LookupError, ValueError, asyncpg.PostgresError):
        return False


@pytest.mark.parametrize("moment", [postgres_is_being_made, postgres_starts, registry_is_being_seeded])
def test_sigterm_while_it_starts_is_clean(
    moment: Callable[[Path], bool], seeded: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    """Exit 0 with nothing left and nothing said; the next start goes on where this one ended."""
    folder = tmp_path / "data"
    with up(folder, tmp_path / "log", "--port", str(free_port())) as running:
        running.until(lambda: moment(folder))
        assert running.end(signal.SIGTERM) == 0, running.said
        assert running.said == ""
    if moment is registry_is_being_seeded:
        with up(folder, tmp_path / "log") as again:
            again.ready()
            assert counts(folder) == seeded[1]
            assert again.end(signal.SIGTERM) == 0
    shutil.rmtree(folder)
