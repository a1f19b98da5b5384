"""Supervision of one part: it comes back, it stays away when it is told to, it goes for good."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.fleet import part as supervision
from deploy.fleet import programs
from deploy.fleet.part import Part, PartFailed
from shared.messaging.backoff import Backoff
from tests.deploy.fleet.conftest import MakePart
from tests.deploy.local.deadlines import gone

SECONDS = 30.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def back(part: Part, restarts: int) -> None:
    await until(lambda: part.restarts == restarts and part.state == "running")


def kill(part: Part, sent: signal.Signals = signal.SIGKILL) -> int:
    pid = part.pid
    assert pid is not None
    os.kill(pid, sent)
    return pid


async def test_it_runs_once_it_listens(make_part: MakePart) -> None:
    part = make_part()
    assert (part.state, part.pid, part.pids) == ("new", None, [])
    await part.start()
    assert part.state == "running"
    assert part.pid is not None
    assert part.pids == [part.pid]
    assert part.log.read_text() == "begins\nserves\n"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
async def test_whoever_ends_it_it_comes_back(make_part: MakePart, sent: signal.Signals) -> None:
    part = make_part()
    await part.start()
    for number in (1, 2):
        before = kill(part, sent)
        await back(part, number)
        assert part.pid not in {None, before}
        assert part.exit_code == -sent
    assert part.log.read_text() == "begins\nserves\n" * 3


async def test_it_stays_away_while_restart_is_off(make_part: MakePart) -> None:
    part = make_part()
    await part.start()
    part.restart = False
    kill(part)
    await until(lambda: part.state == "ended")
    assert (part.pid, part.pids, part.restarts) == (None, [], 0)
    await asyncio.sleep(0.6)
    assert part.state == "ended"
    part.restart = True
    await back(part, 1)


async def test_one_that_cannot_start_is_tried_again_with_longer_waits(
    make_part: MakePart, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Noted(Backoff):
        def after(self, failures: int) -> float:
            asked.append(failures)
            return 0.05

    monkeypatch.setattr(supervision, "PATIENCE", Noted())
    part = make_part()
    await part.start()
    broken.touch()
    kill(part)
    await until(lambda: len(asked) >= 4)
    assert part.restarts == 0
    broken.unlink()
    await back(part, 1)
    assert asked == list(range(1, len(asked) + 1)), "each failure in a row counts"
    tried = len(asked)
    kill(part)
    await back(part, 2)
    assert asked[tried:] == [tried + 1], "it has not run long enough to begin anew"
    monkeypatch.setattr(supervision, "STEADY_SECONDS", 0.0)
    kill(part)
    await back(part, 3)
    assert asked[-1] == 1


def test_the_waits_are_bounded() -> None:
    assert max(supervision.PATIENCE.after(failures) for failures in range(1, 200)) <= 12


async def test_a_first_start_that_fails_is_told(make_part: MakePart, broken: Path) -> None:
    broken.touch()
    part = make_part()
    with pytest.raises(PartFailed, match=r"(?s)part0: .*cannot start"):
        await part.start()
    assert part.pid is None


async def test_a_start_that_takes_too_long_is_given_up(
    make_part: MakePart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_START_SECONDS", 0.5)
    part = make_part("late")
    with pytest.raises(PartFailed, match="it did not start"):
        await part.start()
    assert part.pid is None


@pytest.mark.parametrize("ways", [(), ("deaf",)])
async def test_it_is_stopped_for_good_even_when_it_stands_still(
    make_part: MakePart, ways: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "GRACE", ((signal.SIGTERM, 2.0),))
    part = make_part(*ways)
    await part.start()
    process = psutil.Process(kill(part, signal.SIGSTOP))
    await part.stop()
    assert gone(process)
    assert (part.state, part.pid) == ("stopped", None)
    assert part.log.read_text() == "begins\nserves\n", "nobody started it again"
    await part.stop()


async def test_it_can_be_stopped_while_it_starts(make_part: MakePart) -> None:
    part = make_part("late")
    starting = asyncio.create_task(part.start())
    await until(lambda: part.pid is not None)
    process = psutil.Process(part.pid)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    assert process.is_running(), "stopping is the owner's"
    await part.stop()
    assert gone(process)


async def test_it_can_be_stopped_while_it_waits(make_part: MakePart, broken: Path) -> None:
    part = make_part()
    await part.start()
    broken.touch()
    kill(part)
    await until(lambda: part.state == "waiting")
    await part.stop()
    broken.unlink()
    assert (part.state, part.pid) == ("stopped", None)


async def test_a_mistake_of_the_supervisor_is_not_silent(
    make_part: MakePart, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = make_part()
    await part.start()

    async def mistaken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(part._program, "start", mistaken)
    kill(part)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(SECONDS):
            await part.abandoned()
