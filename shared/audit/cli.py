"""Commands of a service's worker for its audit trail: `audit verify`, `audit heads`. They show no content of rows:
who runs containers sees none."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from shared.audit.findings import Finding
from shared.audit.heads import Head, all_kept
from shared.audit.verifying import Demand, Report, Verification
from shared.db.database import Database
from shared.service import ServiceSpec
from shared.settings import ServiceSettings

PROGRESS_SECONDS = 2.0
WRONG_CALL = 2
ALONE = 3
"""Exit code of a check that found nothing and was compared with nobody outside the database."""


def add_commands(commands: Any) -> None:
    """Mount on what `ArgumentParser.add_subparsers()` returned."""
    audit = commands.add_parser("audit", help="the chain of the audit trail")
    actions = audit.add_subparsers(required=True, metavar="action")
    verify = actions.add_parser(
        "verify", help="read the whole trail, name what was changed, removed or is not chained"
    )
    verify.add_argument(
        "--head",
        type=_head,
        action="append",
        default=[],
        metavar="POSITION:HASH",
        help="a head published earlier",
    )
    verify.add_argument(
        "--heads",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="heads kept elsewhere: what `audit heads` of another service or its HTTP route gave; - reads stdin",
    )
    verify.add_argument(
        "--alone",
        action="store_true",
        help=f"that no head comes from outside is as wanted: exit 0 where nothing is found, instead of {ALONE}",
    )
    verify.add_argument(
        "--restored",
        type=_restored,
        action="append",
        default=[],
        metavar="EPOCH:POSITION",
        help="a restore you know of: this life of the database was ended after this position",
    )
    verify.add_argument(
        "--pending-seconds", type=float, default=60.0, help="longer without a link is a finding"
    )
    verify.add_argument(
        "--uncovered-seconds", type=float, default=900.0, help="longer without a head is a finding"
    )
    verify.set_defaults(work=_verify)
    heads = actions.add_parser("heads", help="heads kept here, a JSON object a line, in the order they came")
    heads.add_argument("--service", help="of this service only; every service keeps those of all")
    heads.set_defaults(work=_heads)


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _restored(text: str) -> tuple[UUID, int]:
    epoch, _, position = text.partition(":")
    try:
        return UUID(epoch), int(position)
    except ValueError as error:
        raise argparse.ArgumentTypeError("an epoch and a position, joined by a colon, are wanted") from error


async def _verify(spec: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    given: list[Head] = list(chosen.head)
    try:
        for path in chosen.heads:
            text = await asyncio.to_thread(sys.stdin.buffer.read if str(path) == "-" else path.read_bytes)
            given += [head for head in read_heads(text) if head.service in (spec.name, None)]
    except (OSError, ValueError) as error:
        sys.stderr.write(f"heads cannot be read: {error}\n")
        return WRONG_CALL
    database = await Database.open(settings, role="operator")
    try:
        report = await Verification(
            database,
            Demand(spec.name, given, dict(chosen.restored), chosen.pending_seconds, chosen.uncovered_seconds),
            tell=_tell,
            progress=_progress(),
        ).run()
    finally:
        await database.close()
    outside = max((head.position for head in given), default=None)
    sys.stdout.write(f"{summary(report, outside)}\n")
    if report.findings:
        return 1
    return ALONE if outside is None and not chosen.alone else 0


def read_heads(text: bytes) -> Iterator[Head]:
    """JSON lines of heads, or of pages `{"items": [...]}` of them. Raises ValueError naming the line."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
            for one in found["items"] if isinstance(found, dict) and "items" in found else [found]:
                yield Head.of_json(one)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error


def summary(report: Report, outside: int | None) -> str:
    """What was checked, how far it is proven, and how it ended. `outside`: position of the last head that came from
    elsewhere; None: there was none, and an owner of the database can have written rows and heads alike."""
    newer = report.last - report.covered
    lines = [
        f"{report.rows} rows up to position {report.last}, {report.compared} published heads",
        f"covered by a head up to position {report.covered}, not yet covered: {newer}",
    ]
    if report.given_up:
        lines.append(f"{report.given_up} heads are of a life that ended before them, as you know")
    if outside is None:
        lines.append("NOT COMPARED WITH ANYONE OUTSIDE: bring heads another service keeps (--heads)")
    else:
        lines.append(f"heads from outside up to position {outside}; what came later is compared with itself")
    holds = "the chain holds" if outside is not None else "the chain holds in itself"
    lines.append(f"{report.findings} findings" if report.findings else holds)
    return "\n".join(lines)


def _tell(found: Finding) -> None:
    sys.stdout.write(f"{found}\n")


def _progress() -> Callable[[int, int], None]:
    shown = time.monotonic()

    def show(reached: int, end: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= PROGRESS_SECONDS:
            shown = time.monotonic()
            sys.stderr.write(f"{reached} of {end}\n")

    return show


async def _heads(_: ServiceSpec, settings: ServiceSettings, chosen: argparse.Namespace) -> int:
    database = await Database.open(settings, role="operator")
    try:
        async for head in all_kept(database, chosen.service):
            sys.stdout.write(f"{head.line().decode()}\n")
    finally:
        await database.close()
    return 0
