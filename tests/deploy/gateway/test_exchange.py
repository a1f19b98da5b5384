"""What every exchange carries besides its content: ids, traces, compression, CORS."""

from uuid import UUID

import httpx
import pytest

from tests.deploy.gateway.conftest import PORTAL, StartGateway, connect

THINGS = "/api/registry/v1/things"
LARGE = "/api/registry/v1/large"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_request_id_is_made_and_shown(client: httpx.Client) -> None:
    answers = [client.get(THINGS, headers={"x-request-id": "mine"}) for _ in range(2)]
    ids = [UUID(answer.headers["x-request-id"]) for answer in answers]
    assert ids[0] != ids[1]
    assert [answer.json()["headers"]["x-request-id"] for answer in answers] == [str(found) for found in ids]


def test_refusals_have_a_request_id(client: httpx.Client) -> None:
    assert UUID(client.get("/nowhere").headers["x-request-id"])


def test_trace_passes_through(client: httpx.Client) -> None:
    assert client.get(THINGS, headers={"traceparent": TRACE}).json()["headers"]["traceparent"] == TRACE
    assert client.get("/nowhere", headers={"traceparent": TRACE}).json()["trace_id"] == TRACE[3:35]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "junk",
        TRACE.upper(),
        TRACE[:-1],
        TRACE + "0",
        TRACE.replace("b7ad6b7169203331", "b7ad6b71692-3331"),
        "ff" + TRACE[2:],
        f"00-{'0' * 32}-b7ad6b7169203331-01",
    ],
)
def test_trace_is_made_where_there_is_none(client: httpx.Client, given: str | None) -> None:
    headers = {} if given is None else {"traceparent": given}
    made = client.get(THINGS, headers=headers).json()["headers"]["traceparent"]
    version, trace, span, flags = made.split("-")
    assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
    assert int(trace, 16)
    assert int(span, 16)
    assert made != given


@pytest.mark.parametrize(
    ("accepted", "used"), [("gzip", "gzip"), ("br", "br"), ("gzip, br", "br"), ("identity", None)]
)
def test_compression(client: httpx.Client, accepted: str, used: str | None) -> None:
    with client.stream("GET", LARGE, headers={"accept-encoding": accepted}) as answer:
        sent = sum(len(chunk) for chunk in answer.iter_raw())
    assert answer.headers.get("content-encoding") == used
    assert sent < 1000 if used else sent > 5000
    assert used is None or "accept-encoding" in answer.headers["vary"].lower()


def test_start_page_is_compressed(client: httpx.Client) -> None:
    assert client.get("/", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"


def test_strong_etag_survives(client: httpx.Client) -> None:
    """Compressing would drop it, and with it every later If-Match."""
    answer = client.get(LARGE, params={"etag": '"7"'}, headers={"accept-encoding": "gzip, br"})
    assert answer.headers["etag"] == '"7"'
    assert "content-encoding" not in answer.headers


def test_documentation_is_compressed(client: httpx.Client) -> None:
    path = "/api/registry/docs/large.json"
    answer = client.get(path, params={"etag": '"7"'}, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "etag" not in answer.headers


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    asked = {
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,if-match",
    }
    return client.options(THINGS, headers={"origin": origin, **asked})


def test_preflight_of_the_portal(client: httpx.Client) -> None:
    answer = preflight(client, PORTAL)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "if-match"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers


STRANGER = "https://evil.example"


def test_preflight_of_a_stranger(client: httpx.Client) -> None:
    assert "access-control-allow-origin" not in preflight(client, STRANGER).headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_stranger_may_read_what_is_public(client: httpx.Client, method: str) -> None:
    asked = {"access-control-request-method": method, "access-control-request-headers": "if-none-match"}
    answer = client.options(THINGS, headers={"origin": STRANGER, **asked})
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in {"*", STRANGER}
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert "if-none-match" in allowed
    assert "authorization" not in allowed
    assert "access-control-allow-credentials" not in answer.headers
    headers = client.request(method, THINGS, headers={"origin": STRANGER}).headers
    assert headers.get_list("access-control-allow-origin") == ["*"]
    assert "etag" in headers["access-control-expose-headers"]


def test_a_stranger_reads_nothing_with_a_token_and_changes_nothing(client: httpx.Client) -> None:
    with_token = client.get(THINGS, headers={"origin": STRANGER, "authorization": "Bearer junk"})
    changing = client.post(THINGS, headers={"origin": STRANGER}, content=b"")
    for answer in (with_token, changing):
        assert "access-control-allow-origin" not in answer.headers


def test_without_a_list_the_platform_itself_is_allowed(start_gateway: StartGateway) -> None:
    own = start_gateway(public_url="https://ashar.example/start")
    with connect(own) as client:
        answer = preflight(client, "https://ashar.example")
        assert answer.headers["access-control-allow-origin"] == "https://ashar.example"
        assert "access-control-allow-origin" not in preflight(client, PORTAL).headers


def test_options_need_no_token(client: httpx.Client) -> None:
    assert client.options(THINGS).status_code == 405, "asked of the service, whose stub knows no OPTIONS"


def test_portal_may_read_answers(client: httpx.Client) -> None:
    headers = client.get(THINGS, headers={"origin": PORTAL}).headers
    assert headers["access-control-allow-origin"] == PORTAL
    assert "etag" in headers["access-control-expose-headers"]
    assert "origin" in headers["vary"]


def test_portal_may_read_refused_tokens(client: httpx.Client) -> None:
    answer = client.get(THINGS, headers={"origin": PORTAL, "authorization": "Bearer junk"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, PORTAL)


def test_server_gives_little_away(client: httpx.Client) -> None:
    headers = client.get(THINGS).headers
    assert headers["server"] == "ashar"
    assert headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("x-envoy") for name in headers)
