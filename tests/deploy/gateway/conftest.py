"""One Envoy with everyday settings for all tests of this folder, in front of stub services."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from deploy.gateway.envoy import Gateway, start_envoy
from deploy.gateway.settings import GatewaySettings
from deploy.local.processes import free_port
from tests.deploy.gateway.stub import Stub, run_stub

BODY_LIMIT = 100_000
PORTAL = "https://portal.example"
StartGateway = Callable[..., Gateway]


@pytest.fixture(scope="session")
def stub() -> Iterator[Stub]:
    with run_stub() as running:
        yield running


@pytest.fixture(scope="session")
def start_gateway(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Starts an Envoy on a free port with settings given by name; all are stopped in the end."""
    started: list[Gateway] = []

    def start(**settings: Any) -> Gateway:
        defaults: dict[str, Any] = {"port": free_port(), "upstreams": stub.upstreams, "concurrency": 1}
        folder = tmp_path_factory.mktemp("gateway")
        started.append(start_envoy(GatewaySettings(**{**defaults, **settings}), folder))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="session")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(cors_origins=(PORTAL,), body_limit=BODY_LIMIT)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with connect(gateway) as opened:
        yield opened


def connect(gateway: Gateway, address: str | None = None) -> httpx.Client:
    """A client, on request with a loopback address of its own."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=gateway.url, transport=transport, trust_env=False, timeout=20)
