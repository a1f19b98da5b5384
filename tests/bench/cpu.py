"""Processor time of processes and cores, and how long a process waited for its core (Linux)."""

from collections.abc import Iterable
from pathlib import Path

import psutil


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


class CoreTimes:
    """Busy seconds of some cores, whoever used them; what the hypervisor gave to others counts as busy."""

    def __init__(self, cores: Iterable[int]) -> None:
        self._cores = sorted(cores)
        self._before = self._read()

    def spent(self) -> float:
        """Seconds since this was made, summed over the cores."""
        return self._read() - self._before

    def _read(self) -> float:
        times = psutil.cpu_times(percpu=True)
        return sum(
            sum(times[core]) - times[core].idle - times[core].iowait - times[core].guest
            for core in self._cores
        )


class RunQueue:
    """How long a process was ready to run and its core was not free: the second number of its schedstat."""

    def __init__(self, pid: int) -> None:
        self._path = Path(f"/proc/{pid}/schedstat")
        self._before = self._read()

    def waited(self) -> float:
        """Seconds since this was made."""
        return self._read() - self._before

    def _read(self) -> float:
        return int(self._path.read_text().split()[1]) / 1e9


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
