"""Bodies of a type an operation does not take are refused before they are read."""

import pytest

from services.monitoring.spec import SPEC as MONITORING
from services.registry.spec import SPEC as REGISTRY
from services.scoring.spec import SPEC as SCORING
from shared.http.bodies import checked
from tests.kit.service import RunningService, StartService

BODY = b'{"title": "a"}'


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/jsonp",
        "multipart/form-data; boundary=x",
        "json",
        "",
        None,
    ],
)
async def test_another_type_is_refused(sample: RunningService, writer, content_type):
    headers = writer | ({} if content_type is None else {"content-type": content_type})
    answer = await sample.client.post("/v1/notes", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["accept"] == answer.headers["accept-post"] == "application/json"
    assert await sample.database.pool.fetchval("SELECT count(*) FROM note") == 0


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"]
)
async def test_the_type_it_takes_is_read(sample: RunningService, writer, content_type):
    headers = writer | {"content-type": content_type}
    assert (await sample.client.post("/v1/notes", content=BODY, headers=headers)).status_code == 201


async def test_an_empty_body_is_missing_not_of_a_wrong_type(sample: RunningService, writer):
    answer = await sample.client.post("/v1/notes", headers=writer)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "missing")


async def test_nothing_is_read_before():
    async def receive():
        raise AssertionError("the body was asked for")

    class Route:
        path = "/v1/notes"

    body = checked(
        receive,
        {"method": "PATCH", "route": Route},
        {b"transfer-encoding": b"chunked", b"content-type": b"text/csv"},
        media_types={("PATCH", "/v1/notes"): ("application/json",)},
        limit=10,
    )
    with pytest.raises(Exception, match="415") as refused:
        await body()
    assert refused.value.headers == {"accept": "application/json", "accept-patch": "application/json"}


async def test_every_service_is_held_to_its_own_document(start_service: StartService):
    scoring = await start_service(SCORING)
    headers = scoring.headers("scoring:observations:write") | {"content-type": "application/json"}
    answer = await scoring.client.post("/v1/observations/imports?method=x", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["accept-post"]) == (415, "text/csv")
    registry = await start_service(REGISTRY)
    answer = await registry.client.post("/v1/tokens", content=b"a", headers={"content-type": "text/csv"})
    assert answer.headers["accept-post"] == "application/json, application/x-www-form-urlencoded"
    monitoring = await start_service(MONITORING)
    answer = await monitoring.client.post("/v1/submissions", content=b"{}", headers={"content-type": "a/b"})
    assert answer.status_code == 415


async def test_the_document_tells_of_it(sample: RunningService):
    paths = sample.runtime.document["paths"]
    assert "415" in paths["/v1/notes"]["post"]["responses"]
    assert "415" not in paths["/v1/notes"]["get"]["responses"]
