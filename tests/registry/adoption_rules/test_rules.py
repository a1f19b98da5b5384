"""Who adopts by which act: a dated table that holds on the day of the act."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import given
from hypothesis import strategies as st

from services.registry.adoption_rules.domain import Adopter, Rule, rule_for
from services.registry.legal.domain import ActKind
from shared.clock import FixedClock
from tests.kit.service import RunningService
from tests.registry.conftest import ADOPTER, NOON, add_organisation, every_page, pointers
from tests.registry.standards.conftest import Desk, act

URL = "/v1/adoption-rules"


async def record(desk: Desk, **changes: Any) -> httpx.Response:
    said = await desk.service.client.post("/v1/acts", json=act(number=str(uuid4())), headers=desk.adopter)
    body = {
        "level": "state",
        "powers": {"ministry_order": "body"},
        "valid_from": "2020-01-01",
        "act_id": said.json()["id"],
    } | changes
    headers = desk.service.headers("registry:adoption-rules:write", roles=["platform"])
    return await desk.service.client.post(URL, json=body, headers=headers)


async def powers(desk: Desk, **query: str) -> dict[tuple[str, str | None], dict[str, str]]:
    rows = (await desk.service.client.get(URL, params=query)).json()["items"]
    return {(row["level"], row.get("regime")): row["powers"] for row in rows}


async def test_a_rule_holds_from_its_first_day_until_the_next(desk: Desk, clock: FixedClock):
    await record(desk, powers={"government_decree": "government"})
    clock.moment = NOON + timedelta(hours=1)
    await record(desk, valid_from="2023-03-24")
    await record(desk, regime="enterprise", powers={"agency_order": "body"}, valid_from="2024-01-01")
    assert await powers(desk, as_of="2019-12-31") == {}
    assert await powers(desk, as_of="2023-03-23") == {("state", None): {"government_decree": "government"}}
    assert await powers(desk) == {
        ("state", None): {"ministry_order": "body"},
        ("state", "enterprise"): {"agency_order": "body"},
    }
    assert await powers(desk, known_at=NOON.isoformat()) == {
        ("state", None): {"government_decree": "government"}
    }
    history = await every_page(desk.service, f"{URL}/history", limit=1)
    assert [row["valid_from"] for row in history] == ["2020-01-01", "2023-03-24", "2024-01-01"]


async def test_the_act_is_of_a_kind_that_adopted_such_standards_on_its_day(desk: Desk):
    await record(desk, powers={"government_decree": "government"})
    await record(desk, valid_from="2026-02-01")
    standard = (await desk.draft(await desk.propose())).json()["standard_id"]
    early = await desk.adopt(standard, 1, "2026-03-01", date="2026-01-31")
    assert pointers(early) == {"/act/kind": "act_adopts_no_such_standards"}
    assert (await desk.adopt(standard, 1, "2026-03-01", date="2026-02-01")).status_code == 200
    repealed = await desk.service.client.post(
        f"/v1/standards/{standard}/repeal",
        json={"act": act(kind="local_order", number="R"), "valid_to": "2026-06-01"},
        headers=desk.adopter | {"If-Match": '"2"'},
    )
    assert pointers(repealed) == {"/act/kind": "act_adopts_no_such_standards"}


async def test_the_regime_has_the_word_before_the_level(desk: Desk):
    await record(desk)
    await record(desk, regime="enterprise", powers={"agency_order": "body"})
    standard = (await desk.draft(await desk.propose(regime="enterprise"))).json()["standard_id"]
    assert pointers(await desk.adopt(standard, 1, "2026-03-01")) == {
        "/act/kind": "act_adopts_no_such_standards"
    }
    assert (await desk.adopt(standard, 1, "2026-03-01", kind="agency_order")).status_code == 200


async def test_a_local_council_adopts_municipal_standards_of_its_body(registry: RunningService):
    town = Desk(registry, await add_organisation(registry, "TOWN", "municipality"))
    council = Desk(registry, await add_organisation(registry, "KENESH", "council", parent_id=town.body))
    other = Desk(registry, await add_organisation(registry, "OTHER", "council", parent_id=uuid_of(council)))
    standard = (await town.draft(await town.propose(level="municipal"))).json()["standard_id"]
    council_act = {"kind": "local_council_decree"}
    assert (await council.adopt(standard, 1, "2026-03-01", **council_act)).status_code == 404, (
        "no rule says so"
    )
    await record(
        town, level="municipal", powers={"local_council_decree": "local_council", "local_order": "body"}
    )
    assert (await other.adopt(standard, 1, "2026-03-01", **council_act)).status_code == 404
    assert (await council.adopt(standard, 1, "2026-03-01", kind="local_order")).status_code == 404
    draft = await registry.client.get(f"/v1/standards/{standard}/draft", headers=council.adopter)
    assert draft.status_code == 200
    assert (
        await registry.client.get(f"/v1/standards/{standard}/draft", headers=other.adopter)
    ).status_code == 404
    done = await registry.client.post(
        "/v1/adoptions",
        json={
            "act": act(**council_act),
            "items": [{"standard_id": standard, "version": 1, "valid_from": "2026-03-01"}],
        },
        headers=council.adopter,
    )
    assert done.status_code == 201, done.text
    assert (await council.edit(standard, 2)).status_code == 403, "it adopts, it does not draft"


def uuid_of(desk: Desk) -> UUID:
    return desk.body


async def test_rights_and_unknown_acts(desk: Desk):
    refused = await record(desk, act_id=str(uuid4()))
    assert pointers(refused) == {"/act_id": "unknown_act"}
    assert (await record(desk, powers={})).status_code == 422
    assert (await record(desk, powers={"decree": "body"})).status_code == 422
    client = desk.service.client
    assert (await client.post(URL, json={})).status_code == 401
    assert (await client.post(URL, json={}, headers=desk.service.headers(*ADOPTER))).status_code == 403


async def test_the_seeds_say_who_adopts_what(seeded: RunningService):
    found = {}
    for day in ("2014-06-02", "2023-03-23", "2026-11-23"):
        rows = (await seeded.client.get(URL, params={"as_of": day})).json()["items"]
        found[day] = {row["level"]: sorted(row["powers"]) for row in rows}
    assert found == {
        "2014-06-02": {},
        "2023-03-23": {
            "municipal": ["local_council_decree"],
            "state": ["cabinet_decree", "government_decree"],
        },
        "2026-11-23": {
            "municipal": ["local_council_decree"],
            "state": ["agency_order", "cabinet_decree", "ministry_order"],
        },
    }


regimes = st.none() | st.sampled_from(["law_139", "enterprise"])


@given(st.sets(st.tuples(st.sampled_from(["state", "municipal"]), regimes)), regimes)
def test_the_narrowest_rule_holds(recorded: set[tuple[str, str | None]], regime: str | None):
    rules = [Rule(level, of, {ActKind.MINISTRY_ORDER: Adopter.BODY}) for level, of in recorded]
    found = rule_for(rules, "state", regime)
    wanted = next((of for of in (regime, None) if ("state", of) in recorded), "none")
    assert (found.regime if found else "none") == wanted
