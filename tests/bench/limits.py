"""Who was the limit while a load ran: the server under test, Postgres, the gateway, or something of no interest."""

import asyncio
import time
from dataclasses import dataclass
from typing import Literal

import asyncpg

from shared.settings import ServiceSettings
from tests.bench.cores import Cores
from tests.bench.cpu import CoreTimes, CpuTimes, RunQueue

Limit = Literal["server", "postgres", "gateway"]

FULL = 0.90
"""Share of a core from which on the server is the limit, and share of all other cores that counts as full."""
AT_WORK = 0.75
"""Share of the pool's connections at work inside Postgres from which on Postgres is the limit. No CPU time shows
that commits wait for the disk."""
ROBBED = 0.05
"""Share of the time the server was ready to run and other processes had its core: more spoils a round."""
STRANGERS = 0.15
"""Cores that processes of no concern used beside Postgres and the load: more spoils a round."""
SAMPLE_SECONDS = 0.04
_POOL: int = ServiceSettings.model_fields["database_pool_max"].default
_ACTIVE = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Watched:
    """Process ids of what takes part, and where Postgres can be asked (its superuser's URL)."""

    server: int
    postgres: int
    postgres_url: str
    gateway: int | None = None


@dataclass(frozen=True)
class Usage:
    """Cores used on average, 1.0 being one core all the time; the rest are shares."""

    server: float
    postgres: float
    load: float
    gateway: float = 0.0
    others: float = 0.0
    robbed: float = 0.0
    connections: float = 0.0
    """Of the server's pool, at work inside Postgres."""

    def limit(self, cores: int) -> Limit | None:
        """What the load ran into; None when the round says nothing about the server.

        Postgres, the gateway and the load share `cores`: where these are full, the one that used most of them."""
        if self.server >= FULL:
            return "server"
        if self.robbed > ROBBED or self.others > STRANGERS:
            return None
        if self.connections >= AT_WORK:
            return "postgres"
        shares: dict[float, Limit | None] = {
            self.postgres: "postgres",
            self.gateway: "gateway",
            self.load: None,
        }
        return shares[max(shares)] if sum(shares) >= FULL * cores else None

    def as_json(self) -> dict[str, float]:
        return {name: round(share, 2) for name, share in vars(self).items() if share}


def watch(watched: Watched, load: int, cores: Cores, seconds: float) -> Usage:
    """Look on for `seconds`; `load` is the generator's process id."""
    server, postgres, generator = CpuTimes(watched.server), CpuTimes(watched.postgres), CpuTimes(load)
    gateway = CpuTimes(*([watched.gateway] if watched.gateway else []))
    queue, rest = RunQueue(watched.server), CoreTimes(cores.rest)
    started = time.monotonic()
    active = asyncio.run(_active(watched.postgres_url, started + seconds))
    elapsed = time.monotonic() - started
    used = {
        "postgres": postgres.spent() / elapsed,
        "load": generator.spent() / elapsed,
        "gateway": gateway.spent() / elapsed,
    }
    return Usage(
        server=server.spent() / elapsed,
        **used,
        others=max(0.0, rest.spent() / elapsed - sum(used.values())),
        robbed=queue.waited() / elapsed,
        connections=active / _POOL,
    )


async def _active(url: str, until: float) -> float:
    """Connections at work, on average."""
    connection = await asyncpg.connect(url)
    samples: list[int] = []
    try:
        while time.monotonic() < until:
            samples.append(await connection.fetchval(_ACTIVE))
            await asyncio.sleep(SAMPLE_SECONDS)
    finally:
        await connection.close()
    return sum(samples) / max(1, len(samples))
