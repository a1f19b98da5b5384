"""Waiting for a condition with a deadline, and what counts as a process being gone."""

import time
from collections.abc import Callable

import psutil


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return when the condition holds; fail the test when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(0.01)


def gone(process: psutil.Process) -> bool:
    """Whether the process has ended; a zombie whose parent has not looked yet counts."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
