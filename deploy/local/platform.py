"""The whole platform in one process: PostgreSQL, the five services with their workers, Envoy. Starts in order,
stops in reverse, and leaves nothing behind however it ends."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from deploy.gateway.envoy import Gateway, start_envoy
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.runner import (
    LOCAL_LOG,
    PlatformFailed,
    Runner,
    RunOptions,
    checked_port,
    data_folder,
    databases,
    gateway_settings,
    seed,
)
from deploy.local.services import HOST, SPECS, RunningApi, settings_of
from shared.clock import Clock, SystemClock
from shared.db import migrations
from shared.http.serving import bound_socket
from shared.service import ServiceSpec, create_service_app
from shared.settings import ServiceSettings
from shared.worker import RunningWorker, create_worker


@dataclass(frozen=True)
class PlatformOptions(RunOptions):
    clock: Clock = field(default_factory=SystemClock)


class Platform(Runner):
    """`async with Platform(options) as platform:` running and seeded; `await platform.ready()` for quiet."""

    def __init__(self, options: PlatformOptions) -> None:
        super().__init__(options)
        self._clock = options.clock
        self._postgres: PostgresServer | None = None
        self._gateway: Gateway | None = None
        self._apis: list[RunningApi] = []
        self._workers: list[RunningWorker] = []

    def direct(self, service: str) -> str:
        [api] = [api for api in self._apis if api.name == service]
        return api.address

    async def _start(self) -> None:
        gateway_port = checked_port(self.options.port)  # before a minute of seeding, not after it
        data = data_folder(self.options, "local")
        self._postgres = await self._started(
            lambda: start_postgres(data / "postgres", durable=self.options.durable)
        )
        urls = await asyncio.to_thread(databases, self._postgres, data / "secrets.json", "local")
        sockets = {spec.name: bound_socket(HOST) for spec in SPECS}
        ports = {name: listener.getsockname()[1] for name, listener in sockets.items()}
        gateway = gateway_settings(gateway_port, ports)
        self.url = gateway.url
        for spec in SPECS:
            settings = settings_of(
                spec,
                database_url=urls[spec.name],
                broker_url=urls[LOCAL_LOG],
                ports=ports,
                public_url=self.url,
                keys=data / "keys",
                extra=self.options.settings.get(spec.name),
            )
            await asyncio.to_thread(migrations.upgrade, spec.migrations, urls[spec.name])
            if self.options.seed:
                await seed(spec, settings, self._clock)
            await self._run(spec, settings, sockets[spec.name])
        self._gateway = await self._started(lambda: start_envoy(gateway, data / "gateway"))

    async def _run(self, spec: ServiceSpec, settings: ServiceSettings, listener: Any) -> None:
        app = create_service_app(spec, settings, clock=self._clock)
        worker = create_worker(spec, settings, clock=self._clock, metrics=app.runtime.metrics)
        self._workers.append(worker)
        await worker.start()
        self._stack.push_async_callback(worker.stop)
        api = RunningApi(spec.name, app, listener)
        self._apis.append(api)
        await api.start()
        self._stack.push_async_callback(api.stop)

    def _drain(self) -> None:
        for api in self._apis:
            api.drain()

    async def _parts_run(self) -> None:
        """They do since they were started: a loop that dies is told by `watch`."""

    async def _quiet(self) -> bool:
        return all([await worker.drained() for worker in self._workers])

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
