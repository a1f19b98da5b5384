"""The judge finds each kind of damage when it is planted, and nothing where there is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.history import WRITES_PER_VISIT, Visit
from tests.chaos.verdict import FINDINGS, SUBMISSIONS, Event, Finding, Seen, judge


def lived(number: int) -> Visit:
    """A visit whose every write was acknowledged."""
    visit = Visit(number, "campaign", "service", id=f"visit-{number}")
    visit.tell("submit", 1, visit.first_fee)
    visit.tell("approve", 2, visit.first_fee)
    for version, fee in enumerate(visit.fees(), 3):
        visit.tell("amend", version, fee)
    return visit


def sound(visits: list[Visit]) -> dict[str, Any]:
    """What a platform that did everything right shows."""
    feed = [
        Event(f"{visit.id}-{told.version}", SUBMISSIONS, str(visit.id), told.version, told.type)
        for number in range(WRITES_PER_VISIT)
        for visit in visits
        for told in visit.events()[number : number + 1]
    ]
    breaches = [
        Event(
            f"f-{visit.id}-{told.version}", FINDINGS, f"f-{visit.id}", told.version, told.type, str(visit.id)
        )
        for visit in visits
        for told in visit.finding_events()
    ]
    partitions = [[event for event in feed if int(event.key[-1]) % 2 == number] for number in range(2)]
    return {
        "submissions": {
            str(visit.id): {"state": "approved", "version": visit.version, "fee": visit.fee}
            for visit in visits
        },
        "feeds": {"monitoring": feed + breaches},
        "topics": {SUBMISSIONS: partitions, FINDINGS: [list(breaches)]},
        "told_since": frozenset(event.id for event in feed + breaches),
        "applied": {SUBMISSIONS: list(feed), FINDINGS: list(breaches)},
        "copies": [
            (str(visit.id), visit.version, "breached" if visit.breached else "met") for visit in visits
        ],
        "findings": [
            Finding(f"f-{visit.id}", str(visit.id), len(visit.finding_events()), frozenset({"osh", "owner"}))
            for visit in visits
        ],
        "told": [(organisation, event.id) for event in breaches for organisation in ("osh", "owner")],
        "dead_letters": {"scoring": 0},
        "projections": {"scoring.visits": ("a", "a")},
    }


VISITS = [lived(number) for number in range(6)]


def test_nothing_is_found_where_all_is_well() -> None:
    verdict = judge(VISITS, Seen(**sound(VISITS)))
    assert verdict.sound, verdict
    assert sum(len(visit.acknowledged) for visit in VISITS) == 6 * WRITES_PER_VISIT
    assert {visit.breached for visit in VISITS} == {True, False}
    opened, changed = "monitoring.finding.opened.v1", "monitoring.finding.changed.v1"
    assert VISITS[0].finding_events() == [(opened, 1), (changed, 2), (changed, 3)], "withdrawn, open again"
    assert VISITS[1].finding_events() == [(opened, 1), (changed, 2)]


def test_a_repeated_delivery_is_no_damage() -> None:
    seen = sound(VISITS)
    partition = seen["topics"][SUBMISSIONS][0]
    partition += partition[:3]
    assert judge(VISITS, Seen(**seen)).sound


def test_what_is_published_while_it_is_read_is_no_damage() -> None:
    seen = sound(VISITS)
    head = Event("head-1", "platform.audit", "registry", 1)
    seen["topics"]["platform.audit"] = [[head]]
    assert "head-1" in str(judge(VISITS, Seen(**seen)).doubled)
    seen["told_since"] |= {head.id}
    assert judge(VISITS, Seen(**seen)).sound


def test_what_was_never_acknowledged_may_be_missing() -> None:
    visits = [*VISITS, Visit(99, "campaign", "service")]
    assert judge(visits, Seen(**sound(VISITS))).sound


def forget_a_submission(seen: dict[str, Any]) -> None:
    del seen["submissions"]["visit-3"]


def forget_an_amendment(seen: dict[str, Any]) -> None:
    seen["submissions"]["visit-3"]["version"] -= 1


def forget_an_approval(seen: dict[str, Any]) -> None:
    seen["submissions"]["visit-3"]["state"] = "received"


def store_one_twice(seen: dict[str, Any]) -> None:
    seen["submissions"]["another"] = dict(seen["submissions"]["visit-3"])


def tell_one_twice(seen: dict[str, Any]) -> None:
    seen["feeds"]["monitoring"].append(seen["feeds"]["monitoring"][-1])


def swap_in_the_feed(seen: dict[str, Any]) -> None:
    seen["feeds"]["monitoring"].reverse()


def without(seen: dict[str, Any], gone: Callable[[Event], bool]) -> None:
    """As if these had never been emitted: not in the feed, so nowhere else."""
    lost = {event.id for event in seen["feeds"]["monitoring"] if gone(event)}
    assert lost
    seen["feeds"]["monitoring"] = [one for one in seen["feeds"]["monitoring"] if one.id not in lost]
    seen["told_since"] -= lost
    for topic, partitions in seen["topics"].items():
        seen["topics"][topic] = [[one for one in each if one.id not in lost] for each in partitions]
    for topic, events in seen["applied"].items():
        seen["applied"][topic] = [one for one in events if one.id not in lost]
    seen["told"] = [(who, event) for who, event in seen["told"] if event not in lost]


def emit_no_approval(seen: dict[str, Any]) -> None:
    """Revisions bring scoring up to date all the same."""
    without(seen, lambda event: event.type == "monitoring.submission.approved.v1")


def emit_no_opening(seen: dict[str, Any]) -> None:
    without(seen, lambda event: event.type == "monitoring.finding.opened.v1")


def leave_a_gap(seen: dict[str, Any]) -> None:
    without(seen, lambda event: (event.key, event.version) == ("visit-1", 3))


def leave_out_a_visit(seen: dict[str, Any]) -> None:
    without(seen, lambda event: "visit-3" in (event.key, event.visit))


def emit_what_nobody_wrote(seen: dict[str, Any]) -> None:
    event = Event("more", SUBMISSIONS, "visit-1", 9, "monitoring.submission.revised.v1")
    seen["feeds"]["monitoring"].append(event)
    seen["topics"][SUBMISSIONS][1].append(event)
    seen["applied"][SUBMISSIONS].append(event)


def apply_one_twice(seen: dict[str, Any]) -> None:
    """What a projection or a unique key would hide."""
    seen["applied"][SUBMISSIONS].append(seen["applied"][SUBMISSIONS][0])


def apply_one_never(seen: dict[str, Any]) -> None:
    seen["applied"][FINDINGS].pop()


def apply_what_was_rolled_back(seen: dict[str, Any]) -> None:
    seen["applied"][SUBMISSIONS].append(Event("ghost", SUBMISSIONS, "ghost", 1))


def apply_in_another_order(seen: dict[str, Any]) -> None:
    seen["applied"][SUBMISSIONS].reverse()


def open_no_finding(seen: dict[str, Any]) -> None:
    seen["findings"].pop()


def change_a_finding_without_cause(seen: dict[str, Any]) -> None:
    seen["findings"][0] = replace(seen["findings"][0], version=9)


def leave_one_in_the_outbox(seen: dict[str, Any]) -> None:
    seen["topics"][SUBMISSIONS][0].pop()


def swap_in_the_topic(seen: dict[str, Any]) -> None:
    seen["topics"][SUBMISSIONS][1].reverse()


def put_a_key_in_two_partitions(seen: dict[str, Any]) -> None:
    one, other = seen["topics"][SUBMISSIONS]
    other.append(one.pop())


def publish_what_was_rolled_back(seen: dict[str, Any]) -> None:
    seen["topics"][SUBMISSIONS][0].append(Event("ghost", SUBMISSIONS, "ghost", 1))


def lose_an_effect(seen: dict[str, Any]) -> None:
    seen["copies"].pop()


def double_an_effect(seen: dict[str, Any]) -> None:
    seen["copies"].append(seen["copies"][0])


def keep_an_old_verdict(seen: dict[str, Any]) -> None:
    visit, version, verdict = seen["copies"][0]
    seen["copies"][0] = (visit, version, "met" if verdict == "breached" else "breached")


def keep_an_old_version(seen: dict[str, Any]) -> None:
    visit, version, verdict = seen["copies"][0]
    seen["copies"][0] = (visit, version - 1, verdict)


def tell_nobody(seen: dict[str, Any]) -> None:
    seen["told"].clear()


def tell_one_of_two(seen: dict[str, Any]) -> None:
    seen["told"].pop()


def tell_somebody_twice(seen: dict[str, Any]) -> None:
    seen["told"] += seen["told"]


def invent_a_finding(seen: dict[str, Any]) -> None:
    seen["told"].append(("osh", "finding-2-1"))


def leave_a_dead_letter(seen: dict[str, Any]) -> None:
    seen["dead_letters"]["scoring"] = 1


def let_a_projection_drift(seen: dict[str, Any]) -> None:
    seen["projections"]["scoring.visits"] = ("a", "b")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (emit_no_approval, "lost"),
        (emit_no_opening, "lost"),
        (leave_a_gap, "lost"),
        (leave_out_a_visit, "lost"),
        (emit_what_nobody_wrote, "doubled"),
        (apply_one_twice, "doubled"),
        (apply_one_never, "lost"),
        (apply_what_was_rolled_back, "doubled"),
        (apply_in_another_order, "reordered"),
        (open_no_finding, "lost"),
        (change_a_finding_without_cause, "doubled"),
        (forget_a_submission, "lost"),
        (forget_an_amendment, "lost"),
        (forget_an_approval, "lost"),
        (store_one_twice, "doubled"),
        (tell_one_twice, "doubled"),
        (swap_in_the_feed, "reordered"),
        (leave_one_in_the_outbox, "lost"),
        (swap_in_the_topic, "reordered"),
        (put_a_key_in_two_partitions, "reordered"),
        (publish_what_was_rolled_back, "doubled"),
        (lose_an_effect, "lost"),
        (double_an_effect, "doubled"),
        (keep_an_old_verdict, "different"),
        (keep_an_old_version, "different"),
        (tell_nobody, "lost"),
        (tell_one_of_two, "lost"),
        (tell_somebody_twice, "doubled"),
        (invent_a_finding, "doubled"),
        (leave_a_dead_letter, "different"),
        (let_a_projection_drift, "different"),
    ],
)
def test_planted_damage_is_found(damage: Callable[[dict[str, Any]], None], kind: str) -> None:
    seen = sound(VISITS)
    damage(seen)
    assert judge(VISITS, Seen(**seen)).counts()[kind] > 0
