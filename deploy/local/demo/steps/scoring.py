"""How municipalities score: an import, approved visits, a published run, and every number traced back."""

from datetime import date
from typing import Any

from deploy.local.demo.client import Demo, check
from deploy.local.demo.report import Told
from deploy.local.demo.steps.monitoring import COORDINATOR, SECOND
from deploy.local.demo.steps.registry import OSH
from services.scoring.demonstration import demonstration_import

ANALYST = ("analyst", "demo-analysts")
METHOD, INDICATOR = "sji25", "ACO3"
PERIOD = ("2026-01-01", "2026-12-31")


async def import_values(demo: Demo) -> Told:
    method = await demo.get("scoring", f"/methods/{METHOD}/versions/1")
    run = await demo.post(
        "scoring",
        "/runs",
        {"method_code": METHOD, "period_start": PERIOD[0], "period_end": PERIOD[1]},
        ANALYST,
    )
    demo.ids["live_run"] = run["id"]
    file = demonstration_import(date(2026, 9, 30))
    answers = []
    for query in ("dry_run=true", "dry_run=false", "dry_run=false"):
        answer = await demo.http.post(
            f"/api/scoring/v1/observations/imports?method={METHOD}&{query}",
            content=file.encode(),
            headers={
                "content-type": "text/csv; charset=utf-8",
                "Authorization": f"Bearer {await demo.token(*ANALYST)}",
            },
        )
        check(answer.status_code in (200, 201), f"import: {answer.status_code} {answer.text[:500]}")
        answers.append(answer.json())
    dry, first, second = answers
    demo.ids["import"] = first["id"]
    check(dry["inserted"] == first["inserted"] > 0, "the dry run counted otherwise than the import")
    check(second["inserted"] == second["revised"] == 0, "importing again changed something")

    async def scored() -> Any:
        found = await demo.get("scoring", f"/runs/{run['id']}")
        return found if found["municipalities"] >= 30 else None

    found = await demo.until("the scores of thirty municipalities", scored)
    indicators = len(method["definition"]["indicators"])
    check(indicators == 25, f"{indicators} indicators instead of 25")
    return Told(
        "POST /runs; POST /observations/imports: dry run, import, the same file again",
        f"{METHOD} v1 with 25 indicators; {first['inserted']} values (demonstration), then 0 new; "
        f"{found['municipalities']} municipalities, {found['ranked']} ranked",
        {"live_run": run["id"]},
    )


async def visits_are_scored(demo: Demo) -> Told:
    osh = await demo.until("ACO3 of Osh city", lambda: _counted(demo, demo.ids["live_run"], 3, 6))
    second = await _indicator(demo, demo.ids["live_run"], SECOND)
    check(second.get("value") is None and second["missing_reason"], "two visits are enough for a value")
    return Told(
        "GET /runs/{live}/results/{Osh city}, …/{second}",
        f"Osh city: {osh['numerator']} of {osh['denominator']} visits kept the standard = {osh['value']:g} %; "
        f"second municipality: missing ({second['missing_reason']})",
    )


async def publish_run(demo: Demo) -> Told:
    live = await demo.request("GET", "scoring", f"/runs/{demo.ids['live_run']}")
    answer = await demo.request(
        "POST",
        "scoring",
        f"/runs/{demo.ids['live_run']}/publish",
        actor=ANALYST,
        expected=201,
        headers={"If-Match": live.headers["etag"]},
    )
    run = answer.json()
    demo.ids["run"] = run["id"]
    found = await demo.get("scoring", f"/runs/{run['id']}")
    check(found["provisional"] is False, "the published run is provisional")
    result = await demo.get("scoring", f"/runs/{run['id']}/results/{OSH}")
    demo.ids["published_result"] = result
    return Told(
        "POST /runs/{live}/publish as analyst",
        f"edition {run['edition']}; Osh city: score {result['score']:.1f}, rank {result['rank']} of {run['ranked']}",
        {"run": run["id"], "input_hash": run["input_hash"]},
    )


async def why_this_score(demo: Demo) -> Told:
    path = f"/runs/{demo.ids['run']}/results/{OSH}/indicators/{INDICATOR}/lineage"
    lineage = await demo.get("scoring", path)
    visits = {visit["id"]: visit["verdict"] for visit in lineage["visits"]}
    check(set(visits) == set(demo.ids["visits"][:6]), "the lineage lists other visits")
    check(list(visits.values()).count("met") == 3, "the lineage counts otherwise")
    check(all(visit["standard"]["version"] == 1 for visit in lineage["visits"]), "a visit names no standard")
    steps = "; ".join(f"{step['name']}: {step['formula']} = {step['result']:g}" for step in lineage["steps"])
    return Told("GET /runs/{run}/results/{Osh}/indicators/ACO3/lineage", f"the six visits by id; {steps}")


async def change_one_visit(demo: Demo) -> Told:
    late = demo.ids["visits"][1]
    path = f"/submissions/{late}"
    read = await demo.request("GET", "monitoring", path, actor=COORDINATOR)
    await demo.request(
        "PATCH",
        "monitoring",
        path,
        actor=COORDINATOR,
        headers={"If-Match": read.headers["etag"]},
        json={"delivered_on": "2026-09-10"},
    )
    live = await demo.until("the numerator to move", lambda: _counted(demo, demo.ids["live_run"], 4, 6))
    published = await demo.get("scoring", f"/runs/{demo.ids['run']}/results/{OSH}")
    check(published == demo.ids["published_result"], "the published result changed")
    return Told(
        "PATCH /submissions/{late}: delivered one day earlier",
        f"provisional: {live['numerator']} of {live['denominator']} (one more); published run: unchanged, 3 of 6",
        {"visit": late},
    )


async def _indicator(demo: Demo, run: str, municipality: str) -> dict[str, Any]:
    result = await demo.get("scoring", f"/runs/{run}/results/{municipality}")
    [found] = [one for one in result["indicators"] if one["code"] == INDICATOR]
    return dict(found)


async def _counted(demo: Demo, run: str, numerator: int, denominator: int) -> dict[str, Any] | None:
    found = await _indicator(demo, run, OSH)
    return found if (found.get("numerator"), found.get("denominator")) == (numerator, denominator) else None
