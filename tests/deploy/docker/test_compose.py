"""docker-compose.yml and the Dockerfile say nothing the code does not know: no engine is needed to see that."""

import importlib
import json
import re
import shlex
import socket
from pathlib import Path

import pytest
import yaml

from deploy.docker.envoy_config import API_PORT, TARGET, settings
from deploy.gateway.config import render, validate
from deploy.gateway.settings import SERVICES
from shared.cli import _parser
from shared.service import ServiceApp

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "deploy/docker/service.Dockerfile").read_text()
PARTS = ("migrate", "api", "worker")


def compose(service: str, part: str) -> dict:
    return COMPOSE["services"][f"{service.replace('_', '-')}-{part}"]


def spec(service: str):
    return importlib.import_module(f"services.{service}.spec").SPEC


def known_variables(service: str) -> set[str]:
    """Names a service's settings read, by prefix or by alias."""
    model = spec(service).settings
    prefix = model.model_config["env_prefix"]
    found = set()
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        choices = getattr(alias, "choices", [alias]) if alias else [f"{prefix}{name}".upper()]
        found.update(str(choice) for choice in choices)
    return found


def test_each_service_has_a_migrate_job_an_api_and_a_worker_of_one_image():
    for service in SERVICES:
        assert len({compose(service, part)["image"] for part in PARTS}) == 1
        assert compose(service, "api")["build"]["args"]["SERVICE"] == service
        assert compose(service, "api")["read_only"] is True


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_read_by_the_settings(service):
    for part in PARTS:
        unknown = set(compose(service, part)["environment"]) - known_variables(service)
        assert not unknown


@pytest.mark.parametrize("service", SERVICES)
def test_the_environment_makes_valid_settings(service, monkeypatch):
    filled = {
        "ASHAR_PUBLIC_URL": "https://ashar.example.kg",
        "ASHAR_ENV": "production",
        "ASHAR_ISSUER": "https://ashar.kg",
        f"{service.upper()}_PASSWORD": "secret",
    }
    for name, value in compose(service, "api")["environment"].items():
        raw = re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda m: filled.get(m[1], m[2] or ""), str(value))
        monkeypatch.setenv(name, raw)
    made = spec(service).settings()
    assert made.production
    assert made.broker == "kafka"
    assert made.database_url.get_secret_value().endswith(f"@postgres:5432/{service}")
    assert set(made.peers) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_workers_can_be_scaled(service, monkeypatch):
    """Each is a member of its groups by a name that no other container has."""
    worker = compose(service, "worker")
    assert not {"hostname", "container_name"} & worker.keys()
    assert "ASHAR_MEMBER" not in worker["environment"]
    monkeypatch.delenv("ASHAR_MEMBER", raising=False)
    arguments = worker["command"][3:]
    assert _parser(spec(service)).parse_args(arguments).member == socket.gethostname()
    monkeypatch.setenv("ASHAR_MEMBER", "scoring-worker-1")
    assert _parser(spec(service)).parse_args(arguments).member == "scoring-worker-1"


@pytest.mark.parametrize("service", SERVICES)
def test_data_keys_are_made_once_and_read_by_their_service_alone(service):
    job = compose(service, "people-keys")
    _, _, _, *arguments = job["command"]
    _parser(spec(service)).parse_args(arguments)
    [mount] = job["volumes"]
    volume, _, folder = mount.partition(":")
    for part in ("api", "worker"):
        assert f"{mount}:ro" in compose(service, part)["volumes"]
        assert (
            compose(service, part)["environment"][f"{service.upper()}_PEOPLE_KEYS"] == f"{folder}/keys.json"
        )
        assert f"{service.replace('_', '-')}-people-keys" in compose(service, part)["depends_on"]
    users = [
        name
        for name, one in COMPOSE["services"].items()
        if any(m.startswith(f"{volume}:") for m in one.get("volumes", []))
    ]
    assert len(users) == 3
    assert f"{folder}" in DOCKERFILE


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_exists(service):
    for part in ("migrate", "worker"):
        python, flag, module, *arguments = compose(service, part)["command"]
        assert (python, flag) == ("python", "-m")
        assert importlib.import_module(module)
        _parser(spec(service)).parse_args(arguments)


@pytest.mark.parametrize("service", SERVICES)
def test_the_api_command_of_the_image_starts_an_application(service, monkeypatch):
    line = re.search(r'CMD \["sh", "-c", "exec (uvicorn [^"]+)"\]', DOCKERFILE)
    words = shlex.split(line[1].replace("$SERVICE", service))
    assert words[words.index("--port") + 1] == str(API_PORT)
    module, _, factory = words[words.index("--factory") + 1].partition(":")
    monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", "postgresql://nowhere/x")
    assert isinstance(getattr(importlib.import_module(module), factory)(), ServiceApp)


@pytest.mark.parametrize("service", SERVICES)
def test_the_health_check_of_the_image_asks_api_and_worker(service):
    asked = re.search(r"HEALTHCHECK .*?urlopen\('http://127\.0\.0\.1:(\d+)/healthz'", DOCKERFILE, re.DOTALL)
    _, _, _, *arguments = compose(service, "worker")["command"]
    chosen = _parser(spec(service)).parse_args(arguments)
    assert int(asked[1]) == chosen.port == API_PORT
    assert chosen.host == "0.0.0.0"
    assert all("healthcheck" not in compose(service, part) for part in ("api", "worker"))
    assert compose(service, "migrate")["healthcheck"] == {"disable": True}


def test_ports_and_names_agree():
    assert f"EXPOSE {API_PORT}" in DOCKERFILE
    environment = compose("registry", "api")["environment"]
    assert environment["ASHAR_JWKS_URL"] == f"http://registry-api:{API_PORT}/v1/.well-known/jwks.json"
    peers = json.loads(environment["ASHAR_PEERS"])
    assert peers == {service: f"http://{service.replace('_', '-')}-api:{API_PORT}" for service in SERVICES}
    assert COMPOSE["services"]["gateway"]["ports"] == [
        "${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8080}:8080"
    ]


def test_every_dependency_and_mounted_file_exists():
    names = set(COMPOSE["services"])
    for service in COMPOSE["services"].values():
        assert set(service.get("depends_on", {})) <= names
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_the_gateway_configuration_is_what_the_generator_writes():
    assert json.loads(TARGET.read_text()) == json.loads(json.dumps(render(settings())))
    validate(TARGET)


def test_postgres_is_made_with_the_locale_the_platform_needs():
    arguments = COMPOSE["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    for option in (
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--lc-ctype=C.UTF-8",
        "--encoding=UTF8",
    ):
        assert option in arguments
    script = (ROOT / "deploy/docker/databases.sh").read_text()
    assert all(service in script for service in SERVICES)


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w*PASSWORD)[^}]*\}", text):
        assert not re.search(rf"\$\{{{name}:-", text)
