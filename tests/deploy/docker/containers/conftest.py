"""One engine, one set of images and one project a run; nothing is left of them afterwards, however it ends."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.kafka.ports import steady_ports
from tests.deploy.docker.containers.bases import python_base
from tests.deploy.docker.containers.engine import Engine, NoEngine
from tests.deploy.docker.containers.engine import engine as some_engine
from tests.deploy.docker.containers.images import build_services, build_standins, remove
from tests.deploy.docker.containers.indexes import build_options
from tests.deploy.docker.containers.phases import SECONDS, phase
from tests.deploy.docker.containers.project import Project


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    # Being ended from outside must not leave containers behind: as Ctrl-C, it takes everything down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        try:
            with phase("engine"):
                found = stack.enter_context(some_engine())
        except NoEngine as error:
            pytest.skip(str(error))
        yield found


@pytest.fixture(scope="session")
def base(engine: Engine) -> str:
    """The base image of the five services."""
    with phase("base image"):
        return python_base(engine)


@pytest.fixture(scope="session")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """How builds reach the package index."""
    return build_options(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="session")
def images(engine: Engine, base: str, options: list[str]) -> Iterator[None]:
    """The five images, built."""
    try:
        with phase("five images"):
            build_services(engine, base, options)
        yield
    finally:
        if not engine.own:
            remove(engine)


@pytest.fixture(scope="session")
def project(
    engine: Engine, base: str, images: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Not started yet."""
    with phase("stand-ins"):
        build_standins(engine, base, tmp_path_factory.mktemp("contexts"))
    [port] = steady_ports(1)
    found = Project(engine, tmp_path_factory.mktemp("project"), port)
    try:
        yield found
    finally:
        found.down()


@pytest.fixture(scope="session")
def production(project: Project) -> Project:
    """Everything runs, as an operator starts it for the first time."""
    with phase("up"):
        project.up()
        project.ready()
    return project


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SECONDS:
        terminalreporter.write_sep("-", "seconds of each phase")
        for name, seconds in SECONDS.items():
            terminalreporter.write_line(f"{seconds:7.1f}  {name}")
