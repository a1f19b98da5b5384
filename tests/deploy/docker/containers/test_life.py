"""The platform as its operator meets it, in the order of their days: installed, used, crashed, removed."""

import json
from collections import Counter
from functools import partial

import httpx
import psutil
import pytest

from deploy.gateway.settings import SERVICES
from tests.deploy.docker.containers import demonstration
from tests.deploy.docker.containers.commands import CommandFailed
from tests.deploy.docker.containers.demonstration import Played
from tests.deploy.docker.containers.images import VERSION
from tests.deploy.docker.containers.phases import phase
from tests.deploy.docker.containers.project import Project
from tests.end_to_end.stage import Gateway, gateway
from tests.end_to_end.writers import Crew, Visit, hire

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

WRITERS = 3
BETWEEN_CRASHES = 12
"""Visits carried through before each container is killed, and after the last."""
HEAL_SECONDS = 150.0
VICTIMS = ("monitoring-api", "monitoring-worker", "kafka", "postgres", "gateway")


@pytest.fixture(scope="module")
def played(production: Project) -> Played:
    """The same project in development mode, seeded, its chain played."""
    with phase("seeds"):
        receiver = demonstration.prepare(production)
    with phase("chain"):
        return demonstration.play(production, *receiver)


def test_everything_runs_and_says_that_it_is_well(production: Project):
    for service in production.staying():
        production.until(f"{service} to be healthy", partial(production.well, service))
    jobs = [name for name in production.services() if name.endswith(("-migrate", "-keys"))]
    assert len(jobs) == 2 * len(SERVICES) + 1
    for job in jobs:
        assert production.done(job)
    for service in SERVICES:
        said = httpx.get(f"{production.url}/api/{service}/version", trust_env=False).json()
        assert said["version"] == VERSION


def test_our_containers_have_no_rights(production: Project):
    for name in production.services():
        if not name.endswith(("-api", "-worker")):
            continue
        status = production.run(name, "cat /proc/1/status")
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(fields["Uid"].split()) == {"10001"}, name
        assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0, name
        assert fields["NoNewPrivs"] == "1", name
        for place in ("/", "/srv", "/opt/ashar", "/var/lib", "/var/lib/ashar/keys", "/var/lib/ashar/people"):
            with pytest.raises(CommandFailed, match="Read-only file system"):
                production.run(name, f"touch {place}/written")
        assert production.run(name, "sh -c 'echo kept > /tmp/scratch && cat /tmp/scratch'") == "kept\n"
        limits = production.state(name, "{{json .HostConfig}}")
        assert limits["Memory"] > 0
        assert limits["PidsLimit"] > 0


def test_data_is_out_of_reach_of_the_gateway(production: Project):
    knock = "timeout 5 bash -c 'exec 3<>/dev/tcp/{}'"
    production.run("registry-worker", knock.format("postgres/5432"))
    production.run("registry-worker", knock.format("kafka/9092"))
    production.run("gateway", knock.format("registry-api/8000"))
    for place in ("postgres/5432", "kafka/9092"):
        with pytest.raises(CommandFailed):
            production.run("gateway", knock.format(place))


def test_a_service_cannot_open_anothers_database(production: Project):
    password = production.settings["REGISTRY_PASSWORD"]
    ask = f"psql postgresql://registry:{password}@127.0.0.1/{{}} -Atc 'SELECT 1'"
    assert production.run("postgres", ask.format("registry")) == "1\n"
    for database in ("monitoring", "postgres", "template1"):
        with pytest.raises(CommandFailed, match="permission denied for database"):
            production.run("postgres", ask.format(database))


