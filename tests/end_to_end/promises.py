"""What writers were promised, held against what a platform has: nothing is lost, nothing is done twice."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Set
from pathlib import Path
from typing import Any

import httpx

from deploy.gateway.settings import SERVICES
from deploy.local.demo.client import Demo
from deploy.local.demo.steps import monitoring, registry
from shared.contracts import BY_NAME
from tests.end_to_end.databases import COUNT_TOLD, query
from tests.end_to_end.stage import OSH, Gateway
from tests.end_to_end.writers import Visit


def play_up_to_the_campaign(url: str) -> tuple[str, str]:
    """A standard in force and an open campaign, as in the demo; ids of campaign and service."""

    async def play() -> tuple[str, str]:
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
            demo = Demo(http)
            for step in (
                registry.services_are_there,
                registry.draft_standard,
                registry.adopt_standard,
                monitoring.open_campaign,
            ):
                await step(demo)
            return demo.ids["campaign"], demo.ids["services"][registry.SERVICE]

    return asyncio.run(play())


def counts(folder: Path) -> dict[str, int]:
    return {service: query(folder, service, COUNT_TOLD)[0][0] for service in SERVICES}


def nothing_is_lost(api: Gateway, visits: list[Visit], others: Set[str] = frozenset()) -> None:
    """`others` are submissions somebody else made."""
    assert all(visit.approved for visit in visits), "each was acknowledged in the end"
    found = {one["id"]: one for one in api.items("monitoring/v1/submissions", "coordinator")}
    assert found.keys() == {visit.id for visit in visits} | others
    for visit in visits:
        assert visit.id is not None
        stored = found[visit.id]
        assert stored["state"] == "approved"
        whole = api.call("GET", f"monitoring/v1/submissions/{visit.id}", "coordinator").json()
        assert {name: whole[name] for name in visit.body} == visit.body


def nothing_is_doubled(
    folder: Path, api: Gateway, visits: list[Visit], others: Set[str] = frozenset()
) -> None:
    assert len({visit.id for visit in visits}) == len(visits), "one submission for each key"
    for service in SERVICES:
        feed_is_sound(service, api.changes(service, api.service_token()), folder)
        assert query(folder, service, "SELECT count(*) FROM dead_letter")[0][0] == 0, service
    told = api.changes("monitoring", api.service_token())
    breached = [visit for visit in visits if visit.fee_breached]
    assert told_of(told, "monitoring.submission.approved.v1", "id", others) == Counter(
        visit.id for visit in visits
    )
    assert told_of(told, "monitoring.finding.opened.v1", "submission_id", others) == Counter(
        visit.id for visit in breached
    )
    scored(folder, visits, others)
    foreign = {
        event["subject"]
        for event in told
        if event["type"] == "monitoring.finding.opened.v1" and event["data"]["submission_id"] in others
    }
    everybody_was_told_once(folder, api, breached, foreign)


def told_of(told: list[dict[str, Any]], name: str, field: str, others: Set[str]) -> Counter[str]:
    """Events of a type by the submission in this field."""
    found = Counter(event["data"][field] for event in told if event["type"] == name)
    return Counter({one: count for one, count in found.items() if one not in others})


def feed_is_sound(service: str, events: list[dict[str, Any]], folder: Path) -> None:
    """Dense positions, each event once, versions of an aggregate in order, and the feed is the table.

    A head of the audit trail may follow at any time, also after the feed was read; nothing else may.
    """
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    rows = query(folder, service, "SELECT event_id, topic FROM event ORDER BY position")
    assert [event["id"] for event in events] == [str(row["event_id"]) for row in rows[: len(events)]]
    assert {row["topic"] for row in rows[len(events) :]} <= {f"{service}.audit"}
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in events:
        versions[BY_NAME[event["type"]].topic, event["subject"]].append(event["data"]["aggregate_version"])
    assert all(found == sorted(set(found)) for found in versions.values()), service


def scored(folder: Path, visits: list[Visit], others: Set[str]) -> None:
    """Scoring's copy holds each approved visit once, with its verdict."""
    rows = query(folder, "scoring", "SELECT id, verdict, municipality_code FROM visit WHERE NOT withdrawn")
    copied = Counter(
        (str(row["id"]), row["verdict"], row["municipality_code"])
        for row in rows
        if str(row["id"]) not in others
    )
    wanted = Counter(
        (visit.id, "breached" if visit.fee_breached else "met", visit.body["municipality_code"])
        for visit in visits
    )
    assert copied == wanted


def everybody_was_told_once(folder: Path, api: Gateway, breached: list[Visit], foreign: Set[str]) -> None:
    """`foreign` are findings of others' visits."""
    rows = query(
        folder,
        "notifications",
        """SELECT organisation_id, subject_id, count(*) FROM inbox_entry
           WHERE event_type = 'monitoring.finding.opened.v1' GROUP BY organisation_id, subject_id""",
    )
    assert [row["count"] for row in rows] == [1] * len(rows)
    findings = {str(row["subject_id"]) for row in rows} - foreign
    assert len(findings) == len(breached), "one finding for each breach"
    own = [
        one
        for one in api.items("notifications/v1/inbox", "respondent")
        if one["event_type"] == "monitoring.finding.opened.v1" and one["subject_id"] in findings
    ]
    assert len(own) == sum(visit.body["municipality_code"] == OSH for visit in breached)
