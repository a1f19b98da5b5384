"""Services that are down, silent, busy or unintelligible."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from deploy.gateway.envoy import Gateway
from deploy.gateway.settings import Upstream
from deploy.local.processes import free_port
from tests.deploy.gateway import expect
from tests.deploy.gateway.conftest import StartGateway, connect
from tests.deploy.gateway.stub import Stub

VISITS = "/api/monitoring/v1/visits"


@dataclass
class Garbler:
    """Something that answers, but not in HTTP."""

    listening: socket.socket
    requests: int = 0

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                self.requests += bool(connection.recv(65536))
                connection.sendall(b"+OK ready\r\n\r\n")


@pytest.fixture(scope="module")
def garbler() -> Iterator[Garbler]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        garbler = Garbler(listening)
        thread = threading.Thread(target=garbler.serve)
        thread.start()
        yield garbler
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(scope="module")
def admin_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def failing(start_gateway: StartGateway, stub: Stub, garbler: Garbler, admin_port: int) -> Gateway:
    """The ideas market is down, scoring talks nonsense, and patience is short."""
    broken = {
        "ideas_market": Upstream("127.0.0.1", free_port()),
        "scoring": Upstream("127.0.0.1", garbler.listening.getsockname()[1]),
    }
    return start_gateway(upstreams={**stub.upstreams, **broken}, response_timeout=0.5, admin_port=admin_port)


@pytest.fixture
def failing_client(failing: Gateway) -> Iterator[httpx.Client]:
    with connect(failing) as opened:
        yield opened


def test_service_down(failing_client: httpx.Client) -> None:
    answer = failing_client.post("/api/ideas_market/v1/ideas", json={})
    expect.traced_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_one_service_down_leaves_the_others(failing_client: httpx.Client) -> None:
    assert failing_client.get(VISITS).status_code == 200


def test_service_silent(failing_client: httpx.Client) -> None:
    expect.traced_problem(failing_client.get("/api/registry/v1/silence"), 504, "gateway_timeout")


def test_service_overloaded(start_gateway: StartGateway) -> None:
    """Of five requests one is worked on and one may wait; the others are refused and not queued."""
    crowded = start_gateway(upstream_connections=1, upstream_pending=1, response_timeout=1)
    silence = ["/api/registry/v1/silence"] * 5
    with connect(crowded) as client, ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(client.get, silence), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [503, 503, 503, 504, 504]
        expect.traced_problem(answers[0], 503, "unavailable")
        assert client.get(VISITS).status_code == 200


def test_what_never_arrived_is_sent_again(failing_client: httpx.Client, admin_port: int) -> None:
    stats = f"http://127.0.0.1:{admin_port}/stats?filter=ideas_market.upstream_rq_retry$"
    before = int(httpx.get(stats, trust_env=False).text.split(": ")[1])
    failing_client.post("/api/ideas_market/v1/ideas", json={})
    assert int(httpx.get(stats, trust_env=False).text.split(": ")[1]) == before + 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_arrived_is_not_sent_again(failing_client: httpx.Client, garbler: Garbler, method: str) -> None:
    before = garbler.requests
    answer = failing_client.request(method, "/api/scoring/v1/scores")
    expect.traced_problem(answer, 502, "bad_gateway")
    assert garbler.requests == before + 1


def test_stream_longer_than_the_timeout(failing_client: httpx.Client) -> None:
    """Silence is limited, not the length: 8 events in 1.2 s with a limit of 0.5 s."""
    answer = failing_client.get("/api/registry/v1/events?events=8&every=0.15")
    assert answer.text.count("data: ") == 8
