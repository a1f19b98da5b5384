"""The compose project of a run: its settings, its containers, and what is left of it."""

import json
import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

from deploy.gateway.settings import SERVICES
from tests.deploy.docker.containers.commands import CommandFailed, run
from tests.deploy.docker.containers.engine import Engine
from tests.deploy.docker.containers.images import ROOT, VERSION

FILES = ("docker-compose.yml", "deploy/docker/standins/compose.yml")
DEMONSTRATION = "deploy/docker/demonstration.yml"
LABEL = "com.docker.compose.project"
_UP_SECONDS = 420.0
_STOP_SECONDS = 180.0
_KINDS = {"container": ("ps", "--all"), "volume": ("volume", "ls"), "network": ("network", "ls")}


@dataclass
class Project:
    """docker-compose.yml on stand-ins, under a name and with secrets of its own. `folder` takes its settings."""

    engine: Engine
    folder: Path
    port: int
    name: str = field(default_factory=lambda: f"ashar{secrets.token_hex(3)}")
    settings: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = FILES

    def __post_init__(self) -> None:
        passwords = ("POSTGRES", *(service.upper() for service in SERVICES))
        self.settings = {
            "COMPOSE_PROJECT_NAME": self.name,
            "ASHAR_VERSION": VERSION,
            "ASHAR_ENV": "production",
            "ASHAR_PUBLIC_URL": "https://ashar.example.kg",
            "GATEWAY_PORT": str(self.port),
            **{f"{name}_PASSWORD": secrets.token_hex(16) for name in passwords},
        }

    @property
    def url(self) -> str:
        """The gateway from outside."""
        return f"http://127.0.0.1:{self.port}"

    def compose(self, *arguments: str, timeout: float = 60.0) -> str:
        """`docker compose …` of the project. Raises CommandFailed."""
        settings = self.folder / "settings"
        settings.touch(mode=0o600)
        settings.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))
        files = [part for file in self.files for part in ("--file", str(ROOT / file))]
        command = [*self.engine.compose, "--env-file", str(settings), "--project-name", self.name, *files]
        return run([*command, *arguments], timeout=timeout, environment=self.engine.environment, folder=ROOT)

    def up(self, *services: str, profile: str | None = None) -> None:
        """Start what is not running as it should be, in order. Raises CommandFailed with the logs of what failed."""
        profiles = ("--profile", profile) if profile else ()
        try:
            self.compose(*profiles, "up", "--detach", "--no-build", *services, timeout=_UP_SECONDS)
        except CommandFailed as error:
            raise CommandFailed(f"{error}\n{self.account()}") from error

    def container(self, service: str) -> str:
        """Id of its only container."""
        [found] = self._list("container", f"label=com.docker.compose.service={service}")
        return found

    def state(self, service: str, template: str = "{{json .State}}") -> Any:
        return json.loads(self.engine.inspect(self.container(service), template))

    def run(self, service: str, command: str, timeout: float = 120.0) -> str:
        """What a command in a running container prints."""
        return self.engine("exec", self.container(service), *shlex.split(command), timeout=timeout)

    def until(self, what: str, condition: Callable[[], bool], seconds: float = 120.0) -> None:
        """Wait for the condition; fail with the state of everything."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise CommandFailed(f"waited {seconds:.0f} s for {what}\n{self.account()}")
            time.sleep(0.2)

    def ready(self) -> None:
        """Wait until every service says through the gateway that it is."""
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False) as client:
            for service in SERVICES:
                self.until(f"{service} to be ready", partial(_says_ready, client, service))

    def services(self) -> dict[str, dict[str, Any]]:
        """What docker-compose.yml says, by name."""
        found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / FILES[0]).read_text())["services"]
        return found

    def staying(self) -> list[str]:
        """The services that are no jobs."""
        return [name for name, one in self.services().items() if one["restart"] == "unless-stopped"]

    def done(self, job: str) -> bool:
        """Whether a job has ended well. Raises CommandFailed where it has given up."""
        state = self.state(job)
        if state["Status"] == "exited" and state["ExitCode"] != 0:
            raise CommandFailed(f"{job} ended with {state['ExitCode']}\n{self.account()}")
        return bool(state["Status"] == "exited")

    def well(self, service: str) -> bool:
        """Whether it runs, and is healthy where its health is looked at."""
        state = self.state(service)
        return state["Status"] == "running" and state.get("Health", {}).get("Status", "healthy") == "healthy"

    def crash(self, service: str, helper: str) -> None:
        """SIGKILL to its first process, as a crash: `docker kill` would count as the wish to have it stopped."""
        pid = self.state(service, "{{.State.Pid}}")
        kill = ("sh", "-c", f"kill -KILL {int(pid)}")  # the shell's own: a slim image has no program for it
        self.engine("run", "--rm", "--pid", "host", "--network", "none", helper, *kill)

    def account(self) -> str:
        """States of all containers, and the last words of those that are not as they should be."""
        told = self.engine(
            "ps", "--all", "--filter", f"label={LABEL}={self.name}", "--format", "{{.Names}} {{.Status}}"
        )
        for line in told.splitlines():
            container, _, status = line.partition(" ")
            if not (
                status.startswith("Exited (0)") or (status.startswith("Up") and "unhealthy" not in status)
            ):
                told += f"--- {container}\n{self._said(container)}"
        return told

    def _said(self, container: str) -> str:
        return run(
            ["sh", "-c", f"{shlex.quote(self.engine.docker)} logs --tail 15 {shlex.quote(container)} 2>&1"],
            timeout=30,
            environment=self.engine.environment,
        )

    def down(self) -> None:
        """End and remove everything of the project, volumes too; may be repeated."""
        self.compose(
            "--profile",
            "seed",
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            "40",
            timeout=_STOP_SECONDS,
        )

    def left(self) -> dict[str, list[str]]:
        """What exists of it, by kind."""
        return {kind: found for kind in _KINDS if (found := self._list(kind))}

    def _list(self, kind: str, *filters: str) -> list[str]:
        wanted = [part for one in (f"label={LABEL}={self.name}", *filters) for part in ("--filter", one)]
        return self.engine(*_KINDS[kind], "--quiet", *wanted).split()

    def configure(self, changes: Mapping[str, str], *files: str) -> None:
        """Settings and files of the next `up`; it makes those containers anew that they change."""
        self.settings |= changes
        self.files = (*FILES, *files)


def _says_ready(client: httpx.Client, service: str) -> bool:
    try:
        return client.get(f"/api/{service}/readyz").status_code == 200
    except httpx.TransportError:
        return False
