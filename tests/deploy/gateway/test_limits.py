"""How many requests pass: each subject, device and address has its own bucket, however many there are."""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from deploy.gateway.envoy import Gateway
from deploy.gateway.settings import GatewaySettings, Limit
from tests.deploy.gateway import expect
from tests.deploy.gateway.conftest import StartGateway, connect
from tests.deploy.gateway.stub import Stub
from tests.deploy.gateway.tokens import bearer, new_key

THINGS = "/api/registry/v1/things"
BURST = 5
LOOSE = Limit(per_second=100_000, burst=100_000)
STRICT = Limit(per_second=1, burst=BURST)


@pytest.fixture(scope="module")
def by_subject(start_gateway: StartGateway) -> Gateway:
    return start_gateway(subject_limit=STRICT, device_limit=LOOSE, address_limit=LOOSE)


@pytest.fixture(scope="module")
def by_device(start_gateway: StartGateway) -> Gateway:
    return start_gateway(subject_limit=LOOSE, device_limit=STRICT, address_limit=LOOSE, device_claim="cid")


@pytest.fixture(scope="module")
def by_address(start_gateway: StartGateway) -> Gateway:
    return start_gateway(subject_limit=LOOSE, device_limit=LOOSE, address_limit=STRICT)


def exhaust(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send until refused; checks that a whole burst passed and little more (the bucket refills meanwhile)."""
    for sent in range(BURST * 4):
        answer = send()
        if answer.status_code != 200:
            assert BURST <= sent <= BURST * 2
            return answer
    raise AssertionError("never refused")


def test_refusal(by_subject: Gateway, stub: Stub) -> None:
    headers = bearer(stub.issuer.token("refused"))
    with connect(by_subject) as client:
        answer = exhaust(lambda: client.get(THINGS, headers=headers))
        expect.traced_problem(answer, 429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 1
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == (
            str(BURST),
            "0",
        )
        assert not any(name.startswith("x-envoy") for name in answer.headers)


def test_remaining_counts_down(by_subject: Gateway, stub: Stub) -> None:
    headers = bearer(stub.issuer.token("counting"))
    with connect(by_subject) as client:
        left = [int(client.get(THINGS, headers=headers).headers["x-ratelimit-remaining"]) for _ in range(3)]
    assert left == [4, 3, 2]


def test_subjects_do_not_share(by_subject: Gateway, stub: Stub) -> None:
    alice, bob = (bearer(stub.issuer.token(name)) for name in ("alice", "bob"))
    with connect(by_subject) as client:
        exhaust(lambda: client.get(THINGS, headers=alice))
        assert client.get(THINGS, headers=bob).status_code == 200
        assert client.get(THINGS).status_code == 200


def test_many_subjects_do_not_refill_one(start_gateway: StartGateway, stub: Stub) -> None:
    """Envoy keeps 20 buckets by default: the 21st subject would give the first a new one."""
    slow = Limit(per_second=1, burst=100)
    gateway = start_gateway(subject_limit=slow, device_limit=LOOSE, address_limit=LOOSE)
    alice = bearer(stub.issuer.token("alice"))
    with connect(gateway) as client:
        for _ in range(30):
            client.get(THINGS, headers=alice)
        for number in range(25):
            assert client.get(THINGS, headers=bearer(stub.issuer.token(f"u{number}"))).status_code == 200
        assert int(client.get(THINGS, headers=alice).headers["x-ratelimit-remaining"]) < 75


def test_subject_is_counted_over_all_tokens_devices_and_services(by_subject: Gateway, stub: Stub) -> None:
    with connect(by_subject) as client:
        for number, service in enumerate(
            ("registry", "monitoring", "scoring", "ideas_market", "notifications")
        ):
            headers = {**bearer(stub.issuer.token("carol", jti=str(number))), "x-device-id": str(number)}
            assert client.get(f"/api/{service}/v1/things", headers=headers).status_code == 200
        assert (
            Counter(
                client.get(THINGS, headers=bearer(stub.issuer.token("carol"))).status_code for _ in range(5)
            ).get(429, 0)
            >= 3
        )


def test_spelling_of_the_scheme_does_not_escape(by_subject: Gateway, stub: Stub) -> None:
    token = stub.issuer.token("dave")
    with connect(by_subject) as client:
        exhaust(lambda: client.get(THINGS, headers={"authorization": f"bearer {token}"}))


def test_device_by_header(by_device: Gateway) -> None:
    with connect(by_device) as client:
        answer = exhaust(lambda: client.get(THINGS, headers={"x-device-id": "phone-1"}))
        expect.traced_problem(answer, 429, "too_many_requests")
        assert client.get(THINGS, headers={"x-device-id": "phone-2"}).status_code == 200
        assert client.get(THINGS).status_code == 200


def test_device_by_claim(by_device: Gateway, stub: Stub) -> None:
    first, second = (bearer(stub.issuer.token(cid=cid)) for cid in ("credential-1", "credential-2"))
    with connect(by_device) as client:
        exhaust(lambda: client.get(THINGS, headers=first))
        assert client.get(THINGS, headers=second).status_code == 200


def test_addresses_do_not_share(by_address: Gateway) -> None:
    with connect(by_address, "127.0.0.11") as first, connect(by_address, "127.0.0.12") as second:
        answer = exhaust(lambda: first.get(THINGS))
        expect.traced_problem(answer, 429, "too_many_requests")
        assert answer.headers["x-ratelimit-limit"] == str(BURST)
        assert second.get(THINGS).status_code == 200


def test_address_cannot_be_claimed(by_address: Gateway) -> None:
    with connect(by_address, "127.0.0.13") as client:
        numbers = iter(range(100))
        exhaust(lambda: client.get(THINGS, headers={"x-forwarded-for": f"198.51.100.{next(numbers)}"}))


def test_bad_tokens_count_for_the_address(by_address: Gateway, stub: Stub) -> None:
    bad = bearer(stub.issuer.token(key=new_key()))
    with connect(by_address, "127.0.0.14") as client:
        seen = Counter(client.get(THINGS, headers=bad).status_code for _ in range(BURST * 2))
    assert seen[401] >= BURST
    assert seen[429] >= 2


def test_one_header_although_two_limits(client: httpx.Client, stub: Stub) -> None:
    answer = client.get(THINGS, headers={**bearer(stub.issuer.token("erin")), "x-device-id": "d"})
    names = [name for name, _ in answer.headers.raw if name.startswith(b"x-ratelimit-")]
    assert sorted(names) == [b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"]
    assert answer.headers["x-ratelimit-limit"] == str(
        GatewaySettings.model_fields["device_limit"].default.burst
    )
