"""The five services have one skeleton: what a reader learnt in one is true in the others."""

import ast
import importlib
import re
from pathlib import Path

import pytest
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from deploy.gateway.settings import SERVICES
from deploy.local.services import SPECS
from shared.contracts import CONTRACTS
from shared.db.kit import add_kit_tables
from shared.db.tables import NAMING
from shared.messaging.projections import Projections
from shared.service import ServiceSpec
from shared.settings import ServiceSettings
from tests.architecture.tree import EACH_SERVICE, ROOT, SPEC_OF, modules, tracked

SKELETON = {
    *("README.md", "base.py", "events.py", "main.py", "pyproject.toml", "requirements.txt", "settings.py"),
    *("spec.py", "tables.py", "worker.py"),
    *("locales/en.json", "locales/ky.json", "locales/ru.json"),
    *("migrations/env.py", "migrations/script.py.mako"),
}
OWN = {
    "registry": {"seed.py"},
    "scoring": {"demonstration.py", "seed.py"},
}
"""Further files beside the features, each with a reason to stand in no feature."""
ALIKE = ("base.py", "main.py", "worker.py", "migrations/env.py", "migrations/script.py.mako")
"""The same in all services but for the service's name."""

READ_ELSEWHERE = {
    "host": "by the command that starts the process",
    "port": "by the command that starts the process",
}

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)


def files(service: str) -> set[Path]:
    folder = Path("services") / service
    return {path.relative_to(folder) for path in tracked() if path.is_relative_to(folder)}


def test_the_services_are_the_folders() -> None:
    assert sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir()) == sorted(SERVICES)
    assert tuple(SPEC_OF) == SERVICES
    assert not (ROOT / "services/__init__.py").exists(), "a namespace package: one service is copied alone"


@EACH_SERVICE
def test_files_of_a_service(service: str) -> None:
    present = {path.as_posix() for path in files(service)}
    assert present >= SKELETON, f"missing: {SKELETON - present}"
    beside = {path for path in present if "/" not in path}
    assert beside - SKELETON == OWN.get(service, set())
    assert any(path.startswith("migrations/versions/0001_") for path in present)


@EACH_SERVICE
@pytest.mark.parametrize("name", ALIKE)
def test_files_that_are_alike(service: str, name: str) -> None:
    def text(of: str) -> str:
        found = (ROOT / "services" / of / name).read_text(encoding="utf-8")
        return re.sub(rf"(?<=services\.){of}\b|(?<=of ){of}\b", "SERVICE", found)

    assert text(service) == text(SERVICES[0])


@EACH_SERVICE
def test_features_are_described_folders(service: str) -> None:
    """Each folder with code is a feature with a sentence on what it is."""
    features = {path.parts[0] for path in files(service) if path.suffix == ".py" and len(path.parts) > 1}
    for feature in features - {"migrations"}:
        module = importlib.import_module(f"services.{service}.{feature}")
        assert module.__doc__, f"services/{service}/{feature}/__init__.py says nothing"


@EACH_SPEC
def test_spec_says_everything_its_folder_holds(spec: ServiceSpec) -> None:
    folder = ROOT / "services" / spec.name
    events = importlib.import_module(f"services.{spec.name}.events")
    assert spec.migrations == folder / "migrations"
    assert spec.locales == (folder / "locales",)
    assert spec.publishes == tuple(event for event in CONTRACTS if event.service == spec.name)
    assert spec.consumers is events.CONSUMERS
    declared = getattr(events, "PROJECTIONS", Projections())
    assert spec.projections.names == declared.names, "`worker rebuild` would not know them"
    assert (spec.seed is not None) == (folder / "seed.py").exists()


@EACH_SPEC
def test_settings(spec: ServiceSpec) -> None:
    """One prefix rule; a service adds what is its own and changes defaults, never where a name is read from."""
    config = spec.settings.model_config
    assert config.get("env_prefix") == f"{spec.name.upper()}_"
    assert config.get("frozen") is True
    for name, field in ServiceSettings.model_fields.items():
        assert spec.settings.model_fields[name].validation_alias == field.validation_alias, name


@EACH_SPEC
def test_every_setting_is_read(spec: ServiceSpec) -> None:
    """A setting nobody reads promises an operator something that does not happen."""
    read = {
        node.attr
        for module in modules("services", "shared", "deploy")
        if module.path.name != "settings.py" or module.path.parts[0] == "shared"
        for node in module.nodes
        if isinstance(node, ast.Attribute)
    }
    assert spec.settings.model_fields.keys() - read <= READ_ELSEWHERE.keys()


def test_ports_differ() -> None:
    ports = [spec.settings.model_fields["port"].default for spec in SPECS]
    assert len(set(ports)) == len(SPECS)


def ddl(metadata: MetaData, names: set[str]) -> dict[str, str]:
    """CREATE TABLE and CREATE INDEX of these tables, by table."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return {
        name: "\n".join(
            [
                str(CreateTable(metadata.tables[name]).compile(dialect=dialect)),
                *sorted(
                    str(CreateIndex(index).compile(dialect=dialect))
                    for index in metadata.tables[name].indexes
                ),
            ]
        )
        for name in names
    }


@EACH_SPEC
def test_kit_tables_are_the_kits(spec: ServiceSpec) -> None:
    kit = MetaData(naming_convention=NAMING)
    add_kit_tables(kit)
    assert set(kit.tables) >= {
        "event",
        "epoch",
        "inbox",
        "dead_letter",
        "audit",
        "audit_head",
        "audit_segment",
        "idempotency",
        "job",
    }
    assert ddl(spec.metadata, set(kit.tables)) == ddl(kit, set(kit.tables))


def test_metadata_of_services_are_apart() -> None:
    assert len({id(spec.metadata) for spec in SPECS}) == len(SPECS)


@EACH_SERVICE
def test_pyproject_names_the_service(service: str) -> None:
    text = (ROOT / "services" / service / "pyproject.toml").read_text(encoding="utf-8")
    assert f'name = "ashar-{service.replace("_", "-")}"' in text
    assert re.search(r'requires-python = ">=3\.11"', text)
