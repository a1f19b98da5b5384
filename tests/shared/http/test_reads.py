"""Hot reads, conditional requests, pages, metrics, documentation."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from openapi_spec_validator import validate

from shared.clock import FixedClock
from shared.http.dependencies import PUBLIC
from shared.http.hot import HotRead
from shared.http.openapi import UndeclaredRoute
from shared.http.strictness import form_of, ill_formed
from shared.service import Feature, create_service_app
from tests.kit.sample.spec import SPEC, Settings
from tests.kit.service import RunningService, StartService

EVENING_BEFORE = datetime(2026, 3, 31, 17, 59, tzinfo=UTC)
MIDNIGHT_IN_BISHKEK = datetime(2026, 3, 31, 18, 0, tzinfo=UTC)


async def test_a_hot_read_answers_bytes_with_a_strong_etag(sample: RunningService):
    page = uuid4()
    await sample.database.pool.execute(
        "INSERT INTO page VALUES ($1, '2020-01-01', $2, '\"v1\"')", page, '{"бар": 1}'.encode()
    )
    answer = await sample.client.get(f"/v1/pages/{page}")
    assert answer.json() == {"бар": 1}
    assert answer.headers["etag"] == '"v1"'
    again = await sample.client.get(f"/v1/pages/{page}", headers={"If-None-Match": '"v1"'})
    assert (again.status_code, again.content) == (304, b"")
    assert "x-request-id" in again.headers


async def test_a_hot_row_begins_at_midnight_in_bishkek(start_service: StartService):
    clock = FixedClock(EVENING_BEFORE)
    sample = await start_service(SPEC, clock=clock)
    page = uuid4()
    await sample.database.pool.execute("INSERT INTO page VALUES ($1, '2026-04-01', '{}', '\"v1\"')", page)
    assert (await sample.client.get(f"/v1/pages/{page}")).status_code == 404
    clock.moment = MIDNIGHT_IN_BISHKEK
    assert (await sample.client.get(f"/v1/pages/{page}")).status_code == 200


async def test_a_hot_miss_and_a_query_fall_through_to_the_route(sample: RunningService):
    known = UUID(int=1)
    assert (await sample.client.get(f"/v1/pages/{known}")).json() == {"served": "by the route"}
    await sample.database.pool.execute("INSERT INTO page VALUES ($1, '2020-01-01', '{}', '\"v1\"')", known)
    assert (await sample.client.get(f"/v1/pages/{known}?as_of=2020-01-01")).json() == {
        "served": "by the route"
    }


async def test_a_bad_token_is_refused_on_a_hot_read_too(sample: RunningService):
    answer = await sample.client.get(f"/v1/pages/{uuid4()}", headers={"Authorization": "Bearer x.y.z"})
    assert answer.status_code == 401


async def test_pages_give_every_row_once_in_order(sample: RunningService):
    rows = [(uuid4(), f"n{n}", n // 3) for n in range(25)]
    await sample.database.pool.executemany("INSERT INTO note (id, title, rank) VALUES ($1, $2, $3)", rows)
    url, seen = "/v1/notes?limit=4", []
    while url:
        answer = await sample.client.get(url)
        seen += [(item["rank"], item["id"]) for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = f"/v1/notes{link[1 : link.index('>')]}" if link else None
        assert ("next_cursor" in answer.json()) == bool(url)
    assert seen == sorted((rank, str(identifier)) for identifier, _, rank in rows)


async def test_not_modified_and_changed(sample: RunningService, writer):
    made = await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)
    url, tag = f"/v1/notes/{made.json()['id']}", made.headers["etag"]
    assert (await sample.client.get(url, headers={"If-None-Match": tag})).status_code == 304
    assert (await sample.client.get(url, headers={"If-None-Match": f'"7", W/{tag}'})).status_code == 304
    assert (await sample.client.get(url, headers={"If-None-Match": '"2"'})).status_code == 200


async def test_the_etag_changes_with_the_bytes_not_only_with_the_version(sample: RunningService, writer):
    """A view may show names of others, which change without the version of the thing itself."""
    made = await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)
    url, tag = f"/v1/notes/{made.json()['id']}", made.headers["etag"]
    await sample.database.pool.execute("UPDATE note SET title = 'b'")
    changed = await sample.client.get(url, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["title"]) == (200, "b")
    put = await sample.client.put(url, json={"title": "c"}, headers=writer | {"If-Match": tag})
    assert put.status_code == 200, "If-Match is about the version"


async def test_metrics_count_templates_not_paths(sample: RunningService):
    for _ in range(3):
        await sample.client.get(f"/v1/notes/{uuid4()}")
    text = (await sample.client.get("/metrics")).text
    assert 'http_requests_total{method="GET",route="/v1/notes/{note_id}",status="404"} 3.0' in text


async def test_both_documents_are_valid_and_know_the_hot_read(sample: RunningService):
    document = (await sample.client.get("/openapi.json")).json()
    older = (await sample.client.get("/openapi-3.0.json")).json()
    validate(document)
    validate(older)
    assert document["openapi"].startswith("3.1")
    assert older["openapi"] == "3.0.3"
    assert "/v1/pages/{page_id}" in document["paths"]
    assert document["paths"].keys() == older["paths"].keys()


async def test_documentation_opens_without_internet(sample: RunningService):
    page = (await sample.client.get("/docs")).text
    assert "://" not in page.replace("http://www.w3.org", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"docs/{asset}" in page
        assert len((await sample.client.get(f"/docs/{asset}")).content) > 10_000
    assert (await sample.client.get("/docs/..%2f..%2fetc%2fpasswd")).status_code == 404


async def test_the_page_of_events_needs_nothing_from_outside(sample: RunningService):
    answer = await sample.client.get("/docs/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    document = (await sample.client.get("/asyncapi.json")).json()
    assert document["components"]["messages"]
    assert all(f'id="{name}"' in answer.text for name in document["components"]["messages"])


async def test_readiness_follows_database_and_migrations(sample: RunningService):
    assert (await sample.client.get("/readyz")).json()["status"] == "ready"
    await sample.database.pool.execute("UPDATE alembic_version SET version_num = '0000'")
    assert (await sample.client.get("/readyz")).json()["code"] == "migrations_pending"
    sample.runtime.draining = True
    assert (await sample.client.get("/readyz")).json()["code"] == "shutting_down"
    assert (await sample.client.get("/healthz")).status_code == 200


async def nothing() -> None:
    """A route's work in the tests below: none."""


