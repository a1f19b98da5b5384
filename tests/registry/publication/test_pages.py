"""The hot read and the route behind it: the same bytes, the right day, never an unpublished entry."""

from datetime import timedelta
from typing import Any

import pytest

from shared.clock import FixedClock
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import NOON, every_page
from tests.registry.standards.conftest import Desk, content


def today(clock: FixedClock) -> str:
    return (clock.moment + timedelta(hours=6)).date().isoformat()


async def test_the_hot_read_and_the_route_answer_the_same_bytes(seeded: RunningService, clock: FixedClock):
    for entry in await every_page(seeded, "/v1/services", limit=200):
        url = f"/v1/services/{entry['id']}"
        hot = await seeded.client.get(url)
        cold = await seeded.client.get(url, params={"as_of": today(clock)})
        assert hot.headers["cache-control"].startswith("public"), "answered before the framework was asked"
        assert "cache-control" not in cold.headers
        assert hot.content == cold.content
        assert hot.headers["etag"] == cold.headers["etag"]


async def test_not_modified_on_both_ways(seeded: RunningService, clock: FixedClock):
    url = f"/v1/services/{seed_id('service', 'KG-KDS-1')}"
    tag = (await seeded.client.get(url)).headers["etag"]
    for query in ({}, {"as_of": today(clock)}):
        same = await seeded.client.get(url, params=query, headers={"If-None-Match": tag})
        assert same.status_code == 304
        assert same.content == b""


async def test_a_version_comes_into_force_by_date_without_a_write(desk: Desk, clock: FixedClock):
    service_id = await desk.propose()
    standard = (await desk.draft(service_id)).json()["standard_id"]
    await desk.adopt(standard, 1, "2026-11-24", "2026-11-26")
    url = f"/v1/services/{service_id}"
    seen, tags = [], []
    for hours in (0, 11, 12, 59, 60):  # Bishkek is six hours ahead: its midnight is 18:00 UTC
        clock.moment = NOON + timedelta(hours=hours)
        page = await desk.service.client.get(url)
        seen.append("standard" in page.json())
        tags.append(page.headers["etag"])
    assert seen == [False, False, True, True, False]
    assert tags[0] == tags[1] == tags[4] != tags[2] == tags[3], "an ETag is of the bytes, not of the day"


async def test_the_etag_follows_every_byte_of_the_page(desk: Desk):
    url = f"/v1/services/{await desk.propose()}"
    client, body = desk.service.client, f"/v1/organisations/{desk.body}"
    before = await client.get(url)
    renamed = await client.patch(
        body,
        json={"name": {"ky": "Жаңы аты", "ru": "Новое имя"}},
        headers=desk.service.headers("registry:organisations:write")
        | {"If-Match": (await client.get(body)).headers["etag"]},
    )
    assert renamed.status_code == 200, renamed.text
    after = await client.get(url, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]


async def test_the_page_as_of_another_day(desk: Desk):
    service_id = await desk.propose()
    standard = (await desk.draft(service_id)).json()["standard_id"]
    await desk.adopt(standard, 1, "2026-03-01")
    await desk.edit(standard, 2, content(documents=[]))
    await desk.adopt(standard, 3, "2026-09-01")
    found: dict[str, Any] = {}
    for day in ("2026-02-28", "2026-03-01", "2026-08-31", "2026-09-01"):
        page = await desk.service.client.get(f"/v1/services/{service_id}", params={"as_of": day})
        found[day] = page.json().get("standard", {}).get("number")
        assert ("term" in page.json()["missing"]) == (found[day] is None)
    assert found == {"2026-02-28": None, "2026-03-01": 1, "2026-08-31": 1, "2026-09-01": 2}


async def test_an_unpublished_entry_has_no_page(desk: Desk):
    made = await desk.service.client.post(
        "/v1/services", json={"code": "P-1", "level": "state", "name": {"ru": "П"}}, headers=desk.registrar
    )
    assert await desk.service.database.pool.fetchval("SELECT count(*) FROM published_service") == 0
    url = f"/v1/services/{made.json()['id']}"
    for query in ({}, {"as_of": "2026-11-23"}):
        assert (await desk.service.client.get(url, params=query)).status_code == 404
        own = await desk.service.client.get(url, params=query, headers=desk.registrar)
        assert own.json() == made.json()


async def test_a_refused_change_leaves_the_page_as_it_was(desk: Desk):
    service_id = await desk.propose()
    before = await desk.service.client.get(f"/v1/services/{service_id}")
    standard = (await desk.draft(service_id, appeal=None)).json()["standard_id"]
    assert (await desk.adopt(standard, 1, "2026-03-01")).status_code == 422
    after = await desk.service.client.get(f"/v1/services/{service_id}")
    assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])


async def test_an_adoption_whose_page_cannot_be_stored_did_not_happen(desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    pool = desk.service.database.pool
    before = await pool.fetchval("SELECT count(*) FROM event")
    await pool.execute(
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'no page'; END $$;
           CREATE TRIGGER refuse BEFORE INSERT ON published_service FOR EACH ROW EXECUTE FUNCTION refuse()"""
    )
    assert (await desk.adopt(standard, 1, "2026-03-01")).status_code == 500
    counts = await pool.fetchrow(
        """SELECT (SELECT count(*) FROM standard_version), (SELECT count(*) FROM standard_validity),
                  (SELECT count(*) FROM standard_draft), (SELECT count(*) FROM event)"""
    )
    assert tuple(counts) == (0, 0, 1, before)
    await pool.execute("DROP TRIGGER refuse ON published_service")
    assert (await desk.adopt(standard, 1, "2026-03-01")).status_code == 200, "the draft is as it was"


async def test_the_database_refuses_two_pages_for_one_day(seeded: RunningService):
    service_id = seed_id("service", "KG-KDS-1")
    with pytest.raises(Exception, match="ex_published_service_one_page"):
        await seeded.database.pool.execute(
            "INSERT INTO published_service VALUES ($1, daterange('2026-01-01', '2026-01-02'), 'x', 'x')",
            service_id,
        )


async def test_the_database_refuses_two_versions_in_force_on_one_day(desk: Desk):
    await desk.adopted("2026-03-01")
    row = await desk.service.database.pool.fetchrow("SELECT standard_id, act_id FROM standard_version")
    with pytest.raises(Exception, match="ex_standard_validity_one_in_force"):
        await desk.service.database.pool.execute(
            """WITH version AS (
                   INSERT INTO standard_version (id, standard_id, number, content, missing, act_id, recorded_at, origin)
                   VALUES (gen_random_uuid(), $1, 9, '{}', '{}', $2, now(), 'official') RETURNING id)
               INSERT INTO standard_validity (version_id, recorded, standard_id, valid_from, state)
               SELECT id, tstzrange(now(), NULL), $1, '2026-05-01', 'adopted' FROM version""",
            row["standard_id"],
            row["act_id"],
        )
