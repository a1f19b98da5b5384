"""What people really get: a campaign in two municipalities, eight visits, each checked and approved."""

from typing import Any

from deploy.local.demo.client import Demo, check
from deploy.local.demo.report import Told
from deploy.local.demo.steps.registry import OSH, SERVICE

SECOND = "41702225889000"
COORDINATOR, MONITOR = ("coordinator", "osh-monitors"), ("monitor", "osh-monitors")

# Applied Thursday 27 August: Friday counts, Saturday and Sunday do not, Monday 31 August is Independence Day,
# Tuesday and Wednesday count: the third working day is 2 September.
VISITS: tuple[dict[str, Any], ...] = (
    {"name": "over a weekend and a public holiday, in time", "municipality_code": OSH, "applied_on": "2026-08-27", "delivered_on": "2026-09-02", "wanted": "met"},
    {"name": "late by one day", "municipality_code": OSH, "applied_on": "2026-09-07", "delivered_on": "2026-09-11", "wanted": "breached:term"},
    {"name": "asked a higher fee", "municipality_code": OSH, "applied_on": "2026-09-08", "delivered_on": "2026-09-09", "fees_paid": [{"amount": "250.00", "currency": "KGS"}], "wanted": "breached:fee"},
    {"name": "asked a document that is not on the list", "municipality_code": OSH, "applied_on": "2026-09-09", "delivered_on": "2026-09-10", "documents_asked": ["identity", "справка о составе семьи"], "wanted": "breached:documents"},
    {"name": "urgent tier, next day", "municipality_code": OSH, "tier": "urgent", "applied_on": "2026-09-10", "delivered_on": "2026-09-11", "fees_paid": [{"amount": "200.00", "currency": "KGS"}], "wanted": "met"},
    {"name": "same day", "municipality_code": OSH, "applied_on": "2026-09-14", "delivered_on": "2026-09-14", "wanted": "met"},
    {"name": "in time", "municipality_code": SECOND, "applied_on": "2026-09-08", "delivered_on": "2026-09-10", "wanted": "met"},
    {"name": "pensioner, free of charge", "municipality_code": SECOND, "applicant": "pensioner", "applied_on": "2026-09-15", "delivered_on": "2026-09-16", "fees_paid": [], "wanted": "met"},
)  # fmt: skip
USUAL: dict[str, Any] = {
    "tier": "ordinary",
    "fees_paid": [{"amount": "100.00", "currency": "KGS"}],
    "documents_asked": ["identity"],
}


async def open_campaign(demo: Demo) -> Told:
    body = {
        "code": "DEMO-2026-1",
        "name": {
            "ky": "Жашаган жери жөнүндө маалымкат: Ош жана дагы бир айыл аймагы (көрсөтмө)",
            "ru": "Справка с места жительства: Ош и ещё один айылный аймак (демонстрация)",
        },
        "starts_on": "2026-08-17",
        "ends_on": "2026-12-31",
        "municipalities": [OSH, SECOND],
        "services": [demo.ids["services"][SERVICE]],
        "origin": "demonstration",
    }
    made = await demo.post("monitoring", "/campaigns", body, COORDINATOR)
    path = f"/campaigns/{made['id']}"

    async def known() -> Any:
        found = await demo.get("monitoring", path, COORDINATOR)
        named = [*found["municipalities"], *found["services"]]
        return found if all(one.get("name") for one in named) else None

    await demo.until("the registry's events to reach monitoring", known)
    await demo.request(
        "POST",
        "monitoring",
        f"{path}/open",
        actor=COORDINATOR,
        headers={"If-Match": f'"{made["version"]}"'},
    )
    found = await demo.get("monitoring", path)
    check(found["state"] == "open", f"the campaign is {found['state']}")
    demo.ids["campaign"] = made["id"]
    names = ", ".join(one["name"].get("ru", one["code"]) for one in found["municipalities"])
    return Told("POST /campaigns, …/open as coordinator", f"open in {names}", {"campaign": made["id"]})


async def submit_visits(demo: Demo) -> Told:
    demo.ids["visits"] = []
    for number, visit in enumerate(VISITS):
        facts = {name: value for name, value in visit.items() if name not in ("name", "wanted")}
        body = {
            "campaign_id": demo.ids["campaign"],
            "service_id": demo.ids["services"][SERVICE],
            **USUAL,
            **facts,
        }
        key = {"Idempotency-Key": f"demo-visit-{number}-{demo.ids['campaign']}"}
        first = await demo.post("monitoring", "/submissions", body, MONITOR, headers=key)
        again = await demo.post("monitoring", "/submissions", body, MONITOR, headers=key)
        check(again["id"] == first["id"], "the same Idempotency-Key made a second visit")
        demo.ids["visits"].append(first["id"])
    found = await demo.all("monitoring", "/submissions", COORDINATOR)
    check(len(found) == len(VISITS), f"{len(found)} visits instead of {len(VISITS)}")
    return Told(
        "POST /submissions × 8 as monitor, each sent twice under its Idempotency-Key",
        f"{len(found)} visits: six in Osh city, two in the other municipality",
    )


async def visits_are_checked(demo: Demo) -> Told:
    said = []
    for visit, identifier in zip(VISITS, demo.ids["visits"], strict=True):

        async def checked(identifier: str = identifier) -> Any:
            found = await demo.get("monitoring", f"/submissions/{identifier}", COORDINATOR)
            return found if found["check"]["state"] == "done" else None

        result = (await demo.until("the check of a visit", checked))["check"]
        breached = [one["criterion"] for one in result["checks"] if one["verdict"] == "breached"]
        got = ":".join([result["verdict"], *breached])
        check(got == visit["wanted"], f"{visit['name']}: {got} instead of {visit['wanted']}")
        check(result["standard"]["version"] == 1, "checked against another version")
        check(not result["provisional"], f"{visit['name']}: the calendar is provisional")
        said.append(f"{visit['name']} → {got}")
    return Told("GET /submissions/{id} × 8", "; ".join(said))


async def approve_visits(demo: Demo) -> Told:
    for identifier in demo.ids["visits"]:
        path = f"/submissions/{identifier}"
        read = await demo.request("GET", "monitoring", path, actor=COORDINATOR)
        await demo.request(
            "POST",
            "monitoring",
            f"{path}/approve",
            actor=COORDINATOR,
            headers={"If-Match": read.headers["etag"]},
        )
    approved = await demo.all("monitoring", "/submissions", COORDINATOR)
    check(all(found["state"] == "approved" for found in approved), "not all visits are approved")
    findings = await demo.all("monitoring", "/findings", ("respondent", OSH))
    criteria = sorted(found["criterion"] for found in findings)
    check(criteria == ["documents", "fee", "term"], f"findings of Osh are {criteria}")
    return Told(
        "POST /submissions/{id}/approve × 8 as coordinator; GET /findings as the authority",
        f"8 approved, 3 findings before Osh city: {', '.join(criteria)}",
    )
