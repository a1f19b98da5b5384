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
BACK_SECONDS = 2.0
ALONE = ("kafka",)
"""Of these kinds one part at a time: two brokers of three must have every record."""
LOADED = (
    *("worker:monitoring", "worker:scoring", "worker:notifications", "probe"),
    *("api:monitoring", "kafka", "postgres", "gateway"),
)
"""Every write of the load and each of its effects goes through these: every run hurts them all."""


def kind_of(part: str) -> str:
    """`worker:registry` → `worker`."""
    return part.partition(":")[0]


def class_of(part: str) -> str:
    """What the first round takes one of: `worker:monitoring:1` → `worker:monitoring`, `kafka:2` → `kafka`."""
    loaded = [one for one in LOADED if part == one or part.startswith(f"{one}:")]
    return loaded[0] if loaded else part


def schedule(parts: Sequence[str], seconds: float, seed: int) -> list[Planned]:
    """A fault every few seconds. First one for each class of `LOADED`, both faults among them and a broker killed;
    then every kind of part is hurt before one is hurt again. Pure."""
    chance = random.Random(seed)
    found: list[Planned] = []
    busy: dict[str, float] = {}
    first = _first_round(parts, chance)
    # A short run has its first round, too.
    longest = min(GAP[1], (seconds - QUIET_AT_THE_END) / (len(first) + 1))
    gap = (min(GAP[0], longest), longest)
    kinds: list[str] = []
    at = chance.uniform(*gap)
    while at < seconds - QUIET_AT_THE_END:
        at = round(at, 2)
        if first:
            part, fault = first.pop()
        else:
            if not kinds:
                kinds = sorted({kind_of(part) for part in parts})
                chance.shuffle(kinds)
            kind = kinds.pop()
            part = chance.choice([part for part in parts if kind_of(part) == kind])
            fault = chance.choice(list(Fault))
        lasts = round(chance.uniform(*FROZEN), 2) if fault is Fault.FREEZE else 0.0
        name = kind_of(part) if kind_of(part) in ALONE else part
        if busy.get(name, 0.0) <= at:
            found.append(Planned(at, part, fault, lasts))
            # A part that was killed needs some seconds to come back.
            busy[name] = at + max(lasts, 2.0) + (8.5 if name in ALONE else 0.0)
        at += chance.uniform(*gap)
    return found


def _first_round(parts: Sequence[str], chance: random.Random) -> list[tuple[str, Fault]]:
    """A part of each class with its fault, last first."""
    classes = [one for one in LOADED if any(class_of(part) == one for part in parts)]
    chance.shuffle(classes)
    faults = [list(Fault)[number % 2] for number in range(len(classes))]
    return [
        (
            chance.choice([part for part in parts if class_of(part) == one]),
            Fault.KILL if one == "kafka" else fault,
        )
        for one, fault in zip(classes, faults, strict=True)
    ]


async def inject(
    planned: Iterable[Planned],
    pids: Callable[[], Mapping[str, int | None]],
    report: Callable[[str], None],
) -> list[Planned]:
    """Carry the schedule out; the faults that hit a running part. Everything frozen goes on in the end."""
    started = time.monotonic()
    hits: list[Planned] = []
    thawing: set[asyncio.Task[None]] = set()
    frozen: list[psutil.Process] = []
    try:
        for fault in planned:
            await asyncio.sleep(max(0.0, started + fault.at - time.monotonic()))
            family = await _running(fault.part, pids)
            if not family:
                report(f"{fault.at:6.1f} s  {fault.part} is not running")
                continue
            hits.append(fault)
            report(f"{fault.at:6.1f} s  {fault.fault} {fault.part} {fault.seconds or ''}".rstrip())
            if fault.fault is Fault.KILL:
                _signal(family, signal.SIGKILL)
            else:
                frozen += family
                _signal(family, signal.SIGSTOP)
                thawing.add(asyncio.create_task(_thaw(family, fault.seconds)))
        await asyncio.gather(*thawing)
    finally:  # broken off: what is frozen goes on at once
        for thaw in thawing:
            thaw.cancel()
        _signal(frozen, signal.SIGCONT)
    return hits


async def _running(part: str, pids: Callable[[], Mapping[str, int | None]]) -> list[psutil.Process]:
    """Its processes. One that has just ended by itself, over another's fault, is waited for; none when it stays away."""
    deadline = time.monotonic() + BACK_SECONDS
    while True:
        pid = pids().get(part)
        family = _family(pid) if pid else []
        if family or time.monotonic() > deadline:
            return family
        await asyncio.sleep(0.1)


async def _thaw(family: Sequence[psutil.Process], seconds: float) -> None:
    await asyncio.sleep(seconds)
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
