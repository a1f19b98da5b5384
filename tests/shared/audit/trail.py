"""An audit trail as its parts meet it: writers, the sequencer, the publisher, the check, and the database's owner."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from shared.audit.chain import AuditChain
from shared.audit.findings import Finding, Kind
from shared.audit.heads import Head, all_kept
from shared.audit.publishing import HeadPublisher, HeadSettings
from shared.audit.verifying import Demand, Report, Verification
from shared.contracts.audit import audit_head
from shared.db.database import Connection, Database
from shared.ids import uuid7
from shared.messaging.sequencer import Sequencer
from shared.messaging.wakeup import Wakeup
from tests.shared.messaging.shop import CLOCK, PRINCIPAL, unit

SERVICE = "shop"
WRITERS = 16
CHAINED = audit_head(SERVICE)
AT_ONCE = HeadSettings(rows=1, seconds=3600)


@dataclass
class Checked:
    """What a check said."""

    report: Report
    findings: list[Finding]

    @property
    def named(self) -> list[tuple[Kind, int, int]]:
        return [(found.kind, found.first, found.last) for found in self.findings]

    @property
    def holds(self) -> bool:
        assert self.report.findings == len(self.findings)
        return not self.findings


@dataclass
class Trail:
    database: Database
    service: str = SERVICE
    heads: list[Head] = field(default_factory=list)
    """Published, in order: what somebody outside has kept."""

    async def write(self, count: int) -> None:
        for number in range(count):
            async with unit(self.database) as uow:
                before = {"price": f"{number}.00", "tags": ["a", None, True]} if number % 3 else None
                after = {"ключ": {"б": number, "a": 1.5}}
                uow.audit("item.price", "item", uuid7(), before=before, after=after, on_behalf_of=uuid7())

    def sequencer(self, *, chained: bool = True) -> Sequencer:
        chain = AuditChain(self.service) if chained else None
        return Sequencer(self.database, Wakeup(self.database.url), chain=chain)

    async def link(self, *, chained: bool = True) -> None:
        one = self.sequencer(chained=chained)
        while await one.step():
            pass

    async def publish(self, settings: HeadSettings = AT_ONCE) -> Head | None:
        publisher = HeadPublisher(CHAINED, self.database, principal=PRINCIPAL, clock=CLOCK, settings=settings)
        head = await publisher.step()
        if head is not None:
            self.heads.append(head)
        return head

    async def grow(self, *counts: int) -> None:
        """So many rows, by sixteen writers at once while the sequencer runs; a head after each lot."""
        for count in counts:
            await self.crowd(count)
            assert await self.publish() is not None

    async def crowd(self, count: int) -> None:
        shares = [count // WRITERS + (number < count % WRITERS) for number in range(WRITERS)]
        done = asyncio.Event()
        sequencers = [asyncio.create_task(self._sequence(done)) for _ in range(2)]
        await asyncio.gather(*(self.write(share) for share in shares))
        done.set()
        await asyncio.gather(*sequencers)

    async def _sequence(self, done: asyncio.Event) -> None:
        one = self.sequencer()
        while not done.is_set() or await self._waiting():
            await one.step()
            await asyncio.sleep(0)

    async def _waiting(self) -> bool:
        return bool(
            await self.database.pool.fetchval("SELECT EXISTS (SELECT FROM audit WHERE position IS NULL)")
        )

    async def check(
        self, given: Iterable[Head] = (), restored: Mapping[UUID, int] | None = None, **patience: float
    ) -> Checked:
        findings: list[Finding] = []
        demand = Demand(self.service, list(given), restored or {}, **patience)
        report = await Verification(self.database, demand, tell=findings.append).run()
        return Checked(report, findings)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Connection]:
        """The owner of the database, who can switch its triggers off."""
        tables = ("audit", "audit_head", "audit_segment")
        async with self.database.transaction() as connection:
            for table in tables:
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield connection
            for table in tables:
                await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    async def tamper(self, sql: str, *values: Any) -> None:
        async with self.owner() as connection:
            await connection.execute(sql, *values)

    async def relink(self, connection: Connection, first: int) -> None:
        """Hash everything from a position on again, as the sequencer does: what a skilful owner would do."""
        await connection.execute(
            "UPDATE audit SET previous_hash = NULL, hash = NULL WHERE position >= $1", first
        )
        chain = AuditChain(self.service)
        while await chain(connection):
            pass

    async def kept(self, service: str | None = None) -> list[Head]:
        return [head async for head in all_kept(self.database, service)]

    async def hashes(self) -> list[bytes | None]:
        rows = await self.database.pool.fetch("SELECT hash FROM audit ORDER BY position")
        return [row["hash"] for row in rows]
