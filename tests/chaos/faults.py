"""Which part is hurt when and how: a schedule that a seed makes, and the hurting, by process id."""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import psutil


class Fault(StrEnum):
    KILL = "kill"
    """SIGKILL of the part and everything it started; whoever supervises it starts it again."""
    FREEZE = "freeze"
    """SIGSTOP for some seconds, then SIGCONT: a pause, a full disk, a sleeping machine."""


@dataclass(frozen=True)
class Planned:
    at: float
    """Seconds from the start."""
    part: str
    fault: Fault
    seconds: float
    """How long it is frozen; 0 for a kill."""


QUIET_AT_THE_END = 3.0
GAP = (1.5, 5.0)
FROZEN = (1.0, 9.0)
"""Also longer than a consumer's session of 6 seconds: the group goes on without it, and it comes back."""
ALONE = ("kafka",)
"""Of these kinds one part at a time: two brokers of three must have every record."""


def kind_of(part: str) -> str:
    """`worker:registry` → `worker`."""
    return part.partition(":")[0]


def schedule(parts: Sequence[str], seconds: float, seed: int) -> list[Planned]:
    """A fault every few seconds; every kind of part is hurt before one is hurt again. Pure."""
    chance = random.Random(seed)
    kinds: list[str] = []
    found: list[Planned] = []
    busy: dict[str, float] = {}
    at = chance.uniform(*GAP)
    while at < seconds - QUIET_AT_THE_END:
        if not kinds:
            kinds = sorted({kind_of(part) for part in parts})
            chance.shuffle(kinds)
        at = round(at, 2)
        kind = kinds.pop()
        part = chance.choice([part for part in parts if kind_of(part) == kind])
        fault = chance.choice(list(Fault))
        lasts = round(chance.uniform(*FROZEN), 2) if fault is Fault.FREEZE else 0.0
        name = kind if kind in ALONE else part
        if busy.get(name, 0.0) <= at:
            found.append(Planned(at, part, fault, lasts))
            # A part that was killed needs some seconds to come back.
            busy[name] = at + max(lasts, 2.0) + (8.5 if kind in ALONE else 0.0)
        at += chance.uniform(*GAP)
    return found


async def inject(
    planned: Iterable[Planned],
    pids: Callable[[], Mapping[str, int | None]],
    report: Callable[[str], None],
) -> int:
    """Carry the schedule out; how many faults hit a running part. Everything frozen goes on in the end."""
    started, hits = time.monotonic(), 0
    thawing: set[asyncio.Task[None]] = set()
    try:
        for fault in planned:
            await asyncio.sleep(max(0.0, started + fault.at - time.monotonic()))
            pid = pids().get(fault.part)
            family = _family(pid) if pid else []
            if not family:
                report(f"{fault.at:6.1f} s  {fault.part} is not running")
                continue
            hits += 1
            report(f"{fault.at:6.1f} s  {fault.fault} {fault.part} {fault.seconds or ''}".rstrip())
            if fault.fault is Fault.KILL:
                _signal(family, signal.SIGKILL)
            else:
                _signal(family, signal.SIGSTOP)
                thawing.add(asyncio.create_task(_thaw(family, fault.seconds)))
    finally:
        await asyncio.gather(*thawing)
    return hits


async def _thaw(family: Sequence[psutil.Process], seconds: float) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(family, signal.SIGCONT)


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _signal(family: Sequence[psutil.Process], sent: signal.Signals) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):  # psutil knows whether the pid belongs to another process by now
            process.send_signal(sent)
