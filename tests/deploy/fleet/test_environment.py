"""Settings that went through a child's environment are the settings."""

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.fleet.environment import process_environment, variable, variables
from deploy.local.services import SPECS, known_settings
from shared.service import ServiceSpec

EACH_SPEC = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
PORTS = {spec.name: 12_000 + number for number, spec in enumerate(SPECS)}


@EACH_SPEC
def test_what_a_service_is_told_arrives(spec: ServiceSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {
        "broker": "kafka",
        "broker_url": "127.0.0.1:9092",
        "consumer_session_timeout": timedelta(seconds=6),
        "database_pool_max": 3,
        "kafka_ca_file": Path("ca.pem"),
        "log_level": "ERROR",
    }
    if spec.name == "notifications":
        extra["webhook_receivers"] = ("https://example.org", "http://127.0.0.1:9")
    known = known_settings(
        spec,
        database_url="postgresql://role:p%40ss'word\"$@127.0.0.1:1/x",
        ports=PORTS,
        public_url="http://127.0.0.1:8080",
        keys=Path("keys"),
        extra=extra,
    )
    for name, text in variables(spec.settings, known).items():
        monkeypatch.setenv(name, text)
    assert spec.settings() == spec.settings(**known)
    assert spec.settings().consumer_session_timeout == timedelta(seconds=6)
    assert spec.settings().peers["scoring"].endswith(str(PORTS["scoring"]))


@EACH_SPEC
def test_every_setting_has_a_variable_of_its_own(spec: ServiceSpec) -> None:
    names = {variable(spec.settings, name) for name in spec.settings.model_fields}
    assert len(names) == len(spec.settings.model_fields)
    assert all(name.startswith(("ASHAR_", f"{spec.name.upper()}_")) for name in names)


def test_an_unknown_setting_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        variables(SPECS[0].settings, {"databse_url": "postgresql://x"})


def test_a_child_has_our_environment_and_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("ASHAR_BROKER", "kafka")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    found = process_environment({"ASHAR_BROKER": "local"})
    assert found["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert found["ASHAR_BROKER"] == "local"
    assert found["PYTHONUNBUFFERED"] == "1"
    assert "PYTHONDONTWRITEBYTECODE" not in found
