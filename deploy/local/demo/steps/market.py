"""What communities want built, who pays for it, and who is told."""

from typing import Any

from deploy.local.demo.client import Demo, check
from deploy.local.demo.report import Told
from deploy.local.demo.steps.registry import OSH
from deploy.local.demo.steps.scoring import INDICATOR

AUTHOR, DONOR, AUTHORITY = ("author", "osh-eldik"), ("donor", "demo-donor"), ("respondent", OSH)
WORDS = "терезелерди"
"""A word form (accusative plural of терезе, window); the idea has other forms of it."""


async def donor_subscribes(demo: Demo) -> Told:
    wanted = {
        "event_types": ["ideas_market.idea.published.v1"],
        "territory_code": OSH,
        "sector": "governance",
        "channels": ["inbox", "webhook"],
    }

    async def taken() -> Any:
        answer = await demo.http.post(
            "/api/notifications/v1/subscriptions",
            json=wanted,
            headers={"Authorization": f"Bearer {await demo.token(*DONOR)}"},
        )
        return answer.json() if answer.status_code == 201 else None

    subscription = await demo.until("the places of the register to reach notifications", taken)
    webhook = await demo.post("notifications", "/webhooks", {"url": f"{demo.receiver_url}/ashar"}, DONOR)
    refused = await demo.request(
        "POST",
        "notifications",
        "/webhooks",
        actor=DONOR,
        expected=422,
        json={"url": "http://127.0.0.1:9/inside"},
    )
    check(refused.json()["errors"][0]["code"] == "receiver_not_allowed", "any receiver is taken")
    demo.ids |= {"subscription": subscription["id"], "webhook": webhook["id"], "secret": webhook["secret"]}
    return Told(
        "POST /subscriptions, /webhooks as donor; a receiver that is not allowed",
        "subscribed to ideas of governance in Osh city; receiver taken; the other refused with 422",
        {"subscription": subscription["id"], "webhook": webhook["id"]},
    )


async def publish_idea(demo: Demo) -> Told:
    citation = {"code": INDICATOR, "run_id": demo.ids["run"], "municipality_code": OSH}

    async def drafted() -> Any:
        answer = await demo.http.post(
            "/api/ideas_market/v1/ideas",
            json={**IDEA, "indicator": citation},
            headers={"Authorization": f"Bearer {await demo.token(*AUTHOR)}"},
        )
        return answer.json() if answer.status_code == 201 else None

    draft = await demo.until("the published run to reach the market", drafted)
    path = f"/ideas/{draft['id']}"
    await demo.request("GET", "ideas_market", path, expected=404)
    await demo.request(
        "POST",
        "ideas_market",
        f"{path}/publish",
        actor=AUTHOR,
        headers={"If-Match": f'"{draft["version"]}"'},
    )
    idea = await demo.get("ideas_market", path)
    check(idea["state"] == "published", f"the idea is {idea['state']}")
    check(idea["indicator"]["run_id"] == demo.ids["run"], "the idea names another run")
    demo.ids["idea"] = idea["id"]
    cited = idea["indicator"]
    return Told(
        "POST /ideas, …/publish as an NGO of Osh; drafts are 404 to others",
        f"{idea['code']} “{idea['title']['ky']}”, {idea['totals']['requested']['amount']} KGS asked; cites {cited['code']} "
        f"of the published run: {cited['normalised']:g} of 100",
        {"idea": idea["id"], "run": cited["run_id"]},
    )


async def donor_finds_idea(demo: Demo) -> Told:
    async def found() -> Any:
        page = await demo.get("ideas_market", "/ideas", q=WORDS)
        return [idea for idea in page["items"] if idea["id"] == demo.ids["idea"]]

    [idea] = await demo.until("the idea to be found", found)
    nothing = await demo.get("ideas_market", "/ideas", q=f"-{WORDS} {WORDS}")
    check(WORDS not in str(idea), "the idea holds the very word form that was searched")
    check(not nothing["items"], "an excluded word does not exclude")
    return Told(f"GET /ideas?q={WORDS}", f"found by its stem: {idea['code']} “{idea['title']['ky']}”")


async def donor_reserves(demo: Demo) -> Told:
    body = {"pledge": {"amount": "180000.00", "currency": "KGS"}, "message": "Биз колдойбуз."}
    path = f"/ideas/{demo.ids['idea']}"
    made = await demo.post("ideas_market", f"{path}/reservations", body, DONOR)
    again = await demo.request(
        "POST", "ideas_market", f"{path}/reservations", actor=DONOR, expected=409, json=body
    )
    check(again.headers["content-type"] == "application/problem+json", "the conflict is no problem+json")
    idea = await demo.get("ideas_market", path)
    check(idea["state"] == "reserved", f"the idea is {idea['state']}")
    return Told(
        "POST /ideas/{id}/reservations as donor, twice",
        f"reserved until {made['expires_at'][:10]} with {made['pledge']['amount']} KGS; the second answers 409",
        {"reservation": made["id"]},
    )


