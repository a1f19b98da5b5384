"""How long to wait before trying again."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waiting times in seconds, each spread by `jitter` so that many waiters do not come at once."""

    first: float = 0.2
    longest: float = 30.0
    factor: float = 2.0
    jitter: float = 0.2

    def after(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row (1 = the first)."""
        exponent = min(failures - 1, 60)  # 2^60 is far beyond any `longest` and still a float
        seconds = min(self.first * self.factor**exponent, self.longest)
        return seconds * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - spread, not secrecy