def spec_with(router: APIRouter, **changes):
    from dataclasses import replace

    return replace(SPEC, features=(Feature("extra", router, ("extra",)),), hot=(), **changes)


def test_a_route_that_declares_nothing_does_not_start():
    router = APIRouter(prefix="/v1/extra")
    router.add_api_route("", nothing, methods=["GET"])
    with pytest.raises(UndeclaredRoute, match="/v1/extra"):
        create_service_app(spec_with(router), Settings(database_url="postgresql://x"))


def test_a_hot_read_without_a_public_route_behind_it_does_not_start():
    from dataclasses import replace

    spec = replace(SPEC, hot=(HotRead("/v1/elsewhere/", "SELECT 1"),))
    with pytest.raises(ValueError, match="elsewhere"):
        create_service_app(spec, Settings(database_url="postgresql://x"))


def test_two_features_cannot_answer_for_one_segment():
    from dataclasses import replace

    router = APIRouter(prefix="/v1/extra")
    router.add_api_route("", nothing, methods=["GET"], openapi_extra=PUBLIC)
    spec = replace(SPEC, hot=(), features=(Feature("a", router, ("x",)), Feature("b", router, ("x",))))
    with pytest.raises(ValueError, match="/v1/x"):
        create_service_app(spec, Settings(database_url="postgresql://x"))


async def test_head_answers_as_get_without_the_body(sample: RunningService, writer):
    note = (await sample.client.post("/v1/notes", json={"title": "a"}, headers=writer)).json()
    got = await sample.client.get(f"/v1/notes/{note['id']}")
    head = await sample.client.head(f"/v1/notes/{note['id']}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-length"] == got.headers["content-length"]
    missing = await sample.client.head("/v1/notes/0192f0a0-0000-7000-8000-000000000000")
    assert (missing.status_code, missing.content) == (404, b"")


async def test_an_unknown_query_parameter_is_refused_not_ignored(sample: RunningService):
    answer = await sample.client.get("/v1/notes?titel=x&limit=3")
    assert answer.status_code == 422
    assert [(found["pointer"], found["code"]) for found in answer.json()["errors"]] == [
        ("/query/titel", "unknown_parameter")
    ]
    feed = await sample.client.get("/v1/changes?type=nothing.known.v1")
    assert (feed.status_code, feed.json()["errors"][0]["pointer"]) == (422, "/query/type/0")


@pytest.mark.parametrize("written", ["5.0", "1_0", " 5", "%205", "5e0", "٥", "0x5", "+5", ""])
async def test_a_number_in_a_query_is_written_in_digits(sample: RunningService, written: str):
    answer = await sample.client.get(f"/v1/notes?limit={written}")
    assert answer.status_code == 422, answer.text
    assert [(found["pointer"], found["code"]) for found in answer.json()["errors"]] == [
        ("/query/limit", "int_parsing")
    ]


@pytest.mark.parametrize(
    ("form", "written", "code"),
    [
        ("date", "2026-01-01", None),
        ("date", "1767225600", "date_parsing"),
        ("date", "0", "date_parsing"),
        ("date", "2026-01-01T00:00:00Z", "date_parsing"),
        ("date", "0001-01-01", "absurd_year"),
        ("date-time", "2026-01-01T00:00:00Z", None),
        ("date-time", "2026-01-01", "datetime_parsing"),
        ("date-time", "253402300800", "datetime_parsing"),
        ("boolean", "true", None),
        ("boolean", "1", "bool_parsing"),
        ("boolean", "yes", "bool_parsing"),
        ("integer", "-5", None),
    ],
)
def test_what_openapi_gives_a_form_is_written_in_it(form: str, written: str, code: str | None):
    schema = {"type": "string", "format": form} if form.startswith("date") else {"type": form}
    for described in (schema, {"anyOf": [schema, {"type": "null"}]}):
        assert form_of(described) == form
    found = ill_formed("x", form, written)
    assert (found.code if found else None) == code


async def test_changes_document_their_preconditions(sample: RunningService):
    operation = sample.runtime.document["paths"]["/v1/notes/{note_id}"]["put"]
    [header] = [found for found in operation["parameters"] if found["name"].lower() == "if-match"]
    assert header["required"] is True
    assert {"412", "428"} <= operation["responses"].keys()


async def test_options_say_what_may_be_done(sample: RunningService):
    """RFC 9110 §9.3.7; nobody needs a token to ask."""
    answer = await sample.client.options("/v1/notes")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, POST, OPTIONS"
    assert (await sample.client.options("/v1/nothing")).status_code == 404
