"""How worker loops learn that there is work: Postgres LISTEN as a hint, adaptive polling as the truth."""

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from shared.messaging.backoff import Backoff

log = structlog.get_logger("wakeup")

RECONNECT = Backoff(first=0.1, longest=5.0)


class Waiter:
    """What one loop waits on. A lost hint costs at most the present polling interval."""

    def __init__(self, fastest: float = 0.05, slowest: float = 1.0) -> None:
        self._fastest = fastest
        self._slowest = slowest
        self._interval = fastest
        self._hinted = asyncio.Event()

    def hint(self) -> None:
        self._hinted.set()

    async def wait(self, *, found: bool, more: bool | None = None, at_most: float | None = None) -> None:
        """Return at once when the last look found something, else on a hint or when it is time to poll.

        `more` False: what it found was all, and whatever has come since has hinted. `at_most` seconds shortens the
        wait, for a loop that has something due by then."""
        if found:
            self._interval = self._fastest
        if found if more is None else more:
            self._hinted.clear()
            await asyncio.sleep(0)  # a loop that always finds work must still let others run
            return
        timeout = self._interval if at_most is None else min(self._interval, max(at_most, 0.0))
        try:
            async with asyncio.timeout(timeout):
                await self._hinted.wait()
        except TimeoutError:
            self._interval = min(self._interval * 2, self._slowest)
        else:
            self._interval = self._fastest
        self._hinted.clear()


class Wakeup:
    """One LISTEN connection for all loops of a process on one database."""

    name = "wakeup"

    def __init__(self, url: str, *, application_name: str = "ashar-wakeup") -> None:
        self._url = url
        self._application_name = application_name
        self._waiters: dict[str, list[Waiter]] = {}
        self._stopping = asyncio.Event()
        self.listening = asyncio.Event()
        """Set while hints can arrive."""

    def waiter(self, channel: str, *, fastest: float = 0.05, slowest: float = 1.0) -> Waiter:
        """A waiter for hints on `channel`; to be asked for before `run`."""
        waiter = Waiter(fastest, slowest)
        self._waiters.setdefault(channel, []).append(waiter)
        return waiter

    def hint(self, channel: str) -> None:
        """Tell the loops of this process, without Postgres between."""
        for waiter in self._waiters.get(channel, ()):
            waiter.hint()

    async def run(self) -> None:
        """Listen until `stop`; a lost connection is made again and hints everyone once."""
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._listen()
                failures = 0
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                failures += 1
                log.warning("not listening", error=type(error).__name__)
            if self._stopping.is_set():
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RECONNECT.after(max(failures, 1)))

    async def stop(self) -> None:
        self._stopping.set()

    async def _listen(self) -> None:
        connection: Any = await asyncpg.connect(
            self._url, timeout=5, server_settings={"application_name": self._application_name}
        )
        gone = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: gone.set())
            for channel in self._waiters:
                await connection.add_listener(channel, self._on_notify)
            self.listening.set()
            self._hint_all()  # what was notified while nobody listened
            waits = [asyncio.ensure_future(event.wait()) for event in (gone, self._stopping)]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        finally:
            self.listening.clear()
            with suppress(Exception):
                await connection.close(timeout=1)

    def _on_notify(self, _: Any, __: int, channel: str, ___: object) -> None:
        self.hint(channel)

    def _hint_all(self) -> None:
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.hint()