async def everybody_is_told(demo: Demo) -> Told:
    async def entry(actor: tuple[str, str], event_type: str, count: int) -> Any:
        async def look() -> Any:
            found = await demo.all("notifications", "/inbox", actor)
            mine = [one for one in found if one["event_type"] == event_type]
            return mine if len(mine) >= count else None

        return await demo.until(f"{event_type} in the inbox of {actor[1]}", look)

    donor = await entry(DONOR, "ideas_market.idea.published.v1", 1)
    authority = await entry(AUTHORITY, "monitoring.finding.opened.v1", 3)
    ngo = await entry(AUTHOR, "ideas_market.reservation.made.v1", 1)
    check(donor[0]["subscription_id"] == demo.ids["subscription"], "told for another reason")
    check(len(authority) == 3 and len(donor) == 1 and len(ngo) == 1, "somebody was told twice")
    return Told(
        "GET /inbox as donor, as the authority, as the NGO",
        f"donor: {donor[0]['title']['ky']}; authority: {len(authority)} findings; NGO: {ngo[0]['body']['ru']}",
    )


async def webhook_arrived(demo: Demo) -> Told:
    async def arrived() -> Any:
        return [one for one in demo.received if one.event["type"] == "ideas_market.idea.published.v1"]

    messages = await demo.until("the webhook", arrived)
    [message] = messages
    check(message.signed_with(demo.ids["secret"]), "the signature is wrong")
    check(not message.signed_with("whsec_AAAA"), "any signature is right")
    check(message.event["data"]["id"] == demo.ids["idea"], "the webhook speaks of something else")
    settled = await demo.until("the delivery to be settled", lambda: _delivered(demo))
    return Told(
        "a POST at our own receiver on loopback",
        f"{message.event['type']}, signature right, webhook-id {settled['id']}, answered {settled['last_status']}",
        {"delivery": settled["id"]},
    )


async def _delivered(demo: Demo) -> dict[str, Any] | None:
    page = await demo.get("notifications", f"/webhooks/{demo.ids['webhook']}/deliveries", DONOR)
    done = [one for one in page["items"] if one["event_type"].endswith("idea.published.v1")]
    return dict(done[0]) if done and done[0]["state"] == "delivered" else None


def _line(title: str, quantity: str, unit: str, cost: str, amount: str, funded_by: str) -> dict[str, Any]:
    return {
        "title": {"ky": title},
        "quantity": quantity,
        "unit": unit,
        "unit_cost": {"amount": cost, "currency": "KGS"},
        "amount": {"amount": amount, "currency": "KGS"},
        "funded_by": funded_by,
    }


IDEA: dict[str, Any] = {
    "title": {
        "ky": "Муниципалдык кызматтар үчүн «бир терезе» бурчу",
        "ru": "Уголок «одного окна» для муниципальных услуг",
    },
    "summary": {
        "ky": "Тургундар маалымкатты бир терезеден, өз убагында жана белгиленген акыга алат.",
        "ru": "Жители получают справки в одном окне, в срок и за установленную плату.",
    },
    "problem": {
        "ky": "Мониторинг көрсөткөндөй, алты баруунун үчөөндө стандарт сакталган эмес.",
        "ru": "Мониторинг показал: в трёх из шести посещений стандарт не соблюдён.",
    },
    "goal": {
        "ky": "Бир жылдын ичинде он кызматтын тогузу стандарт боюнча көрсөтүлсүн.",
        "ru": "За год девять из десяти обращений — по стандарту.",
    },
    "sector": "governance",
    "municipality_code": OSH,
    "activities": [
        {"title": {"ky": "Бурчту жабдуу"}, "starts": "2027-02-01", "ends": "2027-03-15"},
        {"title": {"ky": "Кызматкерлерди окутуу"}, "starts": "2027-03-01"},
    ],
    "budget_lines": [
        _line("Эмерек жана экран", "2", "комплект", "60000.00", "120000.00", "requested"),
        _line("Окутуу", "4", "күн", "20000.00", "80000.00", "requested"),
        _line("Бөлмө", "12", "ай", "5000.00", "60000.00", "own"),
    ],
    "own_contribution": [
        {
            "title": {"ky": "Бөлмөнү акысыз берүү"},
            "kind": "in_kind",
            "amount": {"amount": "60000.00", "currency": "KGS"},
        }
    ],
    "beneficiaries": 12000,
    "origin": "demonstration",
}
