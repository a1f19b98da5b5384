"""The container engine of a run: the one that runs here already, else one of our own that nobody else sees."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.docker.containers.commands import CommandFailed, run
from tests.deploy.docker.containers.daemon import running_daemon
from tests.deploy.docker.containers.packages import ensure_programs

_ASK_SECONDS = 30.0


class NoEngine(RuntimeError):
    """No container engine runs or can be started here."""


@dataclass(frozen=True)
class Engine:
    """How to speak to an engine: its client, its compose, and the environment both need."""

    docker: str
    compose: tuple[str, ...]
    environment: Mapping[str, str]
    own: bool
    """Whether it is ours alone, to be thrown away with everything in it."""

    def __call__(self, *arguments: str | Path, timeout: float = 60.0) -> str:
        """`docker …`; what it printed. Raises CommandFailed."""
        return run([self.docker, *arguments], timeout=timeout, environment=self.environment)

    def inspect(self, container: str, template: str) -> str:
        """One fact about a container, as a Go template asks for it."""
        return self("inspect", "--format", template, container).strip()


@contextmanager
def engine() -> Iterator[Engine]:
    """Raises NoEngine with the reason."""
    with ExitStack() as stack:
        try:
            found = _running() or _installed() or _started(stack)
        except CommandFailed as error:
            raise NoEngine(str(error)) from error
        yield found


def _installed() -> Engine | None:
    """Installing the programs may have started one."""
    return _running() if ensure_programs() else None


def _started(stack: ExitStack) -> Engine:
    dockerd = shutil.which("dockerd")
    assert dockerd is not None
    # The client of the same package: another one may lack what builds images.
    client = Path(dockerd).parents[1] / "bin/docker"
    folder = Path(tempfile.mkdtemp(prefix="ashar-engine-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    socket = stack.enter_context(running_daemon(dockerd, client, folder))
    return _engine(str(client), {"DOCKER_HOST": f"unix://{socket}"}, own=True)


def _running() -> Engine | None:
    client = shutil.which("docker")
    if client is None:
        return None
    try:
        run([client, "info", "--format", "{{.ServerVersion}}"], timeout=_ASK_SECONDS)
        return _engine(client, {}, own=False)
    except CommandFailed:
        return None


def _engine(client: str, more: Mapping[str, str], *, own: bool) -> Engine:
    environment = {**os.environ, "DOCKER_BUILDKIT": "1", **more}
    try:
        run([client, "compose", "version"], timeout=_ASK_SECONDS, environment=environment)
        compose: tuple[str, ...] = (client, "compose")
    except CommandFailed:
        program = shutil.which("docker-compose")
        if program is None:
            raise CommandFailed("neither `docker compose` nor `docker-compose` is there") from None
        compose = (program,)
    return Engine(client, compose, environment, own)
