"""The platform as in production, on one machine: PostgreSQL, Apache Kafka, each service's API and workers, Envoy,
every one a process of its own under one supervisor.

A part that dies is started again on its address and data. However the supervisor ends, no part is left."""

import asyncio
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from deploy.fleet import commands
from deploy.fleet.environment import process_environment, variables
from deploy.fleet.failures import first_of
from deploy.fleet.options import FleetOptions
from deploy.fleet.part import Kind, Part, Program
from deploy.fleet.ports import HeldPorts
from deploy.fleet.programs import GatewayProgram, KafkaProgram, PostgresProgram, ServiceProcess, last_words
from deploy.fleet.progress import at_rest, progress_of
from deploy.gateway.envoy import LOG_NAME
from deploy.gateway.settings import SERVICES
from deploy.kafka.cluster import KafkaCluster, start_kafka
from deploy.local.blocking import in_thread
from deploy.local.postgres import PostgresServer, start_postgres
from deploy.local.postgres_roles import connected
from deploy.local.processes import spawn
from deploy.local.runner import (
    LOCAL_LOG,
    PlatformFailed,
    Runner,
    answers,
    data_folder,
    databases,
    gateway_settings,
    seed,
    until,
)
from deploy.local.services import HOST, SPECS, known_settings
from shared.clock import SystemClock
from shared.db import migrations
from shared.service import ServiceSpec

STOP_ORDER: tuple[Kind, ...] = ("gateway", "api", "worker", "kafka", "postgres")
"""Whoever asks goes before whoever is asked."""


