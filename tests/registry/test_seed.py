"""The seeds: whole, honest about gaps, loaded through the use cases, the same on every machine."""

import csv
from collections import Counter
from time import perf_counter
from typing import Any

from services.registry.seed import SEEDS, seed
from services.registry.spec import SPEC
from shared.clock import FixedClock
from shared.ids import seed_id
from tests.kit.service import RunningService
from tests.registry.conftest import NOON, events, every_page

WITH_STANDARD = ("KG-KDS-1", "KG-MID-3", "KG-PASS-1", "KG-ID-16")


async def test_seeding_again_changes_nothing(seeded: RunningService):
    before = await _fingerprint(seeded)
    await seed(seeded.database, FixedClock(NOON))
    assert await _fingerprint(seeded) == before


async def _fingerprint(service: RunningService) -> list[object]:
    tables = sorted(name for name in SPEC.metadata.tables if name not in ("epoch", "change_epoch"))
    return [
        await service.database.pool.fetchval(
            f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
        )
        for table in tables
    ]


async def test_every_seeded_thing_has_exactly_one_first_event(seeded: RunningService):
    counted = Counter((event["type"], event["id"]) for event in await events(seeded))
    kinds = Counter(kind for kind, _ in counted)
    assert kinds["registry.territory.changed.v1"] == 2457
    assert kinds["registry.organisation.changed.v1"] == 514
    assert kinds["registry.service.changed.v1"] == 42
    assert kinds["registry.act.changed.v1"] == 27
    assert kinds["registry.boundary.recorded.v1"] == 9 + 55
    assert kinds["registry.calendar.changed.v1"] == 4
    assert kinds["registry.template.adopted.v1"] == 1
    assert kinds["registry.standard.adopted.v1"] == 4
    assert kinds["registry.service_point.changed.v1"] == 14
    with_standard = {str(seed_id("service", code)) for code in WITH_STANDARD}
    repeated = {key for key, number in counted.items() if number > 1}
    services = {key for key in repeated if key[0] != "registry.act.changed.v1"}
    assert services == {("registry.service.changed.v1", one) for one in with_standard}, (
        "changed by its standard"
    )
    effects = _rows("legal_act_effects.csv")
    affected = {str(seed_id("legal_act", row[side])) for row in effects for side in ("act", "target")}
    assert {key for _, key in repeated - services} == affected, "told with what they do to each other"


async def test_seeding_is_quick(registry: RunningService):
    started = perf_counter()
    await seed(registry.database, FixedClock(NOON))
    assert perf_counter() - started < 8


async def test_all_units_but_headings_and_all_484_municipalities_are_there(seeded: RunningService):
    units = await every_page(seeded, "/v1/territories", limit=200)
    kinds = Counter(unit["kind"] for unit in units)
    assert sum(kinds.values()) == 2457
    assert kinds["country"] == 1
    assert kinds["oblast"] == 7
    assert kinds["raion"] == 40
    assert kinds["village"] == 1900
    municipal = Counter(unit["kind"] for unit in units if unit["municipality"])
    cities = municipal["oblast_city"] + municipal["oblast_city_in_raion"]
    assert (municipal["aiyl_aimak"], municipal["republican_city"], cities, municipal["raion_city"]) == (
        453,
        2,
        13,
        16,
    )
    bodies = await every_page(seeded, "/v1/bodies", kind="municipality", limit=200)
    assert {body["code"] for body in bodies} == {unit["code"] for unit in units if unit["municipality"]}


async def test_headings_of_the_classifier_are_no_units(seeded: RunningService):
    """2,537 rows of the classifier: 2,448 units and 89 headings."""
    headings = await every_page(seeded, "/v1/territories/headings", limit=50)
    assert len(headings) == 89
    units = {unit["code"] for unit in await every_page(seeded, "/v1/territories", limit=200)}
    codes = {heading["code"] for heading in headings}
    assert len(codes | units) == 2537 + 9
    assert not codes & units
    assert {heading["parent_code"] for heading in headings} <= units
    refused = await seeded.client.get(f"/v1/territories/{headings[0]['code']}")
    assert (refused.status_code, refused.json()["code"]) == (404, "heading_of_classifier")


async def test_lists_say_which_edition_they_are_of(seeded: RunningService):
    page = (await seeded.client.get("/v1/territories", params={"limit": 1})).json()
    assert (page["edition"]["date"], page["edition"]["origin"]) == ("2021-04-12", "official")
    assert "changed_on" not in page["edition"]
    early = (await seeded.client.get("/v1/territories", params={"limit": 1, "as_of": "2001-01-01"})).json()
    assert early["edition"]["date"] == "2021-04-12", "no earlier one is recorded, and the answer says so"


