"""The five services in one process: their settings, applications and servers. The only importer of all five."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from services.ideas_market.spec import SPEC as IDEAS_MARKET
from services.monitoring.spec import SPEC as MONITORING
from services.notifications.spec import SPEC as NOTIFICATIONS
from services.registry.spec import SPEC as REGISTRY
from services.scoring.spec import SPEC as SCORING
from shared.service import ServiceApp, ServiceSpec
from shared.settings import ServiceSettings

SPECS: tuple[ServiceSpec, ...] = (REGISTRY, MONITORING, SCORING, IDEAS_MARKET, NOTIFICATIONS)
HOST = "127.0.0.1"


class ServerFailed(RuntimeError):
    """A service's server did not start, or ended without being asked to."""


def bound_socket(port: int = 0) -> socket.socket:
    """A listening address taken before anything else starts, so that addresses are known and free."""
    # asyncio switches Nagle's algorithm off only where the protocol is named; without it every answer on a
    # connection that is kept open waits 40 ms for the other side's delayed acknowledgement.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((HOST, port))
    return found


def settings_of(
    spec: ServiceSpec,
    *,
    database_url: str,
    broker_url: str,
    ports: Mapping[str, int],
    public_url: str,
    keys: Path,
    extra: Mapping[str, Any] | None = None,
) -> ServiceSettings:
    """Settings of one service of the embedded run; nothing is read from the environment that is given here."""
    addresses = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    known: dict[str, Any] = {
        "database_url": database_url,
        "broker_url": broker_url,
        "public_url": public_url,
        "registry_url": addresses["registry"],
        "jwks_url": f"{addresses['registry']}/v1/.well-known/jwks.json",
        "peers": addresses,
        "port": ports[spec.name],
        "log_level": "WARNING",
    }
    if spec.name == "registry":
        known |= {"signing_keys": keys, "development_login": True}
    return spec.settings(**known, **(extra or {}))


class Server(uvicorn.Server):
    """One of several servers in a process: signals are the supervisor's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class RunningApi:
    """An application served on a bound socket."""

    def __init__(self, name: str, app: ServiceApp, listener: socket.socket) -> None:
        self.name = name
        self.app = app
        self._socket = listener
        self._server = Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=5,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it answers. Raises ServerFailed."""
        self._task = asyncio.create_task(self._serve(), name=f"{self.name}-api")
        while not self._server.started:
            if self._task.done():
                raise ServerFailed(f"{self.name} did not start") from self._task.exception()
            await asyncio.sleep(0.01)

    async def ended(self) -> None:
        """Raises ServerFailed when the server ends without being asked to."""
        assert self._task is not None
        await asyncio.wait({self._task})
        if not self._server.should_exit:
            raise ServerFailed(f"{self.name} ended")

    def drain(self) -> None:
        """Answer 503 at /readyz from now on."""
        self.app.runtime.draining = True

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=10)

    async def _serve(self) -> None:
        try:
            await self._server.serve(sockets=[self._socket])
        except SystemExit as error:  # uvicorn's way to report a failed lifespan
            raise ServerFailed(f"{self.name}: exit {error.code}") from error