def test_production_knows_no_development_login(production: Project):
    body = {"grant_type": "development", "role": "platform", "organisation": "ashar"}
    answer = httpx.post(f"{production.url}/api/registry/v1/tokens", json=body, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (400, "unsupported_grant_type")


def test_the_operator_makes_the_first_key_and_every_services_own(production: Project):
    key = production.run(
        "registry-api", "python -m services.registry.worker bootstrap --code ashar --name Ашар"
    )
    with httpx.Client(base_url=f"{production.url}/api/registry/v1", trust_env=False, timeout=30) as client:
        token = client.post("/tokens", json={"grant_type": "api_key", "api_key": key.strip()})
        assert token.status_code == 200, token.text
        client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        [own] = client.get("/organisations", params={"kind": "platform"}).json()["items"]
        for service in SERVICES:
            draft = {"label": service, "kind": "service", "roles": ["service"]}
            made = client.post(f"/organisations/{own['id']}/api-keys", json=draft)
            assert made.status_code == 201, made.text
            production.configure({f"{service.upper()}_SERVICE_KEY": made.json()["api_key"]})
        fresh = client.post("/tokens", json={"grant_type": "api_key", "api_key": key.strip()}).json()
        wrong = client.post("/tokens", json={"grant_type": "api_key", "api_key": f"{key.strip()}x"})
        assert fresh["expires_in"] == 600
        assert wrong.status_code == 401


def test_the_chain_is_verified_from_outside(played: Played):
    failed = [f"{line.step} {line.title}: {line.error}" for line in played.lines if not line.verified]
    assert not failed
    assert demonstration.all_verified(played.lines)


def test_the_keys_of_the_services_open_the_feeds(played: Played, production: Project):
    """The key the operator gave monitoring fills a projection again from its owner."""
    names = production.run(
        "monitoring-api",
        "python -c 'from services.monitoring.spec import SPEC; print(*SPEC.projections.names)'",
    ).split()
    assert names
    said = production.run("monitoring-api", f"python -m services.monitoring.worker rebuild {names[0]}")
    assert f"{names[0]}: " in said


def test_what_crashes_is_started_again_and_no_acknowledged_write_is_lost(
    played: Played, production: Project, base: str
):
    with phase("crashes"), gateway(production.url) as api:
        crew = hire(api, played.campaign, played.service, WRITERS)
        for number, victim in enumerate(VICTIMS, 1):
            crew.start(production.url)
            carried_through(production, crew, number * BETWEEN_CRASHES)
            before = production.state(victim)["StartedAt"]
            production.crash(victim, base)
            production.until(
                f"{victim} to be started again",
                partial(started_again, production, victim, before),
                HEAL_SECONDS,
            )
            assert production.state(victim, "{{.RestartCount}}") >= 1
            production.ready()
            crew.finish()
        crew.start(production.url)
        carried_through(production, crew, (len(VICTIMS) + 1) * BETWEEN_CRASHES)
        crew.finish()
        assert sum(writer.lost for writer in crew.writers) > 0, "nobody was writing when it happened"
        kept_once(production, api, crew.visits)


def started_again(project: Project, service: str, before: str) -> bool:
    return bool(project.state(service)["StartedAt"] > before) and project.well(service)


def carried_through(project: Project, crew: Crew, visits: int) -> None:
    project.until(f"{visits} visits", lambda: crew.finished >= visits, HEAL_SECONDS)


def kept_once(project: Project, api: Gateway, visits: list[Visit]) -> None:
    """Each is stored as it was acknowledged, told once, and those concerned hear of it once."""
    assert all(visit.approved for visit in visits)
    stored = {one["id"]: one for one in api.items("monitoring/v1/submissions", "coordinator")}
    for visit in visits:
        assert visit.id is not None
        assert stored[visit.id]["state"] == "approved"
    assert len({visit.id for visit in visits}) == len(visits)
    told = Counter(
        event["subject"]
        for event in api.changes("monitoring", api.service_token())
        if event["type"] == "monitoring.submission.approved.v1"
    )
    assert [told[visit.id] for visit in visits if visit.id] == [1] * len(visits)
    opened = sum(
        event["type"] == "monitoring.finding.opened.v1"
        for event in api.changes("monitoring", api.service_token())
    )

    def inboxes() -> Counter[str]:
        """Entries for each finding that reached the authorities."""
        sql = (
            "SELECT organisation_id || subject_id::text FROM inbox_entry"
            " WHERE event_type = 'monitoring.finding.opened.v1'"
        )
        return Counter(project.run("postgres", f'psql -U postgres -d notifications -Atc "{sql}"').split())

    project.until("all findings to be told", lambda: len(inboxes()) >= opened, HEAL_SECONDS)
    assert set(inboxes().values()) == {1}
    for service in SERVICES:
        count = project.run(
            "postgres", f"psql -U postgres -d {service} -Atc 'SELECT count(*) FROM dead_letter'"
        )
        assert count == "0\n", service


def test_nothing_is_left_when_it_is_taken_down(production: Project):
    listed = production.left()
    assert listed.keys() == {"container", "volume", "network"}
    names = [name for name in production.services() if not name.endswith(("-migrate", "-seed", "-keys"))]
    processes = [psutil.Process(production.state(name, "{{.State.Pid}}")) for name in names]
    assert len(processes) == 13
    with phase("down"):
        production.down()
    assert production.left() == {}
    assert [process for process in processes if process.is_running()] == []
    found = json.loads(production.engine("network", "inspect", "host"))
    assert found[0]["Containers"] == {}
