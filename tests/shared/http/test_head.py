"""HEAD on a real server, which counts the bytes of every answer itself."""

import logging
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from shared.http.serving import RunningServer, bound_socket
from tests.kit.service import RunningService
from tests.shared.http.conftest import ORG, WRITE


@pytest.fixture
async def served(sample: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    """The sample service behind uvicorn; the lifespan is the test's own."""
    server = RunningServer("sample", sample.app, bound_socket("127.0.0.1"), lifespan="off")
    await server.start()
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        yield client
    await server.stop()


async def test_head_tells_of_the_answer_without_sending_it(
    sample: RunningService, served: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    made = await sample.client.post(
        "/v1/notes", json={"title": "суу"}, headers=sample.headers(WRITE, org=ORG)
    )
    note = f"/v1/notes/{made.json()['id']}"
    with caplog.at_level(logging.WARNING):
        for path in (
            note,
            "/v1/notes",
            "/readyz",
            "/openapi.json",
            f"/v1/notes/{uuid4()}",
            "/v1/nothing",
            "/no",
        ):
            whole, head = await served.get(path), await served.head(path)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            for name in ("content-type", "etag", "content-length"):
                assert head.headers.get(name) == whole.headers.get(name), (path, name)
            again = await served.get("/healthz")  # on the same connection: nothing is left over on it
            assert again.json() == {"status": "ok"}
    assert [record.getMessage() for record in caplog.records] == []


async def test_head_is_answered_conditionally(sample: RunningService, served: httpx.AsyncClient) -> None:
    made = await sample.client.post(
        "/v1/notes", json={"title": "жол"}, headers=sample.headers(WRITE, org=ORG)
    )
    note = f"/v1/notes/{made.json()['id']}"
    etag = (await served.get(note)).headers["etag"]
    assert (await served.head(note, headers={"If-None-Match": etag})).status_code == 304
