"""Ours and floor in turn: rounds, which of them count, and the figure they make."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench import wrk
from tests.bench.cores import Cores
from tests.bench.figures import SIDES, stamp
from tests.bench.limits import Limit, Usage, Watched, watch

SECONDS = 4.0
WARM_UP_SECONDS = 1.0
ROUNDS = 3
ATTEMPTS = 6


class NothingCounted(RuntimeError):
    """Too few rounds in which the server or Postgres was the limit: the machine was busy with other things."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: what is asked, and whom to watch meanwhile."""

    request: wrk.Request
    watched: Watched
    before: Callable[[], None] = lambda: None
    """Brings both sides to the same start before each turn."""


@dataclass(frozen=True)
class Turn:
    answered: wrk.Answered
    usage: Usage
    limit: Limit | None

    def as_json(self) -> dict[str, Any]:
        return {
            "per_s": round(self.answered.per_second, 1),
            "p50_ms": round(self.answered.p50_ms, 2),
            "p99_ms": round(self.answered.p99_ms, 2),
            "limit": self.limit,
            "cpu": self.usage.as_json(),
        }


def compare(ours: Side, floor: Side, cores: Cores, report: Callable[[str], None]) -> dict[str, Any]:
    """The figure: medians of the rounds that count, and their ratio. Raises NothingCounted, wrk.LoadFailed."""
    for side in (ours, floor):
        _turn(side, cores, WARM_UP_SECONDS)
    counted: list[tuple[Turn, Turn]] = []
    for found in _rounds(ours, floor, cores):
        ok = all(turn.limit is not None for turn in found)
        report(f"{'counts' if ok else 'does not count'}: {_line(*found)}")
        if ok:
            counted.append(found)
        if len(counted) == ROUNDS:
            return figure(counted)
    raise NothingCounted(f"{len(counted)} of {ROUNDS} rounds counted in {ATTEMPTS} attempts")


def figure(rounds: list[tuple[Turn, Turn]]) -> dict[str, Any]:
    """`value` is the ratio of the medians; `limit` is what most turns of a side ran into, with its CPU share."""
    sides = list(zip(*rounds, strict=True))
    ours, floor = (statistics.median(turn.answered.per_second for turn in side) for side in sides)
    return {
        "value": round(ours / floor, 3),
        "ours": round(ours, 1),
        "floor": round(floor, 1),
        "unit": "req/s",
        "limit": {name: _limit(side) for name, side in zip(SIDES, sides, strict=True)},
        "rounds": [{"ours": mine.as_json(), "floor": other.as_json()} for mine, other in rounds],
        "at": stamp(),
    }


def _limit(side: tuple[Turn, ...]) -> dict[str, Any]:
    limit = statistics.mode(turn.limit for turn in side)
    shares = [turn.usage.as_json().get(str(limit), 0.0) for turn in side if turn.limit == limit]
    return {"by": limit, "cpu": round(statistics.mean(shares), 2)}


def _rounds(ours: Side, floor: Side, cores: Cores) -> Iterator[tuple[Turn, Turn]]:
    for _ in range(ATTEMPTS):
        yield _turn(ours, cores, SECONDS), _turn(floor, cores, SECONDS)


def _turn(side: Side, cores: Cores, seconds: float) -> Turn:
    side.before()
    load = wrk.start(side.request, seconds)
    # Until a little before its end: what a process used is gone with it.
    usage = watch(side.watched, load.pid, cores, seconds * 0.97)
    output, _ = load.communicate()
    return Turn(wrk.read(side.request, output), usage, usage.limit(len(cores.rest)))


def _line(ours: Turn, floor: Turn) -> str:
    return "; ".join(
        f"{name} {turn.answered.per_second:,.0f}/s ({turn.answered.per_second / turn.usage.server:,.0f} a CPU second)"
        f" p99 {turn.answered.p99_ms:.1f} ms, limit {turn.limit} {turn.usage.as_json()}"
        for name, turn in (("ours", ours), ("floor", floor))
    )
