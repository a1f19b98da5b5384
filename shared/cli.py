"""Commands of a service's image: migrate, seed, run the worker, rebuild a projection, settle dead letters,
check the audit trail, change data keys."""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import ValidationError

from shared.audit import cli as audit
from shared.clock import SystemClock
from shared.db import migrations
from shared.db.database import Database
from shared.http.client import make_client
from shared.http.serving import RunningServer, bound_socket
from shared.messaging import cli as messaging
from shared.messaging.feed_client import http_pages
from shared.messaging.projections import RebuildRunning, rebuild
from shared.messaging.worker import Worker, run_worker
from shared.observability.logs import configure_logging
from shared.people import cli as people
from shared.process import run, settle_heap
from shared.service import ServiceSpec
from shared.settings import ServiceSettings
from shared.worker import consumers_of, create_worker, service_principal
from shared.worker_health import health_server

Work = Callable[[ServiceSpec, ServiceSettings, argparse.Namespace], Coroutine[Any, Any, int]]


def main(spec: ServiceSpec, argv: list[str] | None = None) -> None:
    """Parse and carry out one command, then exit: 0 done, 1 failed, 2 wrong call."""
    chosen = _parser(spec).parse_args(sys.argv[1:] if argv is None else argv)
    settings = _settings(spec)
    configure_logging(settings.log_level, settings.log_format)
    if hasattr(chosen, "sync"):
        chosen.sync(spec, settings, chosen)
        sys.exit(0)
    work: Work = getattr(chosen, "work", _messaging)
    sys.exit(run(work(spec, settings, chosen)))


def _settings(spec: ServiceSpec) -> ServiceSettings:
    """Exits with 2 and a line for each setting that is missing or wrong; values are not repeated, some are secret."""
    try:
        return spec.settings()
    except ValidationError as error:
        prefix = spec.settings.model_config.get("env_prefix", "")
        for found in error.errors(include_url=False, include_input=False, include_context=False):
            name = "__".join(str(part) for part in found["loc"])
            shown = name if name.isupper() else f"{prefix}{name}".upper()
            sys.stderr.write(f"{shown}: {found['msg']}\n" if name else f"{found['msg']}\n")
        sys.exit(2)


def _parser(spec: ServiceSpec) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{spec.name}.worker", description=spec.description
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="sequencer, relay, consumers and jobs until SIGTERM")
    run.add_argument(
        "--member",
        default=os.environ.get("ASHAR_MEMBER") or socket.gethostname(),
        help="name of this worker in its groups, no other's; kept over a restart it finds its partitions again at once",
    )
    run.add_argument("--host", default="127.0.0.1", help="where its health is served")
    run.add_argument("--port", type=int, help="port of /healthz /readyz /metrics /progress; none without")
    run.set_defaults(work=_run)
    commands.add_parser("seed", help="load real data through the use cases; repeatable").set_defaults(
        work=_seed
    )
    again = commands.add_parser("rebuild", help="fill a projection again from its owner's change feed")
    again.add_argument("name", choices=spec.projections.names or None)
    again.set_defaults(work=_rebuild)
    _add_migrations(commands)
    messaging.add_commands(commands)
    audit.add_commands(commands)
    people.add_commands(commands)
    if spec.commands is not None:
        spec.commands(commands)
    return parser


def _add_migrations(commands: Any) -> None:
    upgrade = commands.add_parser("migrate", help="bring the database to this code's revision")
    upgrade.add_argument("revision", nargs="?", default="head")
    upgrade.set_defaults(sync=lambda s, c, a: migrations.upgrade(s.migrations, _url(c), a.revision))
    downgrade = commands.add_parser("downgrade", help="take migrations back")
    downgrade.add_argument("revision")
    downgrade.set_defaults(sync=lambda s, c, a: migrations.downgrade(s.migrations, _url(c), a.revision))
    revision = commands.add_parser("revision", help="write a migration from the difference to the tables")
    revision.add_argument("message")
    revision.set_defaults(sync=lambda s, c, a: migrations.revise(s.migrations, _url(c), a.message))


def _url(settings: ServiceSettings) -> str:
    return settings.database_url.get_secret_value()


async def _run(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    running = create_worker(spec, settings, member=chosen.member)
    try:
        worker = await running.open()
        settle_heap()
        if chosen.port is None:
            await run_worker(worker)
        else:
            server = health_server(running, spec, settings, bound_socket(chosen.host, chosen.port))
            await _beside(server, worker)
    finally:
        await running.stop()
    return 0


async def _beside(server: RunningServer, worker: Worker) -> None:
    """Run the worker while the server answers; a server that ends takes the worker with it."""
    async with asyncio.TaskGroup() as tasks:
        await server.start()
        watching = tasks.create_task(server.ended())
        await run_worker(worker)
        watching.cancel()
        await server.stop()


async def _seed(spec: ServiceSpec, settings: ServiceSettings, _: argparse.Namespace) -> int:
    database = await Database.open(settings, role="seed")
    try:
        if spec.seed is not None:
            await spec.seed(database, SystemClock())
    finally:
        await database.close()
    return 0


async def _rebuild(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    projection = spec.projections[chosen.name]
    database = await Database.open(settings, role="rebuild")
    try:
        async with make_client(settings.peers[projection.source], timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {await _service_token(settings)}"
            done = await rebuild(
                projection,
                database=database,
                pages=http_pages(client),
                principal=service_principal(spec),
                clock=SystemClock(),
            )
    except RebuildRunning:
        sys.stderr.write("this projection is being rebuilt by another process\n")
        return 1
    finally:
        await database.close()
    sys.stdout.write(f"{done.name}: {done.events} events in {done.seconds:.1f} s, up to {done.cursor}\n")
    return 0


async def _service_token(settings: ServiceSettings) -> str:
    key = settings.service_key.get_secret_value()
    async with make_client(settings.registry_url) as client:
        answer = await client.post("/v1/tokens", json={"grant_type": "api_key", "api_key": key})
    answer.raise_for_status()
    return str(answer.json()["access_token"])


async def _messaging(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    database = await Database.open(settings, role="operator")
    try:
        console = messaging.Console(
            database, consumers_of(spec), service_principal(spec), SystemClock(), sys.stdout
        )
        return await messaging.run_command(console, chosen)
    finally:
        await database.close()
