"""Functions for the process pool: importable by name, as the pool needs them."""

import os
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def burn(seconds: float) -> int:
    """Keep a core busy; the process that did it."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
    return os.getpid()


def announce_and_burn(path: str, seconds: float) -> int:
    Path(path).touch()
    return burn(seconds)


def refuse(text: str) -> None:
    raise ValueError(text)


def die() -> None:
    os._exit(9)
