"""What a serving process asks of the interpreter. Called once, by an entry point; knows no service."""

import gc
import signal
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on the loop that serves the APIs too. A worker's time goes into many small messages to Postgres
    and Kafka, each of which costs less on it."""
    return uvloop.run(main)


def settle_heap() -> None:
    """Take what was built so far out of the garbage collector's rounds, and make these rarer.

    Code, models and documents live as long as the process. While they are searched again and again, nobody is
    answered: measured on a plain read, 117 ms instead of 14 at the 99th percentile and a quarter fewer answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Drainable(Protocol):
    """What can say that it is leaving."""

    draining: bool


def drain_on_signal(runtime: Drainable) -> None:
    """SIGUSR1: say at /readyz that the process is leaving and go on answering. For what comes before SIGTERM, which
    closes the door at once: whoever hands out requests needs time to look elsewhere (a `preStop`)."""

    def drain(*_: object) -> None:
        runtime.draining = True

    signal.signal(signal.SIGUSR1, drain)
