"""What a fleet starts is what a container runs, but for the address and the member's name."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from deploy.fleet import commands
from deploy.gateway.settings import SERVICES

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILE = (ROOT / "deploy/docker/service.Dockerfile").read_text()


def words(command: commands.Command) -> list[str]:
    """The programs by their names alone, as on a container's path."""
    program, *arguments = map(str, command)
    return [Path(program).name.replace(Path(sys.executable).name, "python"), *arguments]


@pytest.mark.parametrize("service", SERVICES)
def test_workers_and_migrations(service: str) -> None:
    part = service.replace("_", "-")
    assert words(commands.migrate(service)) == COMPOSE[f"{part}-migrate"]["command"]
    own = words(commands.worker(service, "0.0.0.0", 8000, 1))
    assert own == [*COMPOSE[f"{part}-worker"]["command"], "--member", "1"]


@pytest.mark.parametrize("service", SERVICES)
def test_apis(service: str) -> None:
    found = re.search(r'CMD \["sh", "-c", "exec (uvicorn [^"]+)"\]', DOCKERFILE)
    assert found is not None
    assert words(commands.api(service, "0.0.0.0", 8000)) == shlex.split(found[1].replace("$SERVICE", service))


def test_programs_are_there() -> None:
    for command in (commands.api("registry", "127.0.0.1", 1), commands.migrate("registry")):
        assert Path(command[0]).is_file()
    assert (commands.ROOT / "services" / "registry").is_dir()
