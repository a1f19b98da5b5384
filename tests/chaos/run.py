"""One run: the platform with a process for each part, a load, faults, and the verdict on what is left."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.fleet import commands
from deploy.fleet.environment import process_environment, variables
from deploy.fleet.options import FleetOptions
from deploy.gateway.settings import SERVICES
from deploy.local.services import SPECS, known_settings
from tests.chaos.collect import collect
from tests.chaos.faults import Planned, inject, kind_of, schedule
from tests.chaos.load import Load
from tests.chaos.probe import NAME
from tests.chaos.verdict import Verdict, judge
from tests.chaos.watched import WatchedFleet
from tests.end_to_end.databases import database_url
from tests.end_to_end.promises import play_up_to_the_campaign
from tests.end_to_end.stage import Gateway, gateway

SESSION = timedelta(seconds=6)
"""Of consumers: shorter than the longest freeze, so that groups do go on without a member."""
KEYS = 4
READY_SECONDS = 240.0
REBUILD_SECONDS = 120.0
Report = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    folder: Path
    """Wiped by whoever starts a run."""
    seconds: float = 60.0
    seed: int = 1
    per_second: float = 40.0
    broker: str = "kafka"
    brokers: int = 3
    members: int = 2
    """Workers of each service: groups are shared, so a fault moves partitions."""


@dataclass
class Result:
    seed: int
    seconds: float
    acknowledged: int
    visits: int
    faults: list[str]
    """`kill worker:scoring:1` …: those that hit a running part."""
    restarts: dict[str, int]
    outcomes: dict[str, int]
    slowest_seconds: float
    settled_seconds: float
    """From the last write to the last effect."""
    events: int
    deliveries: int
    """Records in the topics: what exceeds `events` was published again after a crash."""
    verdict: Verdict

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "counts": self.verdict.counts()}, indent=1, ensure_ascii=False)


async def run(options: Options, report: Report) -> Result:
    """Raises NeverAnswered or Refused from the load, PlatformFailed when the platform does not come to rest."""
    settings = {name: {"consumer_session_timeout": SESSION} for name in (*SERVICES, NAME)}
    fleet_options = FleetOptions(
        data=options.folder / "data",
        port=0,
        broker=options.broker,  # type: ignore[arg-type]
        brokers=options.brokers,
        members=options.members,
        settings=settings,
    )
    began = time.monotonic()
    async with WatchedFleet(fleet_options) as fleet:
        await fleet.ready(within=READY_SECONDS)
        report(f"platform at {fleet.url} after {time.monotonic() - began:.1f} s")
        load = await asyncio.to_thread(_prepare, fleet.url, options)
        hits = await _hurt(fleet, load, options, report)
        stopped = time.monotonic()
        await fleet.ready(within=READY_SECONDS)
        settled = time.monotonic() - stopped
        report(f"{load.acknowledged} writes acknowledged; at rest after {settled:.1f} s; reading back")
        reading = time.monotonic()
        result = await asyncio.to_thread(_result, fleet, load, options, hits, settled)
        report(f"read back and rebuilt in {time.monotonic() - reading:.1f} s")
        return result


def _prepare(url: str, options: Options) -> Load:
    campaign, service = play_up_to_the_campaign(url)
    with gateway(url) as api:
        keys = [_key(api, number) for number in range(KEYS)]
    return Load(url, keys, campaign, service, options.per_second)


def _key(api: Gateway, number: int) -> str:
    [monitors] = [
        one["id"] for one in api.items("registry/v1/organisations") if one["code"] == "osh-monitors"
    ]
    path = f"registry/v1/organisations/{monitors}/api-keys"
    body = {"label": f"Load {number}", "kind": "system", "roles": ["monitor", "coordinator"]}
    return str(api.call("POST", path, "platform", json=body, expected=201).json()["api_key"])


async def _hurt(fleet: WatchedFleet, load: Load, options: Options, report: Report) -> list[Planned]:
    """Write and hurt for so many seconds; the faults that hit. The load ends when all it began is acknowledged."""
    parts = sorted(fleet.parts())
    planned = schedule(parts, options.seconds, options.seed)
    loading = asyncio.create_task(load.run())
    started = time.monotonic()
    hurting = asyncio.create_task(
        inject(planned, lambda: {name: part.pid for name, part in fleet.parts().items()}, report)
    )
    await asyncio.wait({hurting, loading}, return_when=asyncio.FIRST_COMPLETED)
    if loading.done():  # it never ends by itself
        hurting.cancel()
        await asyncio.gather(hurting, return_exceptions=True)
        loading.result()
    await asyncio.sleep(max(0.0, started + options.seconds - time.monotonic()))
    load.stop()
    await loading
    return await hurting


def _result(fleet: WatchedFleet, load: Load, options: Options, hits: list[Planned], settled: float) -> Result:
    folder = options.folder / "data"
    with gateway(fleet.url) as api:
        key = api.service_key()
        bootstrap = fleet.bootstrap if options.broker == "kafka" else None
        seen = collect(
            api, folder, bootstrap, lambda service, name: _rebuild(fleet, folder, key, service, name)
        )
    restarts: dict[str, int] = {}
    for part in fleet.parts().values():
        restarts[kind_of(part.name)] = restarts.get(kind_of(part.name), 0) + part.restarts
    return Result(
        seed=options.seed,
        seconds=options.seconds,
        acknowledged=load.acknowledged,
        visits=len(load.visits),
        faults=[f"{hit.fault} {hit.part}" for hit in hits],
        restarts=restarts,
        outcomes=dict(load.outcomes),
        slowest_seconds=round(load.slowest, 2),
        settled_seconds=round(settled, 2),
        events=sum(map(len, seen.feeds.values())),
        deliveries=sum(len(records) for partitions in seen.topics.values() for records in partitions),
        verdict=judge(load.visits, seen),
    )


def _rebuild(fleet: WatchedFleet, folder: Path, key: str, service: str, projection: str) -> None:
    """`worker rebuild` as an operator calls it."""
    [spec] = [spec for spec in SPECS if spec.name == service]
    ports: dict[str, Any] = {name: int(fleet.direct(name).rpartition(":")[2]) for name in SERVICES}
    known = known_settings(
        spec,
        database_url=database_url(folder, service),
        ports=ports,
        public_url=fleet.url,
        keys=folder / "keys",
    )
    own = variables(spec.settings, {**known, "service_key": key})
    command = [*commands.migrate(service)[:-1], "rebuild", projection]
    subprocess.run(
        command,
        cwd=commands.ROOT,
        env=process_environment(own),
        check=True,
        capture_output=True,
        timeout=REBUILD_SECONDS,
    )
