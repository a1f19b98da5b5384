"""A fleet with workers of the probe beside those of the services: supervised, killed and frozen like them."""

import asyncio
import sys
from functools import partial
from pathlib import Path

from deploy.fleet import commands
from deploy.fleet.environment import process_environment, variables
from deploy.fleet.fleet import Fleet
from deploy.fleet.programs import ServiceProcess
from deploy.fleet.progress import at_rest, progress_of
from deploy.local.blocking import in_thread
from deploy.local.postgres import PostgresServer
from deploy.local.runner import LOCAL_LOG
from deploy.local.secrets import passwords
from deploy.local.services import HOST
from shared.db import migrations
from tests.chaos.probe import NAME, SPEC
from tests.end_to_end.databases import database_url


class WatchedFleet(Fleet):
    _server: PostgresServer

    async def _open_postgres(self, data: Path) -> PostgresServer:
        self._server = await super()._open_postgres(data)
        return self._server

    async def _start(self) -> None:
        await super()._start()
        data = self._options.data.absolute()
        password = passwords(data / "secrets.json", [NAME])[NAME]
        url = await in_thread(partial(self._server.ensure_database, NAME, NAME, password))
        await in_thread(partial(migrations.upgrade, SPEC.migrations, url))
        broker = self._options.broker
        known = {
            **self._options.settings.get(NAME, {}),
            "database_url": url,
            "broker": broker,
            "broker_url": self.bootstrap if broker == "kafka" else database_url(data, LOCAL_LOG),
            "people_keys": data / "keys" / "people" / f"{NAME}.json",
        }
        environment = process_environment(variables(SPEC.settings, known))
        await asyncio.gather(
            *(self._run_probe(member, environment) for member in range(self._options.members))
        )

    async def _run_probe(self, member: int, environment: dict[str, str]) -> None:
        name = f"{NAME}:{member}"
        port = self._ports.hold(name)
        command: commands.Command = [
            *(sys.executable, "-m", "tests.chaos.worker", "run"),
            *("--host", HOST, "--port", str(port), "--member", str(member)),
        ]
        program = ServiceProcess(command, environment, self._log(name), HOST, port)
        await self._run(name, "worker", program, service=NAME, url=f"http://{HOST}:{port}")

    async def _quiet(self) -> bool:
        probes = [part for part in self._of_kind("worker") if part.service == NAME]
        told = await asyncio.gather(*(progress_of(self._client, str(part.url)) for part in probes))
        return await super()._quiet() and at_rest(told)
