"""Methods over HTTP: drafts belong to their organisation, published versions never change."""

import asyncio
from copy import deepcopy
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.scoring.seed import definition
from tests.kit.service import RunningService

WRITE = "scoring:methods:write"


@pytest.fixture
def document() -> dict[str, Any]:
    return definition().model_dump(mode="json", exclude_none=True)


@pytest.fixture
def organisation() -> UUID:
    return uuid4()


async def draft(
    service: RunningService, organisation: UUID, document: dict[str, Any], code: str = "sji25"
) -> Any:
    return await service.client.post(
        "/v1/methods",
        json={"code": code, "definition": document},
        headers=service.headers(WRITE, org=organisation),
    )


async def test_the_seeded_method_is_public(service: RunningService) -> None:
    answer = await service.client.get("/v1/methods/sji25/versions/1")
    found = answer.json()
    assert (found["state"], found["number"]) == ("published", 1)
    assert len(found["definition"]["indicators"]) == 25
    by_code = {one["code"]: one for one in found["definition"]["indicators"]}
    assert by_code["ACO3"]["derivation"] == "municipal_visits"
    assert set(by_code["PAR1"]["name"]) == {"ky", "ru", "en"}
    assert all(set(one["name"]) == {"ky", "ru", "en"} for one in by_code.values())
    assert "working_names" not in by_code["PAR1"]
    assert by_code["ACC1"]["working_names"] == ["ky"]
    assert by_code["ACO5"]["target_groups"] == ["W", "Y", "C", "M"]
    assert found["definition"]["rules"]["ranks"] == "min"
    again = await service.client.get(
        "/v1/methods/sji25/versions/1", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


async def test_a_draft_is_changed_published_and_then_fixed(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    mine = service.headers(WRITE, org=organisation)
    made = await draft(service, organisation, document)
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 2, "draft")
    path = "/v1/methods/sji25/versions/2"
    assert made.headers["location"] == path.removeprefix("/v1/")
    document["rules"]["decimals"] = 1
    changed = await service.client.put(
        path, json=document, headers={**mine, "If-Match": made.headers["etag"]}
    )
    assert changed.json()["content_hash"] != made.json()["content_hash"]
    stale = await service.client.post(f"{path}/publish", headers={**mine, "If-Match": made.headers["etag"]})
    assert stale.status_code == 412
    bare = await service.client.post(f"{path}/publish", headers=mine)
    assert bare.status_code == 428
    current = {**mine, "If-Match": changed.headers["etag"]}
    published = await service.client.post(f"{path}/publish", headers=current)
    assert (published.status_code, published.json()["state"]) == (200, "published")
    for answer in (
        await service.client.put(
            path, json=document, headers={**mine, "If-Match": published.headers["etag"]}
        ),
        await service.client.post(f"{path}/publish", headers={**mine, "If-Match": published.headers["etag"]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "method_published")
    rows = await service.database.pool.fetch(
        """SELECT convert_from(value, 'UTF8')::jsonb AS value FROM event
           WHERE type = 'scoring.method.published.v1' ORDER BY id"""
    )
    assert [(row["value"]["version"], row["value"]["indicators"]) for row in rows] == [(1, 25), (2, 25)]
    audited = await service.database.pool.fetch("SELECT action FROM audit ORDER BY id")
    assert [row["action"] for row in audited[-3:]] == ["method.draft", "method.change", "method.publish"]


async def test_a_draft_is_nobody_elses_business(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    made = await draft(service, organisation, document)
    path = "/v1/methods/sji25/versions/2"
    stranger = service.headers(WRITE, org=uuid4())
    assert (await service.client.get(path)).status_code == 404
    assert (await service.client.get(path, headers=stranger)).status_code == 404
    mine = service.headers(WRITE, org=organisation)
    assert (await service.client.get(path, headers=mine)).status_code == 200
    foreign = {**stranger, "If-Match": made.headers["etag"]}
    assert (await service.client.put(path, json=document, headers=foreign)).status_code == 404
    assert (await service.client.post(f"{path}/publish", headers=foreign)).status_code == 404
    listed = [
        [one["number"] for one in (await service.client.get("/v1/methods", headers=who)).json()["items"]]
        for who in ({}, stranger, mine)
    ]
    assert listed == [[1], [1], [1, 2]]


async def test_a_version_that_is_a_draft_cannot_be_run(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    await draft(service, organisation, document)
    answer = await service.client.post(
        "/v1/runs",
        json={
            "method_code": "sji25",
            "method_version": 2,
            "period_start": "2026-01-01",
            "period_end": "2026-12-31",
        },
        headers=service.headers("scoring:runs:publish"),
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_method")


async def test_drafts_at_once_get_numbers_of_their_own(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(draft(service, organisation, document, "other") for _ in range(4)))
    made = [found for found in answers if found.status_code == 201]
    assert sorted(found.json()["number"] for found in made) == list(range(1, len(made) + 1))
    assert {found.json()["code"] for found in answers if found.status_code != 201} <= {"draft_race"}


async def test_bad_definitions_name_their_fields(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    document["indicators"][0]["goalposts"] = {"low": 5, "high": 5}
    document["indicators"][1]["dimension"] = "XXX"
    answer = await draft(service, organisation, document)
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/definition/indicators/0/goalposts/high", "goalposts_not_ascending"),
        ("/definition/indicators/1/dimension", "unknown_dimension"),
    ]
    for field, value in (("weight", 0), ("weight", -1), ("direction", 2), ("validity_months", 0)):
        spoiled = definition().model_dump(mode="json", exclude_none=True)
        spoiled["indicators"][4][field] = value
        answer = await draft(service, organisation, spoiled)
        assert answer.json()["errors"][0]["pointer"] == f"/definition/indicators/4/{field}"


@pytest.mark.parametrize("path", ["/v1/methods/nothing/versions/1", "/v1/methods/sji25/versions/9"])
async def test_unknown_methods_are_not_found(service: RunningService, path: str) -> None:
    assert (await service.client.get(path)).status_code == 404


JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e308,
    10**400,
    "",
    "=1",
    "a\x00b",
    [],
    {},
    [[]],
    "я" * 5000,
    {"ru": ""},
)


async def test_no_spoiled_definition_breaks_the_service(
    service: RunningService, organisation: UUID, document: dict[str, Any]
) -> None:
    """Any field of a definition, replaced by anything: taken, or refused with its pointer."""
    random = Random(11)
    for _ in range(60):
        spoiled = deepcopy(document)
        place: Any = spoiled
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = random.choice(keys)
            if not isinstance(place[key], dict | list) or not place[key] or random.random() < 0.2:
                break
            place = place[key]
        place[key] = random.choice(JUNK)
        answer = await draft(service, organisation, spoiled, "spoiled")
        assert answer.status_code in {201, 422}, answer.text
        if answer.status_code == 422:
            assert all(one["pointer"].startswith("/definition") for one in answer.json()["errors"])
