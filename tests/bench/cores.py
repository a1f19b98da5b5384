"""Which processor cores belong to the server under test, and which to everything else."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """`server` runs one process; `rest` carries the load generator, Postgres and this process."""

    server: int
    rest: frozenset[int]

    @classmethod
    def divide(cls) -> "Cores":
        """The first core for the server. Raises RuntimeError with only one: nothing could be told apart."""
        available = sorted(os.sched_getaffinity(0))
        if len(available) < 2:
            raise RuntimeError("two processor cores are needed: one for the server, one for the load")
        return cls(available[0], frozenset(available[1:]))

    def keep_off_server(self) -> None:
        """Leave the server's core, with every process started from here on. Before any thread is started."""
        os.sched_setaffinity(0, self.rest)
