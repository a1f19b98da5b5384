"""What the state promises: territories, bodies, services, and a municipal standard adopted by an act."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.demo.client import Demo, check
from deploy.local.demo.report import Told

OSH = "41721000000000"
SERVICE = "DEMO-RESIDENCE"
REGISTRAR, ADOPTER = ("registrar", "LSG"), ("adopter", "LSG")
IN_FORCE_FROM = "2026-03-02"
TERM_DAYS, FEE = 3, "100.00"


async def register_is_there(demo: Demo) -> Told:
    municipalities = await demo.all("registry", "/territories", municipality="true")
    osh_units = await demo.all("registry", "/territories", parent=OSH)
    bodies = await demo.all("registry", "/bodies")
    check(len(municipalities) == 484, f"{len(municipalities)} municipalities instead of 484")
    check(any("Сулайман" in str(unit["name"]) for unit in osh_units), "Osh's territorial units are missing")
    demo.ids["municipalities"] = {found["code"]: found for found in municipalities}
    return Told(
        "GET /territories?municipality=true, …?parent=Osh, /bodies",
        f"{len(municipalities)} municipalities, {len(osh_units)} units of Osh city, {len(bodies)} bodies",
    )


async def services_are_there(demo: Demo) -> Told:
    services = [
        found for found in await demo.all("registry", "/services") if found["origin"] != "demonstration"
    ]
    gaps = await demo.get("registry", "/services/gaps")
    with_term = [found for found in services if "term" not in found["missing"]]
    check(len(services) == 41, f"{len(services)} collected services instead of 41")
    check(len(with_term) == 14, f"{len(with_term)} services with a term instead of 14")
    demo.ids["services"] = {found["code"]: found["id"] for found in await demo.all("registry", "/services")}
    return Told(
        "GET /services, /services/gaps",
        f"{len(services)} collected services, {len(with_term)} with a term; "
        f"{len(gaps['rows'])} kinds of gaps listed, {len(gaps['not_entries'])} findings that are no entry",
    )


async def consular_tiers(demo: Demo) -> Told:
    service = await demo.get("registry", f"/services/{demo.ids['services']['KG-KDS-1']}")
    tiers = {tier["code"]: _tier(tier) for tier in service["standard"]["tiers"]}
    wanted = {"ordinary": "3 working_day 500 KGS", "urgent": "1 working_day 900 KGS"}
    check(tiers == wanted, f"tiers are {tiers}")
    check(service["standard"]["origin"] == "official", "the consular standard is not official")
    return Told("GET /services/{KG-KDS-1}", "; ".join(f"{name}: {text}" for name, text in tiers.items()))


def _tier(tier: dict[str, Any]) -> str:
    term, fee = tier["term"], tier["fees"][0]
    return f"{term['number']} {term['unit']} {float(fee['amount']):g} {fee['currency']}"


async def draft_standard(demo: Demo) -> Told:
    law = next(act for act in await demo.all("registry", "/acts", kind="law") if act["number"] == "139")
    basis = [{"act_id": law["id"]}]
    body = {"service_id": demo.ids["services"][SERVICE], **CONTENT, "legal_basis": basis}
    draft = await demo.post("registry", "/standards", body, REGISTRAR)
    demo.ids["standard"] = draft["standard_id"]
    check(draft["problems"] == [], f"the draft has problems: {draft['problems']}")
    hidden = await demo.request("GET", "registry", f"/standards/{demo.ids['standard']}", expected=404)
    check(hidden.json()["code"] == "not_found", "others see the draft")
    return Told(
        "POST /standards as registrar of LSG",
        "draft without problems; 404 to everybody else",
        {"standard": draft["standard_id"]},
    )


async def adopt_standard(demo: Demo) -> Told:
    standard = demo.ids["standard"]
    before = datetime.now(UTC) - timedelta(seconds=1)
    read = await demo.request("GET", "registry", f"/standards/{standard}/draft", actor=ADOPTER)
    await demo.request(
        "POST",
        "registry",
        f"/standards/{standard}/adopt",
        actor=ADOPTER,
        expected=200,
        headers={"If-Match": read.headers["etag"]},
        json={"act": ACT, "valid_from": IN_FORCE_FROM},
    )
    now = await demo.get("registry", f"/standards/{standard}")
    check(now["in_force"]["valid_from"] == IN_FORCE_FROM, "not in force since the date of the act")
    earlier = await demo.get("registry", f"/standards/{standard}", as_of="2026-03-01")
    check(earlier.get("in_force") is None, "in force before the act")
    unknown = await demo.get(
        "registry", f"/standards/{standard}", as_of="2026-09-01", known_at=before.isoformat()
    )
    check(unknown.get("in_force") is None, "known before it was recorded")
    service = await demo.get("registry", f"/services/{demo.ids['services'][SERVICE]}")
    check(
        service["standard"]["version_id"] == now["in_force"]["version_id"],
        "the service shows another version",
    )
    return Told(
        f"POST /standards/{{id}}/adopt: act {ACT['number']}, in force since {IN_FORCE_FROM}",
        f"version {now['in_force']['number']}: in force since {IN_FORCE_FROM}, known since today; "
        "as_of the day before and known_at before today answer that there is none",
        {"version": now["in_force"]["version_id"]},
    )


ACT = {
    "kind": "local_council_decree",
    "number": "DEMO-7",
    "date": "2026-02-20",
    "issuer": {
        "ky": "Жергиликтүү кеңеш (көрсөтмө)",
        "ru": "Местный кенеш (демонстрация)",
        "en": "Local council (demonstration)",
    },
    "title": {
        "ky": "Муниципалдык кызматтын стандарты жөнүндө (көрсөтмө)",
        "ru": "О стандарте муниципальной услуги (демонстрация)",
    },
}
CONTENT: dict[str, Any] = {
    "tiers": [
        {
            "code": "ordinary",
            "urgency": "ordinary",
            "channel": "in_person",
            "term": {"number": TERM_DAYS, "unit": "working_day", "starts_at": "application"},
            "fees": [{"amount": FEE, "currency": "KGS", "exempt": ["pensioner", "disability"]}],
        },
        {
            "code": "urgent",
            "urgency": "urgent",
            "channel": "in_person",
            "term": {"number": 1, "unit": "working_day", "starts_at": "application"},
            "fees": [{"amount": "200.00", "currency": "KGS", "exempt": []}],
        },
    ],
    "documents": [
        {"code": "identity", "name": {"ky": "Паспорт же ID-карта", "ru": "Паспорт или ID-карта"}},
        {
            "code": "housing_record",
            "name": {"ky": "Турак жайдын реестринен көчүрмө", "ru": "Выписка из реестра жилья"},
            "obtained_by_body": True,
        },
    ],
    "refusal_grounds": [
        {
            "code": "not_resident",
            "text": {
                "ky": "Арыз ээси бул аймакта жашабайт",
                "ru": "Заявитель не проживает на этой территории",
            },
            "norm": "DEMO-7, 12",
        }
    ],
    "appeal": {
        "authority": {
            "ky": "Айыл өкмөтүнүн же мэриянын жетекчиси",
            "ru": "Руководитель айыл окмоту или мэрии",
        },
        "term": {"number": 14, "unit": "working_day", "starts_at": "application"},
        "form": {"ky": "Жазуу жүзүндө же оозеки", "ru": "Письменно или устно"},
        "norm": "DEMO-7, 15",
    },
    "rows": {
        "recipients": {"ky": "Ушул аймактын тургундары", "ru": "Жители этой территории"},
        "result": {"ky": "Жашаган жери жөнүндө маалымкат", "ru": "Справка с места жительства"},
    },
    "review_on": "2028-03-01",
}
