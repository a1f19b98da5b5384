"""Which way to run the platform: options of the commands `make up` and `make demo`, and the runner they choose."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.fleet.fleet import Fleet
from deploy.fleet.options import FleetOptions
from deploy.local.platform import Platform, PlatformOptions
from deploy.local.runner import Runner


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--broker", choices=("local", "kafka"), default="local")
    parser.add_argument(
        "--processes",
        action="store_true",
        help="each API and worker in a process of its own; always with kafka",
    )
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="of Kafka")
    parser.add_argument("--members", type=int, choices=range(1, 6), default=1, help="workers of each service")


def runner(
    chosen: argparse.Namespace,
    data: Path,
    port: int,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Runner:
    """A fleet where it was asked for, or where only a fleet can do what was asked for; else all in one process."""
    more = settings or {}
    if chosen.broker == "local" and not chosen.processes and chosen.members == 1:
        return Platform(PlatformOptions(data=data, port=port, settings=more))
    return Fleet(
        FleetOptions(
            data=data,
            port=port,
            settings=more,
            broker=chosen.broker,
            brokers=chosen.brokers,
            members=chosen.members,
        )
    )