async def test_what_is_not_known_of_units_is_counted(seeded: RunningService):
    gaps = (await seeded.client.get("/v1/territories/gaps")).json()
    kinds = {kind["kind"]: kind for kind in gaps["kinds"]}
    assert gaps["units"] == sum(kind["units"] for kind in gaps["kinds"]) == 2457
    assert kinds["village"]["without_ky"] == kinds["village"]["units"] == 1900
    assert (kinds["oblast"]["without_ky"], kinds["oblast"]["without_boundary"]) == (0, 0)
    assert kinds["raion"]["without_boundary"] == 0
    for field, missing in (
        ("without_ky", "ky"),
        ("without_coordinates", "coordinates"),
        ("without_p_code", "p_code"),
    ):
        listed = await every_page(seeded, "/v1/territories", missing=missing, limit=200)
        assert len(listed) == sum(kind[field] for kind in gaps["kinds"]), field


async def test_the_units_inside_osh_city_are_units_and_bodies(seeded: RunningService):
    osh = "41721000000000"
    inside = await every_page(seeded, "/v1/territories", parent=osh)
    own = [unit for unit in inside if unit["kind"].endswith("territorial_unit")]
    assert Counter(unit["kind"] for unit in own) == {"city_territorial_unit": 6, "rural_territorial_unit": 3}
    assert all(unit["path"] == ["41700000000000", osh, unit["code"]] for unit in own)
    bodies = await every_page(seeded, "/v1/bodies", kind="territorial_unit")
    assert {body["code"] for body in bodies} == {unit["code"] for unit in own}
    assert {body["parent_id"] for body in bodies} == {str(seed_id("organisation", osh))}


async def test_a_missing_kyrgyz_name_is_listed_and_never_made_up(seeded: RunningService):
    units = await every_page(seeded, "/v1/territories", limit=200)
    lacking = await every_page(seeded, "/v1/territories", limit=200, missing="ky")
    assert {unit["code"] for unit in lacking} == {unit["code"] for unit in units if "ky" not in unit["name"]}
    with_name = [unit for unit in units if "ky" in unit["name"]]
    assert len(with_name) == 62
    files = ("territories.csv", "osh_territorial_units.csv")
    known = {row["code"]: row["name_ky"] for file in files for row in _rows(file)}
    assert all(unit["name"]["ky"] == known[unit["code"]] for unit in with_name)


async def test_41_services_with_a_complete_name_14_of_them_with_a_term(seeded: RunningService):
    entries = [
        entry
        for entry in await every_page(seeded, "/v1/services", limit=200)
        if entry["origin"] != "demonstration"
    ]
    assert len(entries) == 41
    details = [(await seeded.client.get(f"/v1/services/{entry['id']}")).json() for entry in entries]
    assert sum("term" in detail["facts"] for detail in details) == 14
    assert all(entry["name"] and entry["name_states"] for entry in entries)
    for detail in details:
        if "standard" not in detail:
            assert ("term" in detail["missing"]) == ("term" not in detail["facts"])


async def test_what_was_collected_but_is_no_service_is_listed_as_a_gap(seeded: RunningService):
    gaps = (await seeded.client.get("/v1/services/gaps")).json()
    assert {gap["code"]: gap["reason"] for gap in gaps["not_entries"]} == {
        "KG-ER-1-5": "name_cut",
        "KG-SIN-3": "name_cut",
        "KG-KG-1": "name_paraphrased",
        "KG-MUN-0": "count_only",
    }
    counted = {row["row"]: row["services"] for row in gaps["rows"]}
    listed = await every_page(seeded, "/v1/services", missing="term")
    assert counted["term"] == len(listed)
    assert gaps["services"] == 41, "40 collected ones that were not merged, and the demonstration one"


async def test_the_consular_service_has_one_standard_with_an_ordinary_and_an_urgent_tier(
    seeded: RunningService,
):
    service = (await seeded.client.get(f"/v1/services/{seed_id('service', 'KG-KDS-1')}")).json()
    standard = service["standard"]
    assert service["origin"] == standard["origin"] == "official"
    assert [
        (
            tier["code"],
            tier["term"]["number"],
            tier["term"]["unit"],
            tier["fees"][0]["amount"],
            tier["fees"][0]["currency"],
        )
        for tier in standard["tiers"]
    ] == [("ordinary", 3, "working_day", "500", "KGS"), ("urgent", 1, "working_day", "900", "KGS")]
    assert "act" not in standard
    assert {"legal_basis", "refusal_grounds", "appeal"} <= set(standard["missing"])
    merged = (await seeded.client.get(f"/v1/services/{seed_id('service', 'KG-KDS-2')}")).json()
    assert merged["status"] == "merged"
    assert merged["merged_into"]["code"] == "KG-KDS-1"


