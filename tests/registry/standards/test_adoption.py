"""Adoption and repeal: what is in force when, who may, what is announced."""

from datetime import timedelta

from shared.clock import FixedClock
from shared.contracts.registry import StandardVersion
from tests.registry.conftest import NOON, events, pointers
from tests.registry.standards.conftest import Desk, act, content


async def test_an_adopted_standard_is_in_force_since_its_day_and_public(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    shown = (await desk.service.client.get(f"/v1/standards/{standard}")).json()
    version = shown["in_force"]
    assert (version["number"], version["state"], version["valid_from"]) == (1, "adopted", "2026-03-01")
    assert "valid_to" not in version
    assert version["act"]["number"] == "7"
    assert version["act"]["issuer"]["ky"] == "Министрлик"
    assert version["recorded_at"].startswith("2026-11-23T06:00:00")
    assert "has_draft" not in shown, "of drafts the public hears nothing"
    before = await desk.service.client.get(f"/v1/standards/{standard}", params={"as_of": "2026-02-28"})
    assert "in_force" not in before.json()


async def test_a_back_dated_adoption_is_known_since_it_was_recorded(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    query = {"as_of": "2026-06-01", "known_at": "2026-11-23T05:59:59Z"}
    unknown = await desk.service.client.get(f"/v1/standards/{standard}", params=query)
    assert "in_force" not in unknown.json(), "in force by law, but the register did not know it yet"
    known = await desk.service.client.get(
        f"/v1/standards/{standard}", params=query | {"known_at": "2026-11-23T06:00:00Z"}
    )
    assert known.json()["in_force"]["number"] == 1


async def test_the_event_says_everything_a_consumer_needs(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    (event,) = await events(desk.service, "standard.adopted")
    assert event.pop("type") == "registry.standard.adopted.v1"
    payload = StandardVersion.model_validate(event)
    assert (str(payload.id), payload.aggregate_version, payload.version) == (standard, 1, 1)
    assert payload.service.code == "S-1"
    assert payload.body.id == desk.body
    assert payload.tiers[0].fees[0].exempt == ("pensioner",)
    assert payload.act is not None
    assert payload.act.number == "7"
    assert str(payload.valid_from) == "2026-03-01"
    assert payload.valid_to is None
    assert "free" not in event["tiers"][0], "the published language does not know it"


async def test_the_next_version_ends_the_one_before(desk: Desk, clock: FixedClock):
    standard = await desk.adopted("2026-03-01")
    clock.moment = NOON + timedelta(days=1)
    edited = await desk.edit(standard, 2, content(documents=[]))
    assert edited.status_code == 200, edited.text
    adopted = await desk.adopt(standard, 3, "2026-09-01", number="8")
    assert adopted.status_code == 200, adopted.text
    assert adopted.headers["etag"].startswith('"4.')
    versions = (await desk.service.client.get(f"/v1/standards/{standard}/versions")).json()["items"]
    assert [
        (entry["number"], entry["state"], entry["valid_from"], entry.get("valid_to")) for entry in versions
    ] == [
        (1, "superseded", "2026-03-01", "2026-09-01"),
        (2, "adopted", "2026-09-01", None),
    ]
    told = [event for event in await events(desk.service) if event["type"].startswith("registry.standard.")]
    assert [
        (event["type"].split(".")[2], event["version"], event["aggregate_version"]) for event in told
    ] == [
        ("adopted", 1, 1),
        ("amended", 1, 2),
        ("adopted", 2, 3),
    ]
    assert told[1]["valid_to"] == "2026-09-01"
    earlier = await desk.service.client.get(
        f"/v1/standards/{standard}", params={"as_of": "2026-10-01", "known_at": NOON.isoformat()}
    )
    assert earlier.json()["in_force"]["number"] == 1, "that is what was believed the day before"
    assert "valid_to" not in earlier.json()["in_force"]


async def test_a_version_adopted_over_from_its_first_day_was_never_in_force(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    await desk.edit(standard, 2)
    assert (await desk.adopt(standard, 3, "2026-02-01")).status_code == 200
    amended = (await events(desk.service, "standard.amended"))[0]
    assert (amended["valid_from"], amended["valid_to"]) == ("2026-03-01", "2026-03-01")
    versions = (await desk.service.client.get(f"/v1/standards/{standard}/versions")).json()["items"]
    assert versions[0]["valid_from"] == versions[0]["valid_to"]


async def test_a_version_to_come_is_adopted_but_not_in_force_yet(desk: Desk):
    standard = await desk.adopted("2027-01-01")
    url = f"/v1/standards/{standard}"
    assert "in_force" not in (await desk.service.client.get(url)).json()
    coming = (await desk.service.client.get(url, params={"as_of": "2027-01-01"})).json()
    assert coming["in_force"]["number"] == 1


async def test_a_limited_version_ends_and_nothing_revives(desk: Desk):
    standard = await desk.adopted("2026-01-01")
    await desk.edit(standard, 2)
    assert (await desk.adopt(standard, 3, "2026-05-01", "2026-06-01")).status_code == 200
    shown = [
        (await desk.service.client.get(f"/v1/standards/{standard}", params={"as_of": day}))
        .json()
        .get("in_force", {})
        for day in ("2026-04-30", "2026-05-31", "2026-06-01")
    ]
    assert [version.get("number") for version in shown] == [1, 2, None]


async def test_everything_wrong_with_a_draft_is_reported_at_once(desk: Desk):
    drafted = await desk.draft(await desk.propose(), tiers=[{"code": "a"}], refusal_grounds=[], appeal=None)
    refused = await desk.adopt(
        drafted.json()["standard_id"], 1, "2026-12-01", "2026-02-01", date="2026-11-24"
    )
    assert refused.status_code == 422
    assert refused.json()["code"] == "not_ready_for_adoption"
    assert pointers(refused) == {
        "/act/date": "in_future",
        "/valid_to": "not_after_valid_from",
        "/tiers/0/term": "term_missing",
        "/tiers/0/fees": "fee_not_stated",
        "/refusal_grounds": "refusal_grounds_missing",
        "/appeal": "appeal_missing",
    }
    assert await events(desk.service, "standard.adopted") == []


async def test_problems_speak_the_callers_language(desk: Desk):
    drafted = await desk.draft(await desk.propose(), appeal=None)
    for language, expected in (("ky", "Баш тартууга кайда"), ("ru", "Укажите, куда обжаловать")):
        refused = await desk.service.client.post(
            f"/v1/standards/{drafted.json()['standard_id']}/adopt",
            json={"act": act(), "valid_from": "2026-03-01"},
            headers=desk.adopter | {"If-Match": '"1"', "Accept-Language": language},
        )
        assert refused.json()["errors"][0]["detail"].startswith(expected)


async def test_rights(desk: Desk, other_desk: Desk):
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    url, body = f"/v1/standards/{standard}/adopt", {"act": act(), "valid_from": "2026-03-01"}
    client = desk.service.client
    assert (await client.post(url, json=body)).status_code == 401
    by_registrar = await client.post(url, json=body, headers=desk.registrar | {"If-Match": '"1"'})
    assert (by_registrar.status_code, by_registrar.json()["missing_scope"]) == (
        403,
        "registry:standards:adopt",
    )
    assert (await client.post(url, json=body, headers=desk.adopter)).status_code == 428
    assert (await desk.adopt(standard, 1, "2026-03-01")).status_code == 200
    for attempt in (
        other_desk.adopt(standard, 2, "2026-04-01"),
        other_desk.repeal(standard, 2, "2026-04-01"),
    ):
        foreign = await attempt
        assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_body")


async def test_without_a_draft_there_is_nothing_to_adopt(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    again = await desk.adopt(standard, 2, "2026-04-01")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_drafted")
    gone = await desk.service.client.get(f"/v1/standards/{standard}/draft", headers=desk.registrar)
    assert gone.status_code == 404


async def test_one_act_adopts_two_standards(desk: Desk):
    await desk.adopted("2026-03-01", "S-1")
    await desk.adopted("2026-03-01", "S-2")
    acts = await desk.service.database.pool.fetch("SELECT act_id FROM standard_version")
    assert len(acts) == 2
    assert acts[0] == acts[1]


async def test_an_adopting_act_is_told_once_and_before_what_it_adopts(desk: Desk):
    for code in ("S-1", "S-2"):
        await desk.adopted("2026-03-01", code)
    told = [event for event in await events(desk.service) if event.get("number") == "7" or "act" in event]
    kinds = [event["type"] for event in told]
    assert kinds == ["registry.act.changed.v1", *["registry.standard.adopted.v1"] * 2]
    assert {event["act"]["id"] for event in told[1:]} == {told[0]["id"]}


async def test_repeal_ends_what_is_in_force(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    repealed = await desk.repeal(standard, 2, "2026-08-01")
    assert repealed.status_code == 200, repealed.text
    assert repealed.headers["etag"].startswith('"3.')
    assert "in_force" not in repealed.json()
    until = await desk.service.client.get(f"/v1/standards/{standard}", params={"as_of": "2026-07-31"})
    assert until.json()["in_force"]["state"] == "repealed"
    amended = (await events(desk.service, "standard.amended"))[-1]
    assert (amended["valid_to"], amended["aggregate_version"]) == ("2026-08-01", 2)
    act_number = await desk.service.database.pool.fetchval(
        "SELECT legal_act.number FROM standard_version JOIN legal_act ON legal_act.id = repealing_act_id"
    )
    assert act_number == "R-1"
    again = await desk.repeal(standard, 3, "2026-08-01")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_in_force")


async def test_the_gaps_of_a_service_close_with_its_standard(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    told = [event for event in await events(desk.service, "service.changed") if event["code"] == "S-1"]
    assert "term" in told[0]["missing"]
    assert told[-1]["missing"] == ["register_number"]
    assert told[-1]["aggregate_version"] > told[0]["aggregate_version"]
    await desk.repeal(standard, 2, "2026-03-01")
    last = (await events(desk.service, "service.changed"))[-1]
    assert "term" in last["missing"], "without a standard in force the gap is back"


async def test_a_standards_etag_changes_with_what_is_in_force_not_with_drafts(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    url = f"/v1/standards/{standard}"
    tag = (await desk.service.client.get(url)).headers["etag"]
    await desk.edit(standard, 2)
    same = await desk.service.client.get(url, headers={"If-None-Match": tag})
    assert same.status_code == 304
    await desk.adopt(standard, 3, "2026-05-01")
    changed = await desk.service.client.get(url, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["in_force"]["number"] == 2


async def test_strange_times_are_refused_not_500(desk: Desk):
    standard = await desk.adopted("2026-03-01")
    for query in (
        {"as_of": "0001-01-01"},
        {"known_at": "9999-12-31T23:59:59Z"},
        {"known_at": "2026-01-01T00:00:00"},
    ):
        response = await desk.service.client.get(f"/v1/standards/{standard}", params=query)
        assert response.status_code == 422
        assert next(iter(pointers(response))).startswith("/query/")


async def test_more_than_an_event_holds_is_said_of_the_draft_and_is_not_adopted(desk: Desk):
    """It could be kept, but nobody be told of it: whoever writes the draft hears that, not only who adopts it."""
    text = {"ky": "ы" * 4_700, "ru": "ы" * 4_700}
    grounds = [{"code": f"g{n}", "text": text} for n in range(49)]
    service = await desk.propose()
    drafted = await desk.draft(service, refusal_grounds=grounds)
    assert drafted.status_code == 201, drafted.text
    assert drafted.json()["problems"] == [{"pointer": "", "code": "standard_too_large"}]
    standard = drafted.json()["standard_id"]
    refused = await desk.adopt(standard, 1, "2026-03-01")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_ready_for_adoption")
    assert pointers(refused) == {"": "standard_too_large"}
    edited = await desk.edit(standard, 1, content(refusal_grounds=grounds[:47]))
    assert edited.json()["problems"] == []
    assert (await desk.adopt(standard, 2, "2026-03-01")).status_code == 200
    assert (await desk.repeal(standard, 3, "2026-09-01")).status_code in {200, 204}
    assert len(await events(desk.service, "standard.amended")) == 1
