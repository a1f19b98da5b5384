"""Area `core`: what the kit costs, route by route, beside the least code that would do the same."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deploy.gateway.envoy import start_envoy
from deploy.gateway.settings import SERVICES, GatewaySettings, Limit, Upstream
from deploy.local.processes import free_port
from shared.auth.keys import ensure_key, load_keys
from shared.auth.principal import Kind
from shared.auth.tokens import Grant, issue
from shared.clock import SystemClock
from tests.bench.cores import Cores
from tests.bench.floors.pool import URL
from tests.bench.generated import BODY, CAMPAIGN_CODE, OWNER, VISIT
from tests.bench.limits import Watched
from tests.bench.servers import HOST, Server, get, serving
from tests.bench.stage import CACHE, Stage, stage
from tests.bench.turns import NothingCounted, Side, compare
from tests.bench.wrk import Request, find_wrk

HOT_SERVICE = "KG-KDS-1"
TERRITORY = "41721000000000"
LOGS = CACHE / "logs"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Setting:
    """The stage, our two servers on it, and what is needed to start a floor beside them."""

    stage: Stage
    cores: Cores
    registry: Server
    monitoring: Server
    report: Report

    def floor(self, name: str, database_url: str) -> Any:
        """The floor of `tests/bench/floors/<name>.py`, on the same core as ours."""
        return serving(
            f"tests.bench.floors.{name}:create_app",
            {URL: database_url},
            self.cores.server,
            LOGS / f"floor-{name}.log",
            probe="/",
        )

    def watched(self, server: Server, gateway: int | None = None) -> Watched:
        postgres = self.stage.postgres
        return Watched(server.pid, postgres.pid, postgres.url("postgres"), gateway)

    def compare(self, ours: Side, floor: Side) -> dict[str, Any]:
        return compare(ours, floor, self.cores, self.report)


def measure(wanted: Collection[str], report: Report) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each key with its figure, None where too few rounds counted. `wanted`: only these keys, all if empty."""
    find_wrk()
    cores = Cores.divide()
    cores.keep_off_server()
    with _setting(cores, report) as setting:
        for key, measurement in MEASUREMENTS.items():
            if wanted and key not in wanted:
                continue
            report(key)
            try:
                yield key, measurement(setting)
            except NothingCounted as error:
                report(str(error))
                yield key, None


@contextmanager
def _setting(cores: Cores, report: Report) -> Iterator[Setting]:
    LOGS.mkdir(parents=True, exist_ok=True)
    with stage() as found, ExitStack() as stack:
        ensure_key(found.keys)
        registry = stack.enter_context(
            serving(
                "services.registry.main:create_app",
                {"REGISTRY_DATABASE_URL": found.registry_url, "REGISTRY_SIGNING_KEYS": str(found.keys)},
                cores.server,
                LOGS / "registry.log",
                probe="/readyz",
            )
        )
        monitoring = stack.enter_context(
            serving(
                "services.monitoring.main:create_app",
                {
                    "MONITORING_DATABASE_URL": found.monitoring_url,
                    "ASHAR_JWKS_URL": f"{registry.url}/v1/.well-known/jwks.json",
                },
                cores.server,
                LOGS / "monitoring.log",
                probe="/readyz",
            )
        )
        yield Setting(found, cores, registry, monitoring, report)


def get_hot(setting: Setting) -> dict[str, Any]:
    path = f"/v1/services/{setting.stage.service_id(HOT_SERVICE)}"
    return _reads(setting, "get_hot", path)


def get_one(setting: Setting) -> dict[str, Any]:
    return _reads(setting, "get", f"/v1/territories/{TERRITORY}")


def list_fifty(setting: Setting) -> dict[str, Any]:
    return _reads(setting, "list", f"/v1/services?body={BODY}&limit=50")


def _reads(setting: Setting, name: str, path: str) -> dict[str, Any]:
    def side(server: Server) -> Side:
        return Side(Request(server.url + path), setting.watched(server))

    with setting.floor(name, setting.stage.registry_url) as floor:
        _same_answer(setting.registry.url + path, floor.url + path)
        return setting.compare(side(setting.registry), side(floor))


def post_visit(setting: Setting) -> dict[str, Any]:
    body = _visit(setting.stage)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_token(setting.stage.keys)}"}

    def side(server: Server) -> Side:
        request = Request(f"{server.url}/v1/submissions", "POST", body, headers)
        return Side(request, setting.watched(server), setting.stage.clear_visits)

    with setting.floor("post_visit", setting.stage.monitoring_url) as floor:
        try:
            return setting.compare(side(setting.monitoring), side(floor))
        finally:
            setting.stage.clear_visits()


def through_gateway(setting: Setting) -> dict[str, Any]:
    """The hot read once more: the cheapest answer shows most of what the gateway costs."""
    path = f"/v1/services/{setting.stage.service_id(HOT_SERVICE)}"
    port = int(setting.registry.url.rpartition(":")[2])
    settings = GatewaySettings(
        port=free_port(HOST),
        upstreams={service: Upstream(HOST, port) for service in SERVICES},
        concurrency=1,
        address_limit=Limit(per_second=10**6, burst=10**6),  # all of the load comes from one address
    )
    gateway = start_envoy(settings, CACHE / "gateway")
    try:
        through = Request(f"{gateway.url}/api/registry{path}")
        return setting.compare(
            Side(through, setting.watched(setting.registry, gateway.child.pid)),
            Side(Request(setting.registry.url + path), setting.watched(setting.registry)),
        )
    finally:
        gateway.stop()


MEASUREMENTS: Mapping[str, Callable[[Setting], dict[str, Any]]] = {
    "core.get_hot.ratio": get_hot,
    "core.get.ratio": get_one,
    "core.list.ratio": list_fifty,
    "core.post_visit.ratio": post_visit,
    "core.gateway.ratio": through_gateway,
}


def _same_answer(ours: str, floor: str) -> None:
    """A floor that answers something else would be no floor."""
    mine, other = json.loads(get(ours)), json.loads(get(floor))
    for page in (mine, other):
        page.pop("next_cursor", None)
    if mine != other:
        raise AssertionError(f"{ours} and {floor} answer differently")


def _visit(found: Stage) -> Path:
    campaign, services = (
        found.query(found.monitoring_url, f"SELECT {column} FROM campaign WHERE code = $1", CAMPAIGN_CODE)
        for column in ("id", "service_ids")
    )
    path = CACHE / "visit.json"
    path.write_text(json.dumps({**VISIT, "campaign_id": str(campaign), "service_id": str(services[0])}))
    return path


def _token(keys: Path) -> str:
    """A monitor's; it outlives the measurement."""
    grant = Grant(uuid4(), Kind.PERSON, uuid4(), OWNER, ("monitor",), ("monitoring:submissions:write",))
    return issue(
        grant, load_keys(keys)[-1], issuer="https://ashar.kg", audience="ashar", clock=SystemClock()
    )[0]
