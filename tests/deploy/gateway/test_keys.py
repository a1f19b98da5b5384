"""Keys of the issuer: they appear late, change, and go away for a while."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from deploy.gateway.envoy import Gateway
from deploy.gateway.settings import Upstream
from deploy.local.processes import free_port
from tests.deploy.gateway import expect
from tests.deploy.gateway.conftest import StartGateway, connect
from tests.deploy.gateway.stub import Stub, run_stub
from tests.deploy.gateway.tokens import bearer, new_key

SCORES = "/api/scoring/v1/scores"
REFRESH_SECONDS = 1


@pytest.fixture
def own_stub() -> Iterator[Stub]:
    with run_stub() as running:
        yield running


@pytest.fixture
def own_gateway(start_gateway: StartGateway, own_stub: Stub) -> Gateway:
    return start_gateway(upstreams=own_stub.upstreams, jwks_refresh=REFRESH_SECONDS)


@pytest.fixture
def own_client(own_gateway: Gateway) -> Iterator[httpx.Client]:
    with connect(own_gateway) as opened:
        yield opened


def seconds_until(done: Callable[[], bool], limit: float = 10) -> float:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < limit, f"not within {limit} s"
        time.sleep(0.02)
    return time.monotonic() - began


def status(client: httpx.Client, token: str) -> int:
    return client.get(SCORES, headers=bearer(token)).status_code


def test_new_key_is_learned_and_old_one_forgotten(own_client: httpx.Client, own_stub: Stub) -> None:
    issuer = own_stub.issuer
    old = issuer.token()
    assert status(own_client, old) == 200
    issuer.keys = [new_key()]
    new = issuer.token()
    assert status(own_client, new) == 401
    assert seconds_until(lambda: status(own_client, new) == 200) < REFRESH_SECONDS + 1
    # It was checked and found good before, but its key is gone.
    assert status(own_client, old) == 401


def test_two_keys_at_once(own_client: httpx.Client, own_stub: Stub) -> None:
    issuer = own_stub.issuer
    old = issuer.token()
    issuer.keys = [*issuer.keys, new_key()]
    new = issuer.token()
    seconds_until(lambda: status(own_client, new) == 200)
    assert status(own_client, old) == 200


def test_gateway_before_registry(start_gateway: StartGateway, stub: Stub) -> None:
    port = free_port()
    gateway = start_gateway(upstreams={**stub.upstreams, "registry": Upstream("127.0.0.1", port)})
    with connect(gateway) as client:
        answer = client.get(SCORES, headers=bearer(stub.issuer.token()))
        expect.traced_problem(answer, 503, "keys_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert client.get(SCORES).status_code == 200
        with run_stub(port) as late:
            token = late.issuer.token()
            assert seconds_until(lambda: status(client, token) == 200) < 3


def test_outage_of_the_registry(own_client: httpx.Client, own_stub: Stub) -> None:
    """The last keys stay in use, also for tokens never seen before; a new key is learned afterwards."""
    assert status(own_client, own_stub.issuer.token()) == 200
    own_stub.jwks_status = 500
    failed = own_stub.jwks_fetches + 2
    seconds_until(lambda: own_stub.jwks_fetches >= failed)
    assert status(own_client, own_stub.issuer.token("bob")) == 200
    own_stub.issuer.keys = [new_key()]
    assert status(own_client, own_stub.issuer.token()) == 401
    own_stub.jwks_status = 200
    seconds_until(lambda: status(own_client, own_stub.issuer.token()) == 200, limit=3)
