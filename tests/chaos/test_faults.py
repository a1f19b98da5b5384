"""The schedule a seed makes, and that hurting a part hurts it and nothing else."""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.faults import LOADED, Fault, Planned, class_of, inject, kind_of, schedule
from tests.deploy.local.deadlines import wait_until

SERVICES = ("registry", "monitoring", "scoring", "notifications")
PARTS = [
    *(f"api:{service}" for service in SERVICES),
    *(f"worker:{service}:{member}" for service in SERVICES for member in (0, 1)),
    *("kafka:1", "kafka:2", "kafka:3", "postgres", "gateway", "probe:0", "probe:1"),
]


@given(seed=st.integers(0, 10**6), seconds=st.floats(20, 400))
def test_a_schedule_keeps_its_promises(seed: int, seconds: float) -> None:
    found = schedule(PARTS, seconds, seed)
    assert found == schedule(PARTS, seconds, seed), "a seed is a schedule"
    assert [fault.at for fault in found] == sorted(fault.at for fault in found)
    assert all(0 < fault.at < seconds and fault.part in PARTS for fault in found)
    assert all((fault.seconds > 0) == (fault.fault is Fault.FREEZE) for fault in found)
    brokers = [fault for fault in found if kind_of(fault.part) == "kafka"]
    for one, following in itertools.pairwise(brokers):
        assert following.at >= one.at + one.seconds + 8, "one broker of three at a time"


@given(seed=st.integers(0, 10**6), seconds=st.floats(25, 60))
def test_the_loaded_path_is_hurt_first_however_short_the_run(seed: int, seconds: float) -> None:
    first = schedule(PARTS, seconds, seed)[: len(LOADED)]
    assert sorted(class_of(fault.part) for fault in first) == sorted(LOADED), "each of its classes once"
    assert {fault.fault for fault in first} == set(Fault)
    assert [fault.fault for fault in first if kind_of(fault.part) == "kafka"] == [Fault.KILL]


@given(seed=st.integers(0, 10**6))
def test_long_enough_and_every_kind_of_part_is_hurt_in_both_ways(seed: int) -> None:
    found = schedule(PARTS, 600, seed)
    assert {kind_of(fault.part) for fault in found} == {kind_of(part) for part in PARTS}
    assert {fault.fault for fault in found} == set(Fault)


def test_other_seeds_make_other_schedules() -> None:
    assert len({tuple(schedule(PARTS, 100, seed)) for seed in range(20)}) == 20


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    """A process with a child."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    process = subprocess.Popen([sys.executable, "-c", code])
    found = psutil.Process(process.pid)
    wait_until(lambda: bool(found.children()), 10)
    family = [found, *found.children()]
    yield found
    for one in family:
        if one.is_running():
            one.kill()
    process.wait()


async def test_a_kill_takes_the_children_too(sleeper: psutil.Process) -> None:
    [child] = sleeper.children()
    said: list[str] = []
    plan = [Planned(0, "api:x", Fault.KILL, 0)]
    assert await inject(plan, lambda: {"api:x": sleeper.pid}, said.append) == plan
    assert said == ["   0.0 s  kill api:x"]
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)
    wait_until(lambda: sleeper.status() == psutil.STATUS_ZOMBIE, 10)


async def test_what_was_frozen_goes_on_even_when_the_run_is_broken_off(sleeper: psutil.Process) -> None:
    plan = [Planned(0, "api:x", Fault.FREEZE, 30), Planned(60, "api:x", Fault.KILL, 0)]
    running = asyncio.create_task(inject(plan, lambda: {"api:x": sleeper.pid}, lambda _: None))
    async with asyncio.timeout(10):
        while sleeper.status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(0.01)
    assert sleeper.children()[0].status() == psutil.STATUS_STOPPED
    running.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(running, return_exceptions=True)
    wait_until(lambda: sleeper.status() == psutil.STATUS_SLEEPING, 10)


async def test_a_part_that_comes_back_is_waited_for(sleeper: psutil.Process) -> None:
    looks = iter([None, None, sleeper.pid])
    plan = [Planned(0, "api:x", Fault.KILL, 0)]
    assert await inject(plan, lambda: {"api:x": next(looks)}, lambda _: None) == plan
    wait_until(lambda: sleeper.status() == psutil.STATUS_ZOMBIE, 10)


async def test_a_part_that_is_down_is_passed_over() -> None:
    said: list[str] = []
    plan = [Planned(0, "postgres", Fault.KILL, 0)]
    assert await inject(plan, lambda: {"postgres": None}, said.append) == []
    assert said == ["   0.0 s  postgres is not running"]
