"""An image holds one service and what it needs, and runs without rights."""

import json
import re

import pytest
from packaging.requirements import Requirement

from deploy.gateway.settings import SERVICES
from tests.deploy.docker.containers.commands import CommandFailed
from tests.deploy.docker.containers.engine import Engine
from tests.deploy.docker.containers.images import ROOT, VERSION, image_of
from tests.deploy.docker.containers.indexes import secrets_of

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500), pytest.mark.usefixtures("images")]
EACH = pytest.mark.parametrize("service", SERVICES)

INSTALLED = "import importlib.metadata as m, json; print(json.dumps([[d.name, d.version] for d in m.distributions()]))"


def inside(engine: Engine, service: str, *command: str) -> str:
    """What a command prints in a container of the image, which has no network."""
    return engine("run", "--rm", "--network", "none", image_of(service), *command)


def locked(service: str) -> set[tuple[str, str]]:
    """Names and versions of the service's lock that apply to Linux and Python 3.11."""
    found = set()
    for line in (ROOT / f"services/{service}/requirements.txt").read_text().splitlines():
        if not re.match(r"[a-z0-9]", line):
            continue
        wanted = Requirement(line.rstrip(" \\"))
        linux = {
            "platform_system": "Linux",
            "sys_platform": "linux",
            "python_version": "3.11",
            "os_name": "posix",
        }
        if wanted.marker is None or wanted.marker.evaluate(linux):
            found.add((plain(wanted.name), str(wanted.specifier).removeprefix("==")))
    return found


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@EACH
def test_an_image_has_its_own_packages_and_no_others(engine: Engine, service: str):
    said = json.loads(inside(engine, service, "python", "-c", INSTALLED))
    assert {(plain(name), version) for name, version in said} == locked(service)


@EACH
def test_an_image_has_no_other_services_code(engine: Engine, service: str):
    top = inside(engine, service, "sh", "-c", "ls /srv /srv/services").split()
    assert top == ["/srv:", "services", "shared", "/srv/services:", service]
    for other in set(SERVICES) - {service}:
        with pytest.raises(CommandFailed, match="ModuleNotFoundError"):
            inside(engine, service, "python", "-c", f"import services.{other}")


@EACH
def test_an_image_runs_as_nobody_and_owns_nothing_but_its_keys(engine: Engine, service: str):
    assert inside(engine, service, "id", "-u").strip() == "10001"
    writable = "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*' -not -path '/tmp*' 2>/dev/null"
    found = inside(engine, service, "sh", "-c", f"{writable} || true").split()
    assert set(found) <= {"/var/lib/ashar/keys", "/var/lib/ashar/people", "/var/tmp", "/run/lock"}


@EACH
def test_an_image_is_compiled_and_says_its_version(engine: Engine, service: str):
    look = f"ls /srv/services/{service}/__pycache__/spec.*.pyc /opt/ashar/lib/python3.11/site-packages/fastapi/__pycache__/"
    assert "routing.cpython-311.pyc" in inside(engine, service, "sh", "-c", look)
    assert inside(engine, service, "printenv", "ASHAR_VERSION").strip() == VERSION


def test_nothing_of_the_build_stays_in_an_image(engine: Engine, options: list[str]):
    """Neither the tool that installs packages nor the index they came from."""
    for service in SERVICES:
        history = engine("history", "--no-trunc", "--format", "{{.CreatedBy}}", image_of(service))
        assert not [value for value in secrets_of(options) if value in history]
        with pytest.raises(CommandFailed):
            inside(engine, service, "sh", "-c", "command -v uv || ls /build /run/secrets")
