"""Ours and floor in turn: rounds, which of them count, and the figure they make."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench import wrk
from tests.bench.cores import Cores
from tests.bench.cpu import CpuTimes, Limit, Usage
from tests.bench.figures import stamp

SECONDS = 4.0
WARM_UP_SECONDS = 1.0
ROUNDS = 3
ATTEMPTS = 6


class NothingCounted(RuntimeError):
    """Too few rounds in which the server or Postgres was the limit: the machine was busy with other things."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: what is asked, and whose CPU time shows who was the limit."""

    request: wrk.Request
    server: int
    postgres: int
    gateway: int | None = None
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
            break
    if len(counted) < ROUNDS:
        raise NothingCounted(f"{len(counted)} of {ROUNDS} rounds counted in {ATTEMPTS} attempts")
    return figure(counted)


def figure(rounds: list[tuple[Turn, Turn]]) -> dict[str, Any]:
    ours, floor = (
        statistics.median(turn.answered.per_second for turn in side) for side in zip(*rounds, strict=True)
    )
    return {
        "value": round(ours / floor, 3),
        "ours": round(ours, 1),
        "floor": round(floor, 1),
        "unit": "req/s",
        "rounds": [{"ours": mine.as_json(), "floor": other.as_json()} for mine, other in rounds],
        "at": stamp(),
    }


def _rounds(ours: Side, floor: Side, cores: Cores) -> Iterator[tuple[Turn, Turn]]:
    for _ in range(ATTEMPTS):
        yield _turn(ours, cores, SECONDS), _turn(floor, cores, SECONDS)


def _turn(side: Side, cores: Cores, seconds: float) -> Turn:
    side.before()
    server, postgres = CpuTimes(side.server), CpuTimes(side.postgres)
    gateway = CpuTimes(side.gateway) if side.gateway else None
    started = time.monotonic()
    load = wrk.start(side.request, seconds)
    generator = CpuTimes(load.pid)
    # Read a little before its end: what a process used is gone with it.
    time.sleep(max(0.0, started + seconds * 0.97 - time.monotonic()))
    elapsed = time.monotonic() - started
    usage = Usage(
        server=server.spent() / elapsed,
        postgres=postgres.spent() / elapsed,
        load=generator.spent() / elapsed,
        gateway=gateway.spent() / elapsed if gateway else 0.0,
    )
    output, _ = load.communicate()
    return Turn(wrk.read(side.request, output), usage, usage.limit(len(cores.rest)))


def _line(ours: Turn, floor: Turn) -> str:
    parts = [
        f"{name} {turn.answered.per_second:,.0f}/s ({turn.answered.per_second / turn.usage.server:,.0f} per CPU second) p99 {turn.answered.p99_ms:.1f} ms {turn.limit} {turn.usage.as_json()}"
        for name, turn in (("ours", ours), ("floor", floor))
    ]
    return "; ".join(parts)
