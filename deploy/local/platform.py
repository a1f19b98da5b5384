"""The whole platform in one process: PostgreSQL, the five services with their workers, Envoy. Starts in order,
stops in reverse, and leaves nothing behind however it ends."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import httpx

from deploy.gateway.envoy import Gateway, start_envoy
from deploy.gateway.settings import GatewaySettings, Upstream
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.secrets import passwords
from deploy.local.services import HOST, SPECS, RunningApi, bound_socket, settings_of
from shared.auth.keys import ensure_key
from shared.clock import Clock, SystemClock
from shared.db import migrations
from shared.db.database import Database
from shared.service import ServiceSpec, create_service_app
from shared.settings import ServiceSettings
from shared.worker import RunningWorker, create_worker

BROKER = "broker"


@dataclass(frozen=True)
class PlatformOptions:
    """`port` 0 takes a free one. `durable=False` is for tests: a crash of the machine may lose data."""

    data: Path
    port: int = 8080
    durable: bool = True
    seed: bool = True
    clock: Clock = field(default_factory=SystemClock)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further settings by service, for example `{"notifications": {"webhook_receivers": [...]}}`."""


class PlatformFailed(RuntimeError):
    """The platform cannot start, or a part of it ended by itself."""


class _Stoppable(Protocol):
    def stop(self) -> None: ...


S = TypeVar("S", bound=_Stoppable)


class Platform:
    """`async with Platform(options) as platform:` running and seeded; `await platform.ready()` for quiet."""

    def __init__(self, options: PlatformOptions) -> None:
        self.options = options
        self.url = ""
        self._stack = AsyncExitStack()
        self._postgres: PostgresServer | None = None
        self._gateway: Gateway | None = None
        self._apis: list[RunningApi] = []
        self._workers: list[RunningWorker] = []

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for api in self._apis:
            api.drain()
        await self._stack.aclose()

    async def _start(self) -> None:
        gateway_port = _checked_port(self.options.port)  # before a minute of seeding, not after it
        data = self.options.data.absolute()
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = data / "keys"
        ensure_key(keys)
        self._postgres = await self._started(
            lambda: start_postgres(data / "postgres", durable=self.options.durable)
        )
        urls = await asyncio.to_thread(_databases, self._postgres, data / "secrets.json")
        sockets = {spec.name: bound_socket() for spec in SPECS}
        ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
        self.url = f"http://{HOST}:{gateway_port}"
        for spec in SPECS:
            settings = settings_of(
                spec,
                database_url=urls[spec.name],
                broker_url=urls[BROKER],
                ports=ports,
                public_url=self.url,
                keys=keys,
                extra=self.options.settings.get(spec.name),
            )
            await self._prepare(spec, settings, urls[spec.name])
            await self._run(spec, settings, sockets[spec.name])
        await self._open_gateway(ports, gateway_port, data / "gateway")

    async def _started(self, start: Callable[[], S]) -> S:
        """What a blocking start gives, to be stopped at the end: also where we are cancelled while it starts.

        Raises PlatformFailed with its words."""
        starting = asyncio.create_task(asyncio.to_thread(start))
        try:
            return await asyncio.shield(starting)
        except RuntimeError as error:
            raise PlatformFailed(str(error)) from error
        finally:
            await asyncio.wait({starting})
            if starting.exception() is None:
                self._stack.push_async_callback(asyncio.to_thread, starting.result().stop)

    async def _prepare(self, spec: ServiceSpec, settings: ServiceSettings, url: str) -> None:
        await asyncio.to_thread(migrations.upgrade, spec.migrations, url)
        if self.options.seed and spec.seed is not None:
            database = await Database.open(settings, role="seed")
            try:
                await spec.seed(database, self.options.clock)
            finally:
                await database.close()

    async def _run(self, spec: ServiceSpec, settings: ServiceSettings, listener: Any) -> None:
        app = create_service_app(spec, settings, clock=self.options.clock)
        worker = create_worker(spec, settings, clock=self.options.clock, metrics=app.runtime.metrics)
        self._workers.append(worker)
        await worker.start()
        self._stack.push_async_callback(worker.stop)
        api = RunningApi(spec.name, app, listener)
        self._apis.append(api)
        await api.start()
        self._stack.push_async_callback(api.stop)

    async def _open_gateway(self, ports: Mapping[str, int], port: int, folder: Path) -> None:
        settings = GatewaySettings(
            port=port,
            upstreams={spec.name: Upstream(HOST, ports[spec.name]) for spec in SPECS},
            concurrency=1,
        )
        self._gateway = await self._started(lambda: start_envoy(settings, folder))

    async def ready(self, within: float = 60.0) -> None:
        """Every /readyz good through the gateway, all events published, all consumers at the end.

        Raises PlatformFailed when that takes longer than `within` seconds."""
        try:
            async with (
                asyncio.timeout(within),
                httpx.AsyncClient(base_url=self.url, trust_env=False) as client,
            ):
                for api in self._apis:
                    while not await _is_ready(client, api.name):  # noqa: ASYNC110 - readiness is polled by nature
                        await asyncio.sleep(0.05)
                await self.drained()
        except TimeoutError as error:
            raise PlatformFailed(f"not ready within {within:.0f} s") from error

    async def drained(self) -> None:
        """Return when nothing is on its way any more: effects may emit events, so all are asked until none moves."""
        quiet = 0
        while quiet < 2:
            states = [await worker.drained() for worker in self._workers]
            quiet = quiet + 1 if all(states) else 0
            await asyncio.sleep(0.02)

    async def watch(self) -> None:
        """Raises PlatformFailed as soon as any part ends by itself."""
        assert self._postgres is not None
        assert self._gateway is not None
        parts: dict[asyncio.Task[Any], str] = {
            asyncio.create_task(self._postgres.exited()): "PostgreSQL",
            asyncio.create_task(self._gateway.child.exited()): "Envoy",
            **{asyncio.create_task(api.ended()): f"{api.name} API" for api in self._apis},
            **{asyncio.create_task(worker.ended()): f"{worker.name} worker" for worker in self._workers},
        }
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            first = done.pop()
            raise PlatformFailed(f"{parts[first]} ended") from first.exception()
        finally:
            for task in parts:
                task.cancel()
            await asyncio.gather(*parts, return_exceptions=True)


def _databases(server: PostgresServer, secrets_file: Path) -> dict[str, str]:
    names = [spec.name for spec in SPECS] + [BROKER]
    known = passwords(secrets_file, names)
    return {name: server.ensure_database(name, name, known[name]) for name in names}


def _checked_port(wanted: int) -> int:
    """The port itself, a free one for 0. Raises PlatformFailed where nobody can listen on it now."""
    try:
        with bound_socket(wanted) as probe:
            port: int = probe.getsockname()[1]
            return port
    except OSError as error:
        raise PlatformFailed(f"cannot listen on {HOST}:{wanted}: {error.strerror}") from error


async def _is_ready(client: httpx.AsyncClient, service: str) -> bool:
    try:
        return (await client.get(f"/api/{service}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
