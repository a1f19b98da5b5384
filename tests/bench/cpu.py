"""CPU time of the server under test, of Postgres and of the load generator while a load ran."""

from dataclasses import asdict, dataclass
from typing import Literal

import psutil

Limit = Literal["server", "postgres", "gateway"]
FULL = 0.90
"""Share of a core from which on a process counts as the limit."""


@dataclass(frozen=True)
class Usage:
    """Cores used on average: 1.0 is one core all the time. `load` is the generator, `gateway` is Envoy."""

    server: float
    postgres: float
    load: float
    gateway: float = 0.0

    def limit(self, cores: int) -> Limit | None:
        """What the load ran into; None when the round says nothing about the server.

        Postgres and the gateway share `cores` with the generator: they are the limit where these are full
        and most of that is theirs."""
        if self.server >= FULL:
            return "server"
        if self.postgres + self.load + self.gateway < FULL * cores:
            return None
        if self.gateway > max(self.load, self.postgres):
            return "gateway"
        return "postgres" if self.postgres > 2 * self.load else None

    def as_json(self) -> dict[str, float]:
        return {name: round(share, 2) for name, share in asdict(self).items() if share}


class CpuTimes:
    """CPU seconds of some processes and all their children, ended children not counted."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._before = self._read()

    def spent(self) -> float:
        """Seconds since this was made."""
        return sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._read().items())

    def _read(self) -> dict[int, float]:
        found: dict[int, float] = {}
        for pid in self._pids:
            for process in _family(pid):
                try:
                    times = process.cpu_times()
                except psutil.NoSuchProcess:
                    continue
                found[process.pid] = times.user + times.system
        return found


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