async def test_tiers_say_what_the_source_states_and_no_more(seeded: RunningService):
    async def standard(code: str) -> dict[str, Any]:
        found: dict[str, Any] = (await seeded.client.get(f"/v1/services/{seed_id('service', code)}")).json()[
            "standard"
        ]
        return found

    passport = await standard("KG-PASS-1")
    assert [
        (tier["term"]["number"], tier["term"]["unit"], tier["fees"][0]["amount"], tier.get("place"))
        for tier in passport["tiers"]
    ] == [
        (18, "working_day", "2981", None),
        (8, "working_day", "4343", None),
        (4, "working_day", "5024", None),
        (2, "working_day", "5485", None),
        (3, "hour", "10363", "41711000000000"),
    ]
    assert (passport["origin"], passport["valid_from"]) == ("unofficial", "2026-03-26")
    [certificate] = (await standard("KG-MID-3"))["tiers"]
    assert certificate["term"] == {
        "number": 5,
        "unit": "working_day",
        "starts_at": "application",
        "suspended_while": {},
        "extension": {"number": 10, "unit": "working_day", "ground": {"ru": "В исключительных случаях"}},
    }
    assert "fee" in (await standard("KG-MID-3"))["missing"]
    for code in WITH_STANDARD:
        assert {"refusal_grounds", "appeal", "valid_from"} <= set((await standard(code))["missing"])


async def test_public_bodies_show_how_many_services_were_found_of_each(seeded: RunningService):
    found = {
        code: (await seeded.client.get(f"/v1/bodies/{code}")).json()["services"]
        for code in ("MES", "SCNS", "MOD", "MIA", "LSG", "STS")
    }
    assert found == {"MES": 0, "SCNS": 0, "MOD": 3, "MIA": 8, "LSG": 1, "STS": 1}


async def test_legal_acts_are_there_with_what_is_known_of_their_status(seeded: RunningService):
    acts = [act for act in await every_page(seeded, "/v1/acts") if act["origin"] != "demonstration"]
    assert len(acts) == 26
    law = next(act for act in acts if act["kind"] == "law" and act["number"] == "139")
    assert (law["date"], law["status"]) == ("2014-07-17", "in_force")
    delegation = next(act for act in acts if act["number"] == "530")
    assert (delegation["status"], delegation["status_from"]) == ("repealed", "2023-03-24")
    before = await seeded.client.get(f"/v1/acts/{delegation['id']}", params={"as_of": "2023-03-23"})
    assert before.json()["status"] == "in_force"
    met = await every_page(seeded, f"/v1/acts/{delegation['id']}/effects", met=True)
    assert [(one["kind"], one["act"]["number"], one["provision"]) for one in met] == [
        ("repeals", "115", "п. 7")
    ]
    digital_code = next(act for act in acts if act["number"] == "178")
    assert (digital_code["status_from"], digital_code["origin"]) == ("2026-02-05", "unofficial")


async def test_points_hold_what_a_source_says_and_list_the_rest(seeded: RunningService):
    points = {one["code"]: one for one in await every_page(seeded, "/v1/service-points")}
    assert Counter(one["kind"] for one in points.values()) == {
        "legal_aid_centre": 9,
        "office": 3,
        "mini_tson": 2,
    }
    assert all("latitude" not in one and "coordinates" in one["missing"] for one in points.values())
    assert {code for code, one in points.items() if one["street_address"]} == {
        "MINI-TSON-ASIA-MALL",
        "MINI-TSON-GLOBUS",
        "MOJ-BISHKEK",
        "MIA-CONVICTIONS-BISHKEK",
    }
    with_hours = {code for code, one in points.items() if "hours" in one}
    assert with_hours == {"MINI-TSON-ASIA-MALL", "MINI-TSON-GLOBUS", "MOJ-BISHKEK"}
    mall = points["MINI-TSON-ASIA-MALL"]
    assert mall["opening"]["open"] is False, "it is Monday"
    assert mall["opening"]["next"] == "2026-11-24T10:00:00+06:00"
    sokuluk = points["FLA-SOKULUK"]
    assert "дни недели в источнике не названы" in sokuluk["note"]
    assert "hours" in sokuluk["missing"]
    assert {"name_ky"} <= set(sokuluk["missing"])
    gaps = (await seeded.client.get("/v1/service-points/gaps")).json()
    assert gaps["points"] == 14
    assert {fact["code"]: fact.get("value") for fact in gaps["facts"]}["FLA-CITIZENS-2023"] == "90000+"
    assert len(gaps["facts"]) == 7


async def test_the_nearest_legal_aid_comes_by_town_without_a_distance(seeded: RunningService):
    query = {"latitude": 40.9, "longitude": 73.0, "kind": "legal_aid_centre"}
    found = await every_page(seeded, "/v1/service-points/nearest", limit=2, **query)
    assert [one["code"] for one in found][:2] == ["FLA-JALAL-ABAD", "FLA-BAZAR-KORGON"]
    assert len(found) == 9
    assert {one["no_distance"] for one in found} == {"coordinates_unknown"}
    assert not [one for one in found if "distance_m" in one]


async def test_organisations_of_the_demonstration_say_so(seeded: RunningService):
    organisations = {row["code"]: row for row in await every_page(seeded, "/v1/organisations", limit=200)}
    demonstration = {
        code: row["kind"] for code, row in organisations.items() if row["origin"] == "demonstration"
    }
    assert demonstration == {
        "ashar": "platform",
        "osh-eldik": "ngo",
        "osh-monitors": "group",
        "demo-donor": "donor",
        "demo-analysts": "ngo",
    }
    assert organisations["MFA"]["id"] == str(seed_id("organisation", "MFA"))


def _rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
