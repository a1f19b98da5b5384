"""Every service in processes of its own, on Apache Kafka: the demo's chain runs; each kind of part is killed once
under writers, and it heals; the broker is away for half a minute, and nobody who writes notices."""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.fleet.fleet import Fleet
from deploy.fleet.options import FleetOptions
from deploy.fleet.part import Part
from deploy.gateway.settings import SERVICES
from deploy.kafka.programs import Programs
from deploy.local.demo.client import Demo
from deploy.local.demo.steps.monitoring import VISITS
from deploy.local.demo.steps.registry import SERVICE
from tests.chaos.collect import kafka_topics
from tests.chaos.verdict import disordered, firsts
from tests.deploy.local.deadlines import gone, wait_until
from tests.end_to_end.databases import query
from tests.end_to_end.promises import nothing_is_doubled, nothing_is_lost
from tests.end_to_end.running import left_in
from tests.end_to_end.stage import Stage, gateway, play_the_chain
from tests.end_to_end.writers import Crew, hire

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

KILLED = (
    *("worker:monitoring:0", "api:monitoring", "worker:scoring:1", "worker:notifications:0"),
    *("api:registry", "gateway", "postgres"),
)
BETWEEN = 6
"""Visits carried through between two faults."""
HEALED_SECONDS = 90.0
SESSION = timedelta(seconds=6)
"""Of consumers: so long a worker that went away keeps its partitions from the other."""
AWAY_SECONDS = 30.0
PAUSE = 0.3
"""Between two visits of a writer while the broker is away."""


def fleet_of(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> Fleet:
    """Durable, because its Postgres is killed; two workers a service, because one has to do for both."""
    own = {name: {**settings.get(name, {}), "consumer_session_timeout": SESSION} for name in SERVICES}
    return Fleet(FleetOptions(data=folder, port=0, settings=own, members=2, broker="kafka"))


@pytest.fixture(scope="module")
def stage(kafka_programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    del kafka_programs  # skips where Kafka cannot be run, fails in CI
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


@pytest.fixture(scope="module")
def chain(stage: Stage) -> Demo:
    return play_the_chain(stage)


@pytest.fixture(scope="module")
def crew(stage: Stage, chain: Demo) -> Crew:
    """Writers to the chain's campaign."""
    with gateway(stage.url) as api:
        return hire(api, chain.ids["campaign"], chain.ids["services"][SERVICE])


def test_every_part_is_a_process_of_its_own(stage: Stage, parts: Mapping[str, Part]) -> None:
    wanted = {"postgres", "kafka:1", "gateway", *(f"api:{service}" for service in SERVICES)}
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


def test_the_demos_chain_runs_on_it(chain: Demo) -> None:
    assert len(chain.ids["visits"]) == len(VISITS)


def test_each_kind_of_part_heals_under_writers(
    stage: Stage, parts: Mapping[str, Part], crew: Crew, chain: Demo
) -> None:
    crew.start(stage.url, again=True)
    for number, name in enumerate(KILLED, 1):
        wait_until(lambda wanted=number * BETWEEN: crew.finished >= wanted, HEALED_SECONDS)
        heals(parts[name])
    enough = crew.finished + BETWEEN
    wait_until(lambda: crew.finished >= enough, HEALED_SECONDS)
    crew.finish()
    assert sum(writer.lost for writer in crew.writers) > 0, "somebody was writing when it happened"
    promises_are_kept(stage, crew, chain)
    for name, part in parts.items():
        assert part.restarts == (name in KILLED), name


def promises_are_kept(stage: Stage, crew: Crew, chain: Demo) -> None:
    stage.do(stage.platform.ready(within=HEALED_SECONDS), timeout=HEALED_SECONDS + 10)
    others = frozenset(chain.ids["visits"])
    with gateway(stage.url) as api:
        nothing_is_lost(api, crew.visits, others)
        nothing_is_doubled(stage.folder, api, crew.visits, others)


def heals(part: Part) -> None:
    before = part.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: part.restarts == 1 and part.state == "running", HEALED_SECONDS)
    assert part.pid not in {None, before}
    assert part.exit_code == -signal.SIGKILL


def test_nobody_who_writes_notices_a_broker_that_is_away(
    stage: Stage, parts: Mapping[str, Part], crew: Crew, chain: Demo
) -> None:
    """Every write is acknowledged as ever; what it caused is published afterwards, in order, and has its effects."""
    lost = [writer.lost for writer in crew.writers]
    restarts = {name: part.restarts for name, part in parts.items()}
    written = crew.finished
    with standing_still(parts["kafka:1"]):
        crew.start(stage.url, pause=PAUSE)
        began = time.monotonic()
        while time.monotonic() < began + AWAY_SECONDS:
            before = crew.finished
            wait_until(lambda before=before: crew.finished > before, 5)
        crew.finish()
        waiting = "SELECT count(*) FROM event WHERE published_at IS NULL"
        assert query(stage.folder, "monitoring", waiting)[0][0] >= crew.finished - written
    assert [writer.lost for writer in crew.writers] == lost, "each write was answered with 200 or 201 at once"
    promises_are_kept(stage, crew, chain)
    assert {name: part.restarts for name, part in parts.items()} == restarts
    assert isinstance(stage.platform, Fleet)
    for topic, partitions in asyncio.run(kafka_topics(stage.platform.bootstrap)).items():
        assert [disordered(firsts(records)) for records in partitions] == [[]] * len(partitions), topic


@contextmanager
def standing_still(part: Part) -> Iterator[None]:
    """There, and without an answer to anybody."""
    pids = part.pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


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
