"""Area `events`: the way of an event from its commit to its effect, beside bare aiokafka and asyncpg."""

import statistics
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.local.processes import free_port
from shared.auth.keys import ensure_key, load_keys
from shared.auth.principal import Kind
from shared.auth.tokens import Grant, issue
from shared.clock import SystemClock
from tests.bench.backbone.children import Side
from tests.bench.backbone.stage import Backbone, backbone
from tests.bench.cores import Cores
from tests.bench.figures import stamp
from tests.bench.servers import HOST, serving
from tests.bench.stage import CACHE
from tests.shared.messaging.shop import PRICED, TOPICS

OURS, FLOOR = "tests.bench.backbone.ours", "tests.bench.floors.backbone"
ROUNDS = 3
EVENTS = 20_000
REBUILT = 200_000
PER_SECOND, AGED = 200, 2_000
PAYLOAD_BYTES = 400
SETTLE_SECONDS = 30.0
LOGS = CACHE / "logs"
Report = Callable[[str], None]
_APPLIED = "SELECT count(*) AS n FROM effect"
_AGES = "SELECT {column} AS id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) AS at FROM {table}"


@dataclass(frozen=True)
class Setting:
    backbone: Backbone
    cores: Cores
    report: Report

    def side(self, module: str, role: str, *, anywhere: bool = False, **arguments: Any) -> Side:
        """A process on the measured core, or on the others where two sides work at the same time."""
        cores = self.cores.rest | {self.cores.server} if anywhere else frozenset({self.cores.server})
        arguments = {"bootstrap": self.backbone.bootstrap, **arguments}
        return Side(module, role, arguments, cores, LOGS / f"events-{role}.log")

    def run(self, module: str, role: str, **arguments: Any) -> dict[str, Any]:
        """One side from start to end."""
        side = self.side(module, role, **arguments)
        try:
            side.ready()
            side.go()
            return side.result()
        finally:
            side.stop()


def measure(wanted: Collection[str], report: Report) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each key with its figure. `wanted`: only these keys, all if empty."""
    cores = Cores.divide()
    cores.keep_off_server()
    LOGS.mkdir(parents=True, exist_ok=True)
    with backbone() as found:
        setting = Setting(found, cores, report)
        for keys, measurement in MEASUREMENTS.items():
            if not wanted or set(keys) & set(wanted):
                report(", ".join(keys))
                yield from measurement(setting).items()


def relay(setting: Setting) -> dict[str, dict[str, Any]]:
    """The same events as bytes in memory, sent by a bare producer."""
    stage = setting.backbone
    stage.fill_outbox(EVENTS)

    def ours() -> dict[str, Any]:
        stage.unpublish()
        return setting.run(OURS, "relay", url=stage.shop, count=EVENTS)

    def floor() -> dict[str, Any]:
        return setting.run(FLOOR, "produce", url=stage.shop, count=EVENTS)

    return {"events.relay.ratio": _ratio(setting, ours, floor)}


def consume(setting: Setting) -> dict[str, dict[str, Any]]:
    """What the relay's measurement left in the topic, applied to a copy that is empty at the start."""
    stage = setting.backbone
    stage.fill_outbox(EVENTS)
    setting.run(OURS, "relay", url=stage.shop, count=EVENTS)
    partitions = TOPICS[PRICED.topic]
    count = setting.run(FLOOR, "count", topic=PRICED.topic, partitions=partitions)["count"]

    def side(module: str) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            stage.empty(stage.market, "price_copy, inbox")
            group = f"bench-{time.monotonic_ns()}"
            return setting.run(
                module, "consume", url=stage.market, topic=PRICED.topic, group=group, count=count
            )

        return run

    return {"events.consume.ratio": _ratio(setting, side(OURS), side(FLOOR))}


