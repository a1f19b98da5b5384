import pytest

from tests.kit.service import RunningService

JSON = {"content-type": "application/json"}


async def problem(response) -> dict:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"].endswith(body["code"])
    assert len(body["trace_id"]) == 32
    return body


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, ""),
        (b"", 422, ""),
        (b"[]", 422, ""),
        (b'{"rank": 1}', 422, "/title"),
        (b'{"title": ""}', 422, "/title"),
        (b'{"title": "   "}', 422, "/title"),
        (b'{"title": "x", "rank": 101}', 422, "/rank"),
        (b'{"title": "x", "rank": "many"}', 422, "/rank"),
        (b'{"title": "x", "rank": 1e400}', 422, "/rank"),
        (b'{"title": "x", "colour": "red"}', 422, "/colour"),
        (b'{"title": "a\\u0000b"}', 422, "/title"),
        (b'{"title": "\\ud800"}', 422, "/title"),
        (b"\xff\xfe", 400, ""),
    ],
)
async def test_bad_bodies_name_the_field(sample: RunningService, writer, body, status, pointer):
    response = await sample.client.post("/v1/notes", content=body, headers=writer | JSON)
    found = await problem(response)
    assert response.status_code == status
    assert found["errors"][0]["pointer"] == pointer
    assert await sample.database.pool.fetchval("SELECT count(*) FROM note") == 0


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/notes?limit=0", "/query/limit"),
        ("/v1/notes?limit=201", "/query/limit"),
        ("/v1/notes?cursor=%00", "/query/cursor"),
        ("/v1/notes?cursor=e30", "/query/cursor"),
        ("/v1/notes?cursor=WzFd", "/query/cursor"),
        ("/v1/notes/not-a-uuid", "/path/note_id"),
    ],
)
async def test_bad_parameters_name_the_parameter(sample: RunningService, path, pointer):
    found = await problem(await sample.client.get(path))
    assert found["status"] == 422
    assert found["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "query", ["title=%00", "cursor=WzFlOTksIjAxOTIwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"]
)
async def test_values_only_postgres_refuses_are_the_callers_error(sample: RunningService, query):
    found = await problem(await sample.client.get(f"/v1/notes?{query}"))
    assert found["status"] == 422


@pytest.mark.parametrize(
    "path",
    ["/v1/nothing", "/v1/notes/", "/v1", "/", "/v1/notes/0192f0a0-0000-7000-8000-000000000000", "/v2/notes"],
)
async def test_what_is_not_there_is_a_problem(sample: RunningService, path):
    found = await problem(await sample.client.get(path))
    assert found["code"] == "not_found"
    assert found["instance"] == f"/api/sample{path}", "as the caller knows it, through the gateway"


async def test_an_instance_is_a_uri_reference(sample: RunningService):
    found = await problem(await sample.client.get("/v1/жок/😀 x"))
    assert found["instance"] == "/api/sample/v1/%D0%B6%D0%BE%D0%BA/%F0%9F%98%80%20x"


async def test_wrong_method_says_which_are_allowed(sample: RunningService, writer):
    response = await sample.client.request("DELETE", "/v1/notes", headers=writer)
    found = await problem(response)
    assert found["code"] == "method_not_allowed"
    assert "GET" in response.headers["allow"]


async def test_a_failure_of_ours_shows_nothing_of_the_inside(sample: RunningService):
    found = await problem(await sample.client.get("/v1/notes/boom"))
    assert found["status"] == 500
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("accept", "language", "title"),
    [
        ("ky", "ky", "Табылган жок"),
        ("ru-RU,ru;q=0.9,en;q=0.5", "ru", "Не найдено"),
        ("de, ky;q=0.5, en;q=0.4", "ky", "Табылган жок"),
        ("en", "en", "Nothing was found at this address."),
        (";;q=x,,", "en", "Nothing was found at this address."),
    ],
)
async def test_texts_follow_accept_language(sample: RunningService, accept, language, title):
    response = await sample.client.get("/v1/nothing", headers={"Accept-Language": accept})
    assert response.headers["content-language"] == language
    assert (await problem(response))["title"] == title


async def test_a_long_body_is_refused_by_its_announced_length(sample: RunningService, writer):
    response = await sample.client.post("/v1/notes", content=b"x" * (3 * 1024 * 1024), headers=writer | JSON)
    assert (await problem(response))["code"] == "too_large"


async def test_a_long_body_is_refused_while_it_streams(sample: RunningService, writer):
    async def endless():
        for _ in range(64):
            yield b"x" * 65536

    response = await sample.client.post("/v1/notes", content=endless(), headers=writer | JSON)
    assert response.status_code == 413
    assert (await problem(response))["code"] == "too_large"


async def test_answers_carry_the_request_id_and_keep_the_trace(sample: RunningService):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"traceparent": trace, "x-request-id": "0192f0a0-1111-7222-8333-444455556666"}
    response = await sample.client.get("/v1/nothing", headers=headers)
    assert response.headers["x-request-id"] == headers["x-request-id"]
    assert response.json()["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("trace", ["", "00-zz", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "x" * 55])
async def test_a_malformed_trace_is_replaced(sample: RunningService, trace):
    response = await sample.client.get("/v1/nothing", headers={"traceparent": trace})
    assert int(response.json()["trace_id"], 16) != 0
