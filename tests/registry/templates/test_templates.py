"""Templates: versions by acts, in force from a day, known since they were recorded."""

import asyncio
from datetime import timedelta

from shared.clock import FixedClock
from shared.contracts.registry import TemplateVersion
from tests.kit.service import RunningService
from tests.registry.conftest import NOON, events, every_page, pointers
from tests.registry.templates.conftest import TEMPLATE, record, template

URL = "/v1/templates/typical_standard"


async def test_a_version_is_public_and_told(registry: RunningService, recorded: str):
    shown = await registry.client.get(URL)
    assert shown.status_code == 200
    assert (shown.json()["id"], shown.json()["number"]) == (recorded, 1)
    assert shown.json()["rows"][1] == {
        **TEMPLATE["rows"][1],
        "required": True,
        "unverified": True,
    }
    (event,) = await events(registry, "template.adopted")
    event.pop("type")
    told = TemplateVersion.model_validate(event)
    assert (str(told.version_id), told.aggregate_version, told.act.number) == (recorded, 1, "603")
    unchanged = await registry.client.get(URL, headers={"If-None-Match": shown.headers["etag"]})
    assert unchanged.status_code == 304


async def test_as_of_and_known_at(registry: RunningService, recorded: str, clock: FixedClock):
    clock.moment = NOON + timedelta(days=1)
    second = await record(registry, 1, valid_from="2020-01-01", review_months=24)
    assert second.status_code == 201, second.text
    clock.moment = NOON + timedelta(days=2)
    assert (await record(registry, 2, valid_from="2030-01-01")).status_code == 201

    async def number(**query: str) -> int | None:
        answer = await registry.client.get(URL, params=query)
        return int(answer.json()["number"]) if answer.status_code == 200 else None

    assert await number(as_of="2012-09-30") is None
    assert await number(as_of="2019-12-31") == 1
    assert await number(as_of="2020-01-01") == 2
    assert await number() == 2
    assert await number(as_of="2030-01-01") == 3
    assert await number(as_of="2026-01-01", known_at=NOON.isoformat()) == 1
    listed = await every_page(registry, f"{URL}/versions", limit=2)
    assert [version["number"] for version in listed] == [1, 2, 3]
    [typical] = await every_page(registry, "/v1/templates")
    assert typical["number"] == 2


async def test_a_version_recorded_later_rules_from_its_first_day_on(registry: RunningService, recorded: str):
    await record(registry, 1, valid_from="2020-01-01")
    await record(registry, 2, valid_from="2015-01-01")
    assert (await registry.client.get(URL, params={"as_of": "2021-01-01"})).json()["number"] == 3


async def test_everything_wrong_is_said_at_once(registry: RunningService):
    rows = template()["rows"]
    twice = [rows[0], rows[0] | {"kind": "text"}, rows[3], rows[3] | {"code": "other", "number": "5"}]
    refused = await record(registry, 0, rows=twice, valid_from="2012-01-01")
    assert refused.status_code == 422
    assert pointers(refused) == {
        "/valid_from": "before_its_act",
        "/rows/0/code": "code_repeated",
        "/rows/1/code": "code_repeated",
        "/rows/0/number": "number_repeated",
        "/rows/1/number": "number_repeated",
        "/rows/2/kind": "kind_repeated",
        "/rows/3/kind": "kind_repeated",
    }
    assert (await registry.client.get(URL)).status_code == 404
    one_language = await record(registry, 0, title={"ru": "Типовой"})
    assert pointers(one_language).keys() == {"/title"}


async def test_rights_and_versions(registry: RunningService, recorded: str):
    url, client = "/v1/templates", registry.client
    assert (await client.post(url, json=template())).status_code == 401
    body = registry.headers("registry:standards:adopt")
    assert (await client.post(url, json=template(), headers=body)).status_code == 403
    platform = registry.headers("registry:templates:write")
    assert (await client.post(url, json=template(), headers=platform)).status_code == 428
    assert (await record(registry, 0)).status_code == 412
    assert (await client.get("/v1/templates/Typical")).status_code == 422
    assert (await client.get("/v1/templates/other")).status_code == 404
    assert (await client.get("/v1/templates/other/versions")).status_code == 404


async def test_two_at_once_make_one_version(registry: RunningService):
    answers = await asyncio.gather(record(registry, 0), record(registry, 0))
    assert sorted(answer.status_code for answer in answers) == [201, 412]
    assert len(await every_page(registry, f"{URL}/versions")) == 1


async def test_the_seeded_passport_has_17_rows_of_which_15_are_unverified(seeded: RunningService):
    passport = (await seeded.client.get(URL)).json()
    assert [row["number"] for row in passport["rows"]] == [str(number) for number in range(1, 18)]
    assert [row["number"] for row in passport["rows"] if not row["unverified"]] == ["1", "2"]
    assert all({"ky", "ru", "en"} <= row["title"].keys() for row in passport["rows"])
    assert (passport["act"]["number"], passport["origin"]) == ("603", "unofficial")
    assert "review_months" not in passport, "the period stands in the act, which nobody has compared"
