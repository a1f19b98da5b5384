"""How long the parts of a run took, told at its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS: dict[str, float] = {}


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Measured also where it fails."""
    started = time.monotonic()
    try:
        yield
    finally:
        SECONDS[name] = SECONDS.get(name, 0.0) + time.monotonic() - started
