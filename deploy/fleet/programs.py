"""The programs of a fleet: each starts again on the address and the data it had."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from deploy.fleet.commands import ROOT
from deploy.fleet.part import PartFailed
from deploy.gateway.envoy import Gateway, start_envoy
from deploy.gateway.settings import GatewaySettings
from deploy.kafka.node import Node
from deploy.local.blocking import in_thread
from deploy.local.postgres import PostgresServer
from deploy.local.processes import Child, Step, spawn

GRACE: tuple[Step, ...] = ((signal.SIGTERM, 30.0),)
"""`stop_grace_period` of the services' containers."""
_START_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_SHOWN_CHARACTERS = 2000


class ServiceProcess:
    """An API or a worker: it listens once it can answer."""

    def __init__(
        self, command: Sequence[str | Path], environment: Mapping[str, str], log: Path, host: str, port: int
    ) -> None:
        self.log = log
        self._command = command
        self._environment = environment
        self._address = (host, port)
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        return _pid(self._child)

    async def start(self) -> None:
        seen = self.log.stat().st_size if self.log.exists() else 0
        self._child = child = spawn(self._command, log=self.log, cwd=ROOT, env=self._environment)
        deadline = time.monotonic() + _START_SECONDS
        while not await _listens(*self._address):
            if child.poll() is not None or time.monotonic() > deadline:
                await in_thread(child.stop)
                raise PartFailed(f"it did not start; its log ends:\n{last_words(self.log, seen)}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def ended(self) -> int:
        assert self._child is not None
        return await self._child.exited()

    async def stop(self) -> None:
        if self._child is not None:
            await in_thread(partial(self._child.stop, *GRACE))


class PostgresProgram:
    """A server that was started and has the lock of its folder until it is stopped."""

    def __init__(self, server: PostgresServer) -> None:
        self.log = server.log
        self._server = server

    @property
    def pid(self) -> int | None:
        return _pid(self._server.child)

    async def start(self) -> None:
        if self._server.child.poll() is not None:
            await in_thread(self._server.restart)

    async def ended(self) -> int:
        return await self._server.exited()

    async def stop(self) -> None:
        await in_thread(self._server.stop)


class KafkaProgram:
    """A node of a cluster that was started."""

    def __init__(self, node: Node) -> None:
        self.log = node.log
        self._node = node

    @property
    def pid(self) -> int | None:
        return self._node.pid if self._node.running() else None

    async def start(self) -> None:
        if not self._node.running():
            await in_thread(self._run)

    def _run(self) -> None:
        try:
            self._node.start()
        except BaseException:
            self._node.kill()
            raise

    async def ended(self) -> int:
        return await self._node.exited()

    async def stop(self) -> None:
        await in_thread(self._node.stop)


class GatewayProgram:
    def __init__(self, settings: GatewaySettings, folder: Path, log: Path) -> None:
        self.log = log
        self._settings = settings
        self._folder = folder
        self._gateway: Gateway | None = None

    @property
    def pid(self) -> int | None:
        return None if self._gateway is None else _pid(self._gateway.child)

    async def start(self) -> None:
        self._gateway = await in_thread(partial(start_envoy, self._settings, self._folder))

    async def ended(self) -> int:
        assert self._gateway is not None
        return await self._gateway.child.exited()

    async def stop(self) -> None:
        if self._gateway is not None:
            await in_thread(self._gateway.stop)


def last_words(log: Path, seen: int = 0) -> str:
    """The end of what was logged after the first `seen` bytes."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(seen if log.stat().st_size >= seen else 0)  # smaller: a large log was put aside
        return file.read().decode(errors="replace").strip()[-_SHOWN_CHARACTERS:]


def _pid(child: Child | None) -> int | None:
    return child.pid if child is not None and child.poll() is None else None


async def _listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