def _ratio(
    setting: Setting, ours: Callable[[], dict[str, Any]], floor: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """The ratio of the medians of events a second; a first round warms up and does not count."""
    rounds: list[dict[str, dict[str, float]]] = []
    for number in range(ROUNDS + 1):
        found = {"ours": _rate(ours()), "floor": _rate(floor())}
        setting.report(f"{'warm-up' if not number else 'counts'}: {found}")
        if number:
            rounds.append(found)
    medians = {name: statistics.median(each[name]["per_s"] for each in rounds) for name in ("ours", "floor")}
    return {
        "value": round(medians["ours"] / medians["floor"], 3),
        **{name: round(value, 1) for name, value in medians.items()},
        "unit": "events/s",
        "rounds": rounds,
        "at": stamp(),
    }


def _rate(found: dict[str, Any]) -> dict[str, float]:
    return {"per_s": round(found["count"] / found["seconds"], 1), "cpu": round(found["cpu"], 2)}


def age(setting: Setting) -> dict[str, dict[str, Any]]:
    """From commit to commit, as the two databases recorded it; the floor from handing over to reading."""
    rounds = []
    for number in range(ROUNDS + 1):
        found = {"ours": _ages(setting), "floor": _bare_ages(setting)}
        setting.report(f"{'warm-up' if not number else 'counts'}: {found}")
        if number:
            rounds.append(found)
    common = {"rounds": rounds, "at": stamp()}
    p50 = {name: statistics.median(each[name]["p50_ms"] for each in rounds) for name in ("ours", "floor")}
    p99 = {name: statistics.median(each[name]["p99_ms"] for each in rounds) for name in ("ours", "floor")}
    return {
        "events.age.p50_ratio": {
            "value": round(p50["ours"] / p50["floor"], 2), **p50, "unit": "ms", **common,
        },
        "events.age.p99_ms": {"value": p99["ours"], **p99, "unit": "ms", **common},
    }  # fmt: skip


def _ages(setting: Setting) -> dict[str, float]:
    stage = setting.backbone
    stage.empty(stage.shop, "item, event")
    stage.empty(stage.market, "effect, inbox")
    with ExitStack() as stack:
        for role, url in (("publisher", stage.shop), ("subscriber", stage.market)):
            worker = setting.side(OURS, role, anywhere=True, url=url)
            stack.callback(worker.stop)
            worker.ready()
            worker.go()
        written = {"url": stage.shop, "count": AGED, "per_second": PER_SECOND, "bytes": PAYLOAD_BYTES}
        writer = setting.side(OURS, "write", anywhere=True, **written)
        stack.callback(writer.stop)
        writer.ready()
        writer.go()
        writer.result()
        _until_applied(stage)
    told = _moments(stage, stage.shop, "item", "id")
    applied = _moments(stage, stage.market, "effect", "item")
    return _percentiles([(applied[item] - at) * 1000 for item, at in told.items()])


def _until_applied(stage: Backbone) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while stage.query(stage.market, _APPLIED)[0]["n"] < AGED:
        if time.monotonic() > deadline:
            raise TimeoutError("not every event had its effect")
        time.sleep(0.1)


def _moments(stage: Backbone, url: str, table: str, column: str) -> dict[Any, float]:
    rows = stage.query(url, _AGES.format(table=table, column=column))
    return {row["id"]: float(row["at"]) for row in rows}


def _bare_ages(setting: Setting) -> dict[str, float]:
    common = {"topic": PRICED.topic, "count": AGED, "partitions": TOPICS[PRICED.topic]}
    receiver = setting.side(FLOOR, "receive", anywhere=True, **common)
    sender = setting.side(
        FLOOR, "pass_on", anywhere=True, **common, per_second=PER_SECOND, bytes=PAYLOAD_BYTES
    )
    try:
        for side in (receiver, sender):
            side.ready()
        for side in (receiver, sender):
            side.go()
        sender.result()
        return _percentiles(receiver.result()["ages"])
    finally:
        receiver.stop()
        sender.stop()


def _percentiles(ages: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(ages, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2), "longest_ms": round(max(ages), 2)}


def rebuild(setting: Setting) -> dict[str, dict[str, Any]]:
    """Monitoring's copy of 200,000 organisations, read from the registry's change feed over HTTP."""
    stage, keys = setting.backbone, CACHE / "events" / "keys"
    ensure_key(keys)
    registry, monitoring = stage.registry_with(REBUILT)
    port = free_port(HOST)
    environment = {
        "REGISTRY_DATABASE_URL": registry,
        "REGISTRY_SIGNING_KEYS": str(keys),
        "ASHAR_JWKS_URL": f"http://{HOST}:{port}/v1/.well-known/jwks.json",
    }
    rounds = []
    factory, log = "services.registry.main:create_app", LOGS / "events-registry.log"
    with serving(factory, environment, min(setting.cores.rest), log, probe="/readyz", port=port) as server:
        for _ in range(2):
            found = setting.run(OURS, "rebuild", url=monitoring, registry=server.url, token=_token(keys))
            rounds.append({"ours": _rate(found)})
            setting.report(f"counts: {rounds[-1]}")
    value = statistics.median(each["ours"]["per_s"] for each in rounds)
    return {
        "events.rebuild.per_s": {
            "value": value, "ours": value, "unit": "events/s", "rounds": rounds, "at": stamp(),
        }
    }  # fmt: skip


def _token(keys: Path) -> str:
    grant = Grant(uuid4(), Kind.SERVICE, uuid4(), uuid4(), ("service",), ("events:internal",))
    return issue(
        grant, load_keys(keys)[-1], issuer="https://ashar.kg", audience="ashar", clock=SystemClock()
    )[0]


MEASUREMENTS: Mapping[tuple[str, ...], Callable[[Setting], dict[str, dict[str, Any]]]] = {
    ("events.relay.ratio",): relay,
    ("events.consume.ratio",): consume,
    ("events.age.p50_ratio", "events.age.p99_ms"): age,
    ("events.rebuild.per_s",): rebuild,
}
