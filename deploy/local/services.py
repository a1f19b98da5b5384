"""The five services in one process: their settings, applications and servers. The only importer of all five."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.ideas_market.spec import SPEC as IDEAS_MARKET
from services.monitoring.spec import SPEC as MONITORING
from services.notifications.spec import SPEC as NOTIFICATIONS
from services.registry.spec import SPEC as REGISTRY
from services.scoring.spec import SPEC as SCORING
from shared.http.serving import RunningServer
from shared.service import ServiceApp, ServiceSpec
from shared.settings import ServiceSettings

SPECS: tuple[ServiceSpec, ...] = (REGISTRY, MONITORING, SCORING, IDEAS_MARKET, NOTIFICATIONS)
HOST = "127.0.0.1"


def known_settings(
    spec: ServiceSpec,
    *,
    database_url: str,
    ports: Mapping[str, int],
    public_url: str,
    keys: Path,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a service on this machine has to know, by the names of its settings; `extra` has the last word."""
    addresses = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    known: dict[str, Any] = {
        "database_url": database_url,
        "public_url": public_url,
        "registry_url": addresses["registry"],
        "jwks_url": f"{addresses['registry']}/v1/.well-known/jwks.json",
        "peers": addresses,
        "port": ports[spec.name],
        "people_keys": keys / "people" / f"{spec.name}.json",
    }
    if spec.name == "registry":
        known |= {"signing_keys": keys, "development_login": True}
    return {**known, **(extra or {})}


def settings_of(spec: ServiceSpec, *, broker_url: str, **known: Any) -> ServiceSettings:
    """Settings of a service of the embedded run, of what `known_settings` takes; nothing is read from the
    environment that is given here."""
    return spec.settings(
        **{"log_level": "WARNING", "broker_url": broker_url, **known_settings(spec, **known)}
    )


class RunningApi(RunningServer):
    """A service's application beside the others."""

    def __init__(self, name: str, app: ServiceApp, listener: socket.socket) -> None:
        super().__init__(name, app, listener)
        self._app = app

    def drain(self) -> None:
        """Answer 503 at /readyz from now on."""
        self._app.runtime.draining = True
