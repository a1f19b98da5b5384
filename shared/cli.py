"""Commands of a service's worker image: migrate, run, rebuild, dead letters, epoch."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from shared.db import migrations
from shared.observability.logs import configure_logging
from shared.service import ServiceSpec
from shared.settings import ServiceSettings

Command = Callable[[ServiceSpec, ServiceSettings, argparse.Namespace], None]


def main(
    spec: ServiceSpec, argv: list[str] | None = None, *, extra: Callable[..., None] | None = None
) -> None:
    """Parse and carry out one command. Exit code 2 for a wrong call, 1 for a failure."""
    parser = argparse.ArgumentParser(prog=f"services.{spec.name}.worker", description=spec.description)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_migrations(commands)
    if extra is not None:
        extra(commands)
    chosen = parser.parse_args(sys.argv[1:] if argv is None else argv)
    settings = spec.settings()  # type: ignore[call-arg]  # read from the environment
    configure_logging(settings.log_level, settings.log_format)
    chosen.command(spec, settings, chosen)


def _add_migrations(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    upgrade = commands.add_parser("migrate", help="bring the database to this code's revision")
    upgrade.add_argument("revision", nargs="?", default="head")
    upgrade.set_defaults(command=_migrate)
    downgrade = commands.add_parser("downgrade", help="take migrations back")
    downgrade.add_argument("revision")
    downgrade.set_defaults(command=_downgrade)
    revision = commands.add_parser("revision", help="write a migration from the difference to the tables")
    revision.add_argument("message")
    revision.set_defaults(command=_revision)


def _migrate(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> None:
    migrations.upgrade(spec.migrations, settings.database_url.get_secret_value(), chosen.revision)


def _downgrade(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> None:
    migrations.downgrade(spec.migrations, settings.database_url.get_secret_value(), chosen.revision)


def _revision(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> None:
    migrations.revise(spec.migrations, settings.database_url.get_secret_value(), chosen.message)


__all__ = ["asyncio", "main"]
