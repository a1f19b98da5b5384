"""The judge finds each kind of damage when it is planted, and nothing where there is none."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.history import AMENDMENTS, WRITES_PER_VISIT, Visit
from tests.chaos.verdict import Event, Seen, judge

TOPIC = "monitoring.submission"


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
        Event(f"{visit.id}-{version}", TOPIC, str(visit.id), version)
        for version in range(1, AMENDMENTS + 2)
        for visit in visits
    ]
    partitions = [[event for event in feed if int(event.key[-1]) % 2 == number] for number in range(2)]
    return {
        "submissions": {
            str(visit.id): {"state": "approved", "version": visit.version, "fee": visit.fee}
            for visit in visits
        },
        "feeds": {"monitoring": feed},
        "topics": {TOPIC: partitions},
        "told_since": frozenset(event.id for event in feed),
        "copies": [(str(visit.id), "breached" if visit.breached else "met") for visit in visits],
        "told": [("osh", "finding-1")],
        "findings": ["finding-1"],
        "dead_letters": {"scoring": 0},
        "projections": {"scoring.visits": ("a", "a")},
    }


VISITS = [lived(number) for number in range(6)]


def test_nothing_is_found_where_all_is_well() -> None:
    verdict = judge(VISITS, Seen(**sound(VISITS)))
    assert verdict.sound, verdict
    assert sum(len(visit.acknowledged) for visit in VISITS) == 6 * WRITES_PER_VISIT
    assert {visit.breached for visit in VISITS} == {True, False}


def test_a_repeated_delivery_is_no_damage() -> None:
    seen = sound(VISITS)
    partition = seen["topics"][TOPIC][0]
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


def leave_one_in_the_outbox(seen: dict[str, Any]) -> None:
    seen["topics"][TOPIC][0].pop()


def swap_in_the_topic(seen: dict[str, Any]) -> None:
    seen["topics"][TOPIC][1].reverse()


def put_a_key_in_two_partitions(seen: dict[str, Any]) -> None:
    one, other = seen["topics"][TOPIC]
    other.append(one.pop())


def publish_what_was_rolled_back(seen: dict[str, Any]) -> None:
    seen["topics"][TOPIC][0].append(Event("ghost", TOPIC, "ghost", 1))


def lose_an_effect(seen: dict[str, Any]) -> None:
    seen["copies"].pop()


def double_an_effect(seen: dict[str, Any]) -> None:
    seen["copies"].append(seen["copies"][0])


def keep_an_old_verdict(seen: dict[str, Any]) -> None:
    visit, verdict = seen["copies"][0]
    seen["copies"][0] = (visit, "met" if verdict == "breached" else "breached")


def tell_nobody(seen: dict[str, Any]) -> None:
    seen["told"].clear()


def tell_somebody_twice(seen: dict[str, Any]) -> None:
    seen["told"] += seen["told"]


def invent_a_finding(seen: dict[str, Any]) -> None:
    seen["told"].append(("osh", "finding-2"))


def leave_a_dead_letter(seen: dict[str, Any]) -> None:
    seen["dead_letters"]["scoring"] = 1


def let_a_projection_drift(seen: dict[str, Any]) -> None:
    seen["projections"]["scoring.visits"] = ("a", "b")


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
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
        (tell_nobody, "lost"),
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
