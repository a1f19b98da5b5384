"""Every service in processes of its own: each kind of part is killed once under writers, and it heals. Then the
supervisor itself is ended, and nothing is left."""

import json
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.fleet.fleet import Fleet
from deploy.fleet.options import FleetOptions
from deploy.fleet.part import Part
from deploy.gateway.settings import SERVICES
from deploy.local.processes import free_port
from tests.deploy.local.deadlines import gone, wait_until
from tests.end_to_end.promises import (
    counts,
    nothing_is_doubled,
    nothing_is_lost,
    play_up_to_the_campaign,
)
from tests.end_to_end.running import left_in, up
from tests.end_to_end.stage import OSH, Stage, gateway
from tests.end_to_end.test_up import registry_is_being_seeded, token
from tests.end_to_end.writers import hire

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

KILLED = (
    *("worker:monitoring:0", "api:monitoring", "worker:scoring:1", "worker:notifications:0"),
    *("api:registry", "gateway", "postgres"),
)
BETWEEN = 6
"""Visits carried through between two faults."""
HEALED_SECONDS = 90.0


def fleet_of(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Fleet:
    """Durable, because its Postgres is killed; two workers a service, because one has to do for both."""
    return Fleet(FleetOptions(data=folder, port=0, settings=settings, members=2))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    base = tmp_path_factory.mktemp("fleet")
    with Stage(base / "data", fleet_of) as running:
        yield running
        assert isinstance(running.platform, Fleet)
        family = [psutil.Process(pid) for part in running.platform.parts().values() for pid in part.pids]
    wait_until(lambda: all(gone(process) for process in family), 15)
    wait_until(lambda: left_in(base) == [], 15)
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def parts(stage: Stage) -> Mapping[str, Part]:
    assert isinstance(stage.platform, Fleet)
    return stage.platform.parts()


def test_every_part_is_a_process_of_its_own(stage: Stage, parts: Mapping[str, Part]) -> None:
    wanted = {"postgres", "gateway", *(f"api:{service}" for service in SERVICES)}
    assert parts.keys() == wanted | {f"worker:{service}:{n}" for service in SERVICES for n in (0, 1)}
    assert len({part.pid for part in parts.values()}) == len(parts)
    for name, part in parts.items():
        assert (part.state, part.restarts) == ("running", 0), name
        assert name.startswith(part.kind)
        assert part.pids[0] == part.pid
        shown = stage.folder / "logs" / f"{name.replace(':', '-')}.log"
        assert shown.resolve() == part.log.resolve()
    for service in SERVICES:
        assert httpx.get(f"{stage.direct(service)}/healthz", trust_env=False).status_code == 200
        told = httpx.get(f"{parts[f'worker:{service}:1'].url}/readyz", trust_env=False)
        assert told.json()["checks"]["loops"] == "running"


def test_no_secret_stands_on_a_command_line(stage: Stage, parts: Mapping[str, Part]) -> None:
    secrets = [
        *json.loads((stage.folder / "secrets.json").read_text()).values(),
        (stage.folder / "postgres/superuser-password").read_text().strip(),
    ]
    lines = [" ".join(psutil.Process(pid).cmdline()) for part in parts.values() for pid in part.pids[:1]]
    assert any("services.monitoring.worker run" in line for line in lines)
    assert not any(secret in line for secret in secrets for line in lines)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (stage.folder / "logs", stage.folder))


def test_each_kind_of_part_heals_under_writers(stage: Stage, parts: Mapping[str, Part]) -> None:
    with gateway(stage.url) as api:
        crew = hire(api, *play_up_to_the_campaign(stage.url))
        crew.start(stage.url, again=True)
        for number, name in enumerate(KILLED, 1):
            wait_until(lambda wanted=number * BETWEEN: crew.finished >= wanted, HEALED_SECONDS)
            heals(parts[name])
        enough = crew.finished + BETWEEN
        wait_until(lambda: crew.finished >= enough, HEALED_SECONDS)
        crew.finish()
        stage.do(stage.platform.ready(within=HEALED_SECONDS), timeout=HEALED_SECONDS + 10)
        assert sum(writer.lost for writer in crew.writers) > 0, "somebody was writing when it happened"
        nothing_is_lost(api, crew.visits)
        nothing_is_doubled(stage.folder, api, crew.visits)
    for name, part in parts.items():
        assert part.restarts == (name in KILLED), name


def heals(part: Part) -> None:
    before = part.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: part.restarts == 1 and part.state == "running", HEALED_SECONDS)
    assert part.pid not in {None, before}
    assert part.exit_code == -signal.SIGKILL


def test_what_is_told_to_stay_away_stays_away(stage: Stage, parts: Mapping[str, Part]) -> None:
    part = parts["worker:registry:1"]
    part.restart = False
    assert part.pid is not None
    os.kill(part.pid, signal.SIGKILL)
    wait_until(lambda: part.state == "ended", 30)
    stage.do(stage.platform.ready(within=HEALED_SECONDS), timeout=HEALED_SECONDS + 10)
    assert part.state == "ended", "the other one does its work"
    part.restart = True
    stage.do(stage.platform.ready(within=HEALED_SECONDS), timeout=HEALED_SECONDS + 10)
    assert part.state == "running"


def test_the_supervisor_is_killed_ended_and_finds_its_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    arguments = ("--processes", "--port", str(free_port()))
    with up(folder, tmp_path / "log0", *arguments) as running:
        running.until(lambda: registry_is_being_seeded(folder))
        assert running.end(signal.SIGTERM) == 0, running.said
        assert running.said == "", "leaving while it starts is no failure"
    with up(folder, tmp_path / "log1", *arguments) as running:
        url = running.ready()
        given = token(url, "donor", "demo-donor")
        assert given.returncode == 0, given.stderr
        headers = {"Authorization": f"Bearer {given.stdout.strip()}"}
        assert (
            httpx.get(f"{url}/api/notifications/v1/inbox", headers=headers, trust_env=False).status_code
            == 200
        )
        told = counts(folder)
        running.kill({"postgres", "envoy", "uvicorn"})
    with up(folder, tmp_path / "log2", *arguments) as running:
        url = running.ready()
        assert counts(folder) == told, "seeds were told again"
        assert httpx.get(f"{url}/api/registry/v1/territories/{OSH}", trust_env=False).status_code == 200
        running.process.send_signal(signal.SIGINT)  # some press it twice
        assert running.end(signal.SIGINT) == 0, running.said
        assert running.said == f"ready {url}\n"
    other = ("--broker", "kafka", "--port", "0")
    with up(folder, tmp_path / "log3", *other) as refused:
        assert refused.ended() == 1
        assert "was made with the broker local" in refused.said
    shutil.rmtree(folder)