class Fleet(Runner):
    """`async with Fleet(options) as fleet:` running and seeded; `await fleet.ready()` for quiet, also after a fault.

    `fleet.parts()` are its processes by name: `postgres`, `kafka:1` …, `api:registry` …,
    `worker:registry:0` …, `gateway`."""

    _pause = 0.1

    def __init__(self, options: FleetOptions) -> None:
        super().__init__(options)
        self._options = options
        self._parts: dict[str, Part] = {}
        self._ports = HeldPorts(HOST)
        self._api_ports: dict[str, int] = {}
        self._kafka: KafkaCluster | None = None
        self._logs = options.data.absolute() / "logs"
        self._client: httpx.AsyncClient

    def parts(self) -> Mapping[str, Part]:
        """Every part that was started so far, in the order of starting; they are the parts themselves."""
        return MappingProxyType(self._parts)

    @property
    def bootstrap(self) -> str:
        """Where Kafka's clients begin. For a fleet on Kafka."""
        assert self._kafka is not None
        return self._kafka.bootstrap

    def direct(self, service: str) -> str:
        return f"http://{HOST}:{self._api_ports[service]}"

    async def watch(self) -> None:
        """Waits as long as everything that ends is started again."""
        watched = [asyncio.create_task(part.abandoned()) for part in self._parts.values()]
        try:
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            raise PlatformFailed("a part is no longer watched over") from done.pop().exception()
        finally:
            for task in watched:
                task.cancel()
            await asyncio.gather(*watched, return_exceptions=True)

    async def _start(self) -> None:
        self._client = await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=5))
        self._stack.push_async_callback(self._stop)
        port = self._ports.hold("gateway", self._options.port)  # before a minute of seeding, not after it
        data = data_folder(self._options, self._options.broker)
        self._logs.mkdir(mode=0o700, exist_ok=True)
        self._api_ports = {spec.name: self._ports.hold(f"api:{spec.name}") for spec in SPECS}
        gateway = gateway_settings(port, self._api_ports)
        self.url = gateway.url
        try:
            async with asyncio.TaskGroup() as tasks:
                broker = (
                    tasks.create_task(self._open_kafka(data)) if self._options.broker == "kafka" else None
                )
                server = await self._open_postgres(data)
                urls = await in_thread(
                    partial(databases, server, data / "secrets.json", self._options.broker)
                )
                for spec in SPECS:
                    known = self._known(spec, urls[spec.name], data / "keys")
                    tasks.create_task(self._bring_up(spec, known, broker or urls[LOCAL_LOG]))
        except BaseExceptionGroup as group:
            raise first_of(group) from group
        program = GatewayProgram(gateway, data / "gateway", data / "gateway" / LOG_NAME)
        await self._run("gateway", "gateway", program, url=self.url)

    async def _open_postgres(self, data: Path) -> PostgresServer:
        start = partial(
            start_postgres,
            data / "postgres",
            port=self._ports.hold("postgres"),
            durable=self._options.durable,
            max_connections=self._options.connections,
        )
        server = await self._started(
            start, keep=lambda server: self._add("postgres", "postgres", PostgresProgram(server))
        )
        await self._parts["postgres"].start()
        return server

    async def _open_kafka(self, data: Path) -> str:
        """Where clients begin. It takes some seconds that the others need not wait for."""

        def keep(cluster: KafkaCluster) -> None:
            self._kafka = cluster
            for node in cluster.brokers:
                self._add(f"kafka:{node.number}", "kafka", KafkaProgram(node))

        start = partial(start_kafka, data / "kafka", brokers=self._options.brokers)
        cluster = await self._started(start, keep=keep)
        for node in cluster.brokers:
            await self._parts[f"kafka:{node.number}"].start()
        return cluster.bootstrap

    def _known(self, spec: ServiceSpec, database_url: str, keys: Path) -> dict[str, Any]:
        """What an API is told; a worker is told of the broker too, whom an API never meets."""
        return {
            "broker": self._options.broker,
            **known_settings(
                spec,
                database_url=database_url,
                ports=self._api_ports,
                public_url=self.url,
                keys=keys,
                extra=self._options.settings.get(spec.name),
            ),
        }

    async def _bring_up(
        self, spec: ServiceSpec, known: Mapping[str, Any], broker: "asyncio.Task[str] | str"
    ) -> None:
        """Migrate, then everything at once: the seed is told to whoever is there already."""
        own = variables(spec.settings, known)
        await self._migrate(spec, str(known["database_url"]), own)
        async with asyncio.TaskGroup() as tasks:
            if self._options.seed:
                tasks.create_task(seed(spec, spec.settings(**known), SystemClock()))
            tasks.create_task(self._run_api(spec.name, own))
            url = broker if isinstance(broker, str) else await broker
            own = {**own, **variables(spec.settings, {"broker_url": url})}
            for member in range(self._options.members):
                tasks.create_task(self._run_worker(spec.name, member, own))

    async def _migrate(self, spec: ServiceSpec, url: str, own: Mapping[str, str]) -> None:
        async with connected(url) as connection:
            if await migrations.at_head(connection, migrations.head(spec.migrations)):
                return
        log = self._log(f"migrate:{spec.name}")
        child = spawn(commands.migrate(spec.name), log=log, cwd=commands.ROOT, env=process_environment(own))
        try:
            code = await child.exited()
        finally:
            await in_thread(child.stop)
        if code != 0:
            raise PlatformFailed(f"{spec.name} could not be migrated ({code}):\n{last_words(log)}")

    async def _run_api(self, service: str, own: Mapping[str, str]) -> None:
        name = f"api:{service}"
        await self._run_service(
            name, "api", commands.api(service, HOST, self._ports.hold(name)), service, own
        )

    async def _run_worker(self, service: str, member: int, own: Mapping[str, str]) -> None:
        name = f"worker:{service}:{member}"
        command = commands.worker(service, HOST, self._ports.hold(name), member)
        await self._run_service(name, "worker", command, service, own)

    async def _run_service(
        self, name: str, kind: Kind, command: commands.Command, service: str, own: Mapping[str, str]
    ) -> None:
        port = self._ports.hold(name)
        program = ServiceProcess(command, process_environment(own), self._log(name), HOST, port)
        await self._run(name, kind, program, service=service, url=f"http://{HOST}:{port}")

    async def _run(self, name: str, kind: Kind, program: Program, **more: Any) -> None:
        self._add(name, kind, program, **more)
        await self._parts[name].start()

    def _add(self, name: str, kind: Kind, program: Program, **more: Any) -> None:
        """Known before it runs, so that it is stopped however far it gets."""
        self._parts[name] = Part(name, kind, program, **more)
        shown = self._log(name)
        if shown != program.log:
            shown.unlink(missing_ok=True)
            shown.symlink_to(os.path.relpath(program.log, self._logs))

    def _log(self, name: str) -> Path:
        return self._logs / f"{name.replace(':', '-')}.log"

    def _of_kind(self, kind: Kind) -> list[Part]:
        return [part for part in self._parts.values() if part.kind == kind]

    def _drain(self) -> None:
        for part in self._of_kind("api"):
            if (pid := part.pid) is not None:
                os.kill(pid, signal.SIGUSR1)

    async def _parts_run(self) -> None:
        wanted = [part for part in self._parts.values() if part.restart]

        async def running() -> bool:
            return all(part.state == "running" and part.pid is not None for part in wanted)

        await until(running, self._pause)
        for part in wanted:
            if part.kind == "worker":
                await until(partial(answers, self._client, f"{part.url}/readyz"), self._pause)

    async def _quiet(self) -> bool:
        workers = [part for part in self._of_kind("worker") if part.state != "ended"]
        found = await asyncio.gather(*(progress_of(self._client, str(part.url)) for part in workers))
        told = list(zip(workers, found, strict=True))
        return all(at_rest([one for part, one in told if part.service == service]) for service in SERVICES)

    async def _stop(self) -> None:
        for part in self._parts.values():
            part.restart = False
        failures: list[BaseException] = []
        for kind in STOP_ORDER:
            ended = await asyncio.gather(
                *(part.stop() for part in self._of_kind(kind)), return_exceptions=True
            )
            failures += [error for error in ended if isinstance(error, BaseException)]
            if kind == "kafka" and self._kafka is not None:
                await in_thread(self._kafka.stop)
        self._ports.close()
        if failures:
            raise failures[0]
