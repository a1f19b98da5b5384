from datetime import timedelta
from uuid import uuid4

from shared.contracts.ideas_market import IDEA_CHANGED, RESERVATION_ENDED, RESERVATION_MADE, ReservationState
from tests.ideas_market.world import (
    AUTHOR,
    DONOR,
    OTHER_DONOR,
    RESERVE,
    author,
    based_on,
    donor,
    drafted,
    events,
    pointers,
    published,
    reserved,
    som,
)
from tests.kit.service import RunningService


async def test_a_donor_holds_an_idea(market: RunningService) -> None:
    idea = (await published(market)).json()
    found = await reserved(market, idea["id"], pledge="250000")
    assert found.status_code == 201
    reservation = found.json()
    assert (reservation["state"], reservation["pledge"]) == ("active", som("250000.00"))
    assert (reservation["donor"]["code"], reservation["organisation"]["code"]) == ("donor", "ngo-osh")
    assert (reservation["idea"]["code"], reservation["idea"]["name"]) == (idea["code"], idea["title"])
    assert (await market.client.get(f"/v1/ideas/{idea['id']}")).json()["state"] == "reserved"
    url = found.request.url.join(found.headers["location"])
    read = await market.client.get(url, headers=donor(market))
    assert read.json() == reservation
    period = market.runtime.clock.now() + timedelta(days=30)
    expires_at = await market.database.pool.fetchval("SELECT expires_at FROM reservation")
    assert period - timedelta(minutes=5) < expires_at <= period


async def test_both_parties_are_told_and_nobody_else(market: RunningService) -> None:
    idea = (await published(market)).json()
    await reserved(market, idea["id"])
    told = await events(market)
    assert [name for name, _ in told[1:]] == [RESERVATION_MADE.name, IDEA_CHANGED.name]
    state = ReservationState.model_validate(told[1][1])
    assert (state.donor.id, state.organisation.id, str(state.idea.id)) == (DONOR, AUTHOR, idea["id"])
    row = await market.database.pool.fetchrow(
        "SELECT audience, recipients FROM event WHERE type = $1", RESERVATION_MADE.name
    )
    assert row is not None
    assert (row["audience"], set(row["recipients"])) == ("organisations", {AUTHOR, DONOR})
    assert "даярбыз" not in str(told), "the message is between the two"


async def test_reservations_are_known_to_their_parties_alone(market: RunningService) -> None:
    idea = (await published(market)).json()
    reservation = (await reserved(market, idea["id"])).json()
    url = f"/v1/reservations/{reservation['id']}"
    for headers in (donor(market), author(market)):
        assert (await market.client.get(url, headers=headers)).json()["message"] == "Биз даярбыз."
        listed = (await market.client.get("/v1/reservations", headers=headers)).json()["items"]
        assert [item["id"] for item in listed] == [reservation["id"]]
    stranger = donor(market, uuid4())
    assert (await market.client.get(url, headers=stranger)).status_code == 404
    assert (await market.client.get("/v1/reservations", headers=stranger)).json()["items"] == []
    assert (await market.client.get("/v1/reservations")).status_code == 401
    assert (await market.client.get("/v1/reservations", headers=donor(market, None))).status_code == 403  # type: ignore[arg-type]


async def test_what_a_pledge_may_be(market: RunningService) -> None:
    url = f"/v1/ideas/{(await published(market)).json()['id']}/reservations"
    bad = {
        ("300000.01", "KGS"): {"/pledge/amount": "pledge_too_large"},
        ("0", "KGS"): {"/pledge/amount": "pledge_not_positive"},
        ("0", "USD"): {"/pledge/amount": "pledge_not_positive", "/pledge/currency": "pledge_currency"},
        ("300000", "EUR"): {"/pledge/currency": "pledge_currency"},
        ("1", "som"): {"/pledge/currency": "string_pattern_mismatch"},
    }
    for (amount, currency), expected in bad.items():
        body = {"pledge": {"amount": amount, "currency": currency}}
        found = await market.client.post(url, json=body, headers=donor(market))
        assert (found.status_code, pointers(found)) == (422, expected)
    assert (await market.client.post(url, json={}, headers=donor(market))).status_code == 422
    assert (await market.client.post(url, json={"pledge": som("300000")}, headers=donor(market))).is_success


async def test_who_may_reserve_what(market: RunningService) -> None:
    idea = (await published(market)).json()
    own = await reserved(market, idea["id"], AUTHOR)
    assert (own.status_code, own.json()["code"]) == (403, "own_idea")
    hidden = (await drafted(market)).json()
    assert (await reserved(market, hidden["id"])).status_code == 404
    assert (await reserved(market, str(uuid4()))).status_code == 404
    url, body = f"/v1/ideas/{idea['id']}/reservations", {"pledge": som("1")}
    assert (await market.client.post(url, json=body)).status_code == 401
    refused = await market.client.post(url, json=body, headers=author(market, org=uuid4()))
    assert refused.json()["missing_scope"] == RESERVE


async def test_a_held_idea_is_not_held_twice(market: RunningService) -> None:
    idea = (await published(market)).json()
    await reserved(market, idea["id"])
    second = await reserved(market, idea["id"], OTHER_DONOR)
    assert (second.status_code, second.json()["code"], second.json()["state"]) == (
        409,
        "idea_not_open",
        "reserved",
    )


async def test_the_donor_lets_go(market: RunningService) -> None:
    idea = (await published(market)).json()
    held = await reserved(market, idea["id"])
    url = f"/v1/reservations/{held.json()['id']}/withdraw"
    assert (await market.client.post(url, headers=donor(market))).status_code == 428
    found = await market.client.post(url, headers=based_on(donor(market), held))
    assert (found.json()["state"], found.headers["etag"].split(".")[0]) == ("withdrawn", '"2')
    assert found.json()["ended_at"]
    assert (await market.client.get(f"/v1/ideas/{idea['id']}")).json()["state"] == "published"
    told = await events(market)
    assert [(name, payload["state"]) for name, payload in told[3:]] == [
        (RESERVATION_ENDED.name, "withdrawn"),
        (IDEA_CHANGED.name, "published"),
    ]
    again = await market.client.post(url, headers=based_on(donor(market), found))
    assert (again.status_code, again.json()["code"]) == (409, "reservation_ended")
    assert (await reserved(market, idea["id"], OTHER_DONOR)).status_code == 201


async def test_only_the_donor_decides(market: RunningService) -> None:
    held = await reserved(market, (await published(market)).json()["id"])
    for action in ("withdraw", "fulfil"):
        url = f"/v1/reservations/{held.json()['id']}/{action}"
        owner = market.headers(RESERVE, org=AUTHOR)
        refused = await market.client.post(url, headers=based_on(owner, held))
        assert (refused.status_code, refused.json()["code"]) == (403, "not_the_donor")
        stranger = donor(market, OTHER_DONOR)
        assert (await market.client.post(url, headers=based_on(stranger, held))).status_code == 404


async def test_from_a_reservation_to_the_end(market: RunningService) -> None:
    idea = (await published(market)).json()
    held = await reserved(market, idea["id"])
    url = f"/v1/reservations/{held.json()['id']}/fulfil"
    funded = await market.client.post(url, headers=based_on(donor(market), held))
    assert funded.json()["state"] == "fulfilled"
    now = await market.client.get(f"/v1/ideas/{idea['id']}")
    assert now.json()["state"] == "funded"
    done = await market.client.post(f"/v1/ideas/{idea['id']}/complete", headers=based_on(author(market), now))
    assert done.json()["state"] == "done"
    told = [(name, payload["aggregate_version"]) for name, payload in await events(market)]
    versions = [version for name, version in told if ".idea." in name]
    assert versions == sorted(set(versions)), "the idea's version grows with every event"


async def test_the_list_is_paged_and_filtered(market: RunningService) -> None:
    made = []
    for _ in range(5):
        idea = (await published(market)).json()
        held = await reserved(market, idea["id"])
        made.append(held.json()["id"])
        if len(made) == 2:
            await market.client.post(
                f"/v1/reservations/{made[-1]}/withdraw", headers=based_on(donor(market), held)
            )
    url, seen = "/v1/reservations?limit=2", []
    while url:
        answer = await market.client.get(url, headers=author(market))
        seen += [item["id"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        url = f"/v1/reservations{link[1 : link.index('>')]}" if link else ""
    assert seen == made[::-1]
    found = await market.client.get("/v1/reservations?state=withdrawn", headers=donor(market))
    assert [item["id"] for item in found.json()["items"]] == [made[1]]
