"""Heads: when one is published, what it says, who keeps it, and what the outside hands back."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import orjson
import pytest

from shared.audit import keeping
from shared.audit.cli import read_heads
from shared.audit.findings import Kind
from shared.audit.heads import Head
from shared.audit.keeping import audit_heads, keep_heads
from shared.audit.publishing import HeadPublisher, HeadSettings
from shared.contracts import CONTRACTS
from shared.contracts.audit import AuditHead
from shared.contracts.registry import AUDIT_CHAINED
from shared.db.database import Database
from shared.ids import seed_id
from shared.messaging.delivery import Delivery, read
from shared.messaging.subscription import Consumer, handles
from tests.kit.events import record
from tests.shared.audit.trail import AT_ONCE, CHAINED, Trail
from tests.shared.messaging.shop import CLOCK, PRINCIPAL

SELDOM = HeadSettings(rows=3, seconds=3600)


async def told(database: Database) -> list[AuditHead]:
    rows = await database.pool.fetch(
        "SELECT value, key, audience FROM event WHERE type = $1 ORDER BY id", CHAINED.name
    )
    found = [AuditHead.model_validate_json(row["value"]) for row in rows]
    assert all(row["key"] == str(head.id) for row, head in zip(rows, found, strict=True))
    assert {row["audience"] for row in rows} <= {"internal"}
    return found


class TestPublishing:
    async def test_says_where_the_chain_stands(self, trail: Trail, database: Database) -> None:
        assert await trail.publish() is None, "nothing to tell"
        await trail.write(3)
        assert await trail.publish() is None, "nothing is linked"
        await trail.link()
        head = await trail.publish()
        assert head is not None
        assert (head.position, head.count, head.version) == (3, 3, 1)
        assert head.hash == (await trail.hashes())[-1]
        assert head.epoch == await database.pool.fetchval("SELECT epoch FROM epoch")
        assert (
            [Head.told("shop", payload) for payload in await told(database)] == [head] == await trail.kept()
        )

    async def test_versions_and_counts_grow(self, trail: Trail, database: Database) -> None:
        await trail.grow(3, 4, 1)
        assert [(head.version, head.position, head.count) for head in await trail.kept()] == [
            (1, 3, 3),
            (2, 7, 7),
            (3, 8, 8),
        ]
        assert [head.aggregate_version for head in await told(database)] == [1, 2, 3]

    async def test_waits_for_rows_or_time(self, trail: Trail) -> None:
        await trail.write(1)
        await trail.link()
        assert await trail.publish(SELDOM) is not None, "the first one is not waited for"
        assert await trail.publish(SELDOM) is None
        await trail.write(2)
        await trail.link()
        assert await trail.publish(SELDOM) is None, "too few and too early"
        assert await trail.publish(HeadSettings(rows=100, seconds=0)) is not None
        await trail.write(3)
        await trail.link()
        assert await trail.publish(SELDOM) is not None
        assert [head.position for head in await trail.kept()] == [1, 3, 6]

    async def test_two_publishers_tell_it_once(self, trail: Trail, database: Database) -> None:
        for position in (4, 8, 12):
            await trail.write(4)
            await trail.link()
            await asyncio.gather(*(trail.publish() for _ in range(6)))
            await trail.publish()
            assert [head.position for head in await told(database)][-1] == position
        assert len(await told(database)) == 3

    async def test_a_gap_shows_in_the_count(self, trail: Trail) -> None:
        await trail.write(6)
        await trail.link()
        await trail.tamper("DELETE FROM audit WHERE position IN (2, 3)")
        head = await trail.publish()
        assert head is not None
        assert (head.position, head.count) == (6, 4)

    async def test_a_trail_that_went_back_is_told_too(self, trail: Trail, database: Database) -> None:
        """Its head contradicts the ones before; told once, not again and again."""
        await trail.grow(5, 5)
        await trail.tamper("DELETE FROM audit WHERE position > 7")
        head = await trail.publish(HeadSettings(rows=100, seconds=0))
        assert head is not None
        assert (head.position, head.count) == (7, 7)
        await trail.tamper("DELETE FROM audit WHERE position > 5")
        for _ in range(3):
            assert await trail.publish(HeadSettings(rows=1, seconds=0)) is None, "known: told at first"
        assert [head.position for head in await told(database)] == [5, 10, 7]

    async def test_a_chain_without_a_beginning_is_not_vouched_for(self, trail: Trail) -> None:
        await trail.write(3)
        await trail.link()
        await trail.tamper("DELETE FROM audit_segment")
        assert await trail.publish() is None

    async def test_runs_until_it_is_stopped(self, trail: Trail, database: Database) -> None:
        await trail.write(3)
        await trail.link()
        quick = HeadSettings(rows=1, seconds=0, look_seconds=0.02)
        publisher = HeadPublisher(CHAINED, database, principal=PRINCIPAL, clock=CLOCK, settings=quick)
        task = asyncio.create_task(publisher.run())
        async with asyncio.timeout(10):
            while not await told(database):
                await asyncio.sleep(0.01)
        await publisher.stop()
        await asyncio.wait_for(task, 10)
        assert len(await told(database)) == 1

    async def test_a_mistake_ends_it(self, database: Database) -> None:
        await database.pool.execute("DROP TABLE audit_head")
        publisher = HeadPublisher(CHAINED, database, principal=PRINCIPAL, clock=CLOCK, settings=AT_ONCE)
        with pytest.raises(Exception, match="audit_head"):
            await asyncio.wait_for(publisher.run(), 10)


OTHER = seed_id("epoch", "registry")


def payload(position: int, digest: str = "a", version: int = 1) -> AuditHead:
    return AuditHead(
        id=OTHER,
        aggregate_version=version,
        service="registry",
        position=position,
        hash=digest * 64,
        count=position,
        at=CLOCK.now(),
    )


class TestKeeping:
    @pytest.fixture
    def consumer(self) -> Consumer:
        return Consumer("audit_heads", (handles(AUDIT_CHAINED, keep_heads),), ordered=False)

    async def deliver(
        self, database: Database, consumer: Consumer, *heads: AuditHead, **how: Any
    ) -> Counter[str]:
        delivery = Delivery(consumer, database, PRINCIPAL, CLOCK)
        return await delivery.apply([read(consumer, record(AUDIT_CHAINED, head, **how)) for head in heads])

    async def test_each_is_kept_once(self, trail: Trail, database: Database, consumer: Consumer) -> None:
        event_id = uuid4()
        for _ in range(2):
            await self.deliver(database, consumer, payload(5), event_id=event_id)
        await self.deliver(database, consumer, payload(5), payload(9, "b", 2))
        kept = await trail.kept("registry")
        assert [(head.position, head.hash.hex()) for head in kept] == [(5, "a" * 64), (9, "b" * 64)]
        assert await trail.kept("shop") == []

    async def test_one_that_contradicts_is_kept_beside_the_other_and_said(
        self, trail: Trail, database: Database, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: list[tuple[str, dict[str, Any]]] = []
        recorder = SimpleNamespace(error=lambda text, **found: said.append((text, found)))
        monkeypatch.setattr(keeping, "log", recorder)
        await self.deliver(database, consumer, payload(5))
        assert not said
        await self.deliver(database, consumer, payload(5, "c", 7))
        assert [head.hash.hex()[:1] for head in await trail.kept("registry")] == ["a", "c"]
        assert [(text, found["service"], found["position"]) for text, found in said] == [
            ("audit heads contradict each other", "registry", 5)
        ]

    async def test_heads_of_others_are_not_ones_own(
        self, trail: Trail, database: Database, consumer: Consumer
    ) -> None:
        await trail.grow(3)
        await self.deliver(database, consumer, payload(2), payload(3, "b", 2), payload(90, "c", 3))
        assert (await trail.check()).holds

    def test_everybody_keeps_all_but_its_own(self) -> None:
        every = {event.name for event in CONTRACTS if event.payload is AuditHead}
        assert len(every) == 5
        read = {handler.event.name for handler in audit_heads("scoring").handlers}
        assert read == every - {"scoring.audit.chained.v1"}


class TestGiven:
    """Heads somebody brings along."""

    async def test_as_lines_or_pages_or_by_hand(self, trail: Trail) -> None:
        await trail.grow(4, 3)
        await trail.tamper("DELETE FROM audit_head")
        lines = b"\n".join(head.line() for head in trail.heads)
        page = orjson.dumps(
            {"items": [orjson.loads(head.line()) for head in trail.heads], "next_cursor": "x"}
        )
        by_hand = [Head.parse(f"{head.position}:{head.hash.hex()}") for head in trail.heads]
        for given in (list(read_heads(lines + b"\n\n")), list(read_heads(page)), by_hand):
            found = await trail.check(given)
            assert found.holds
            assert (found.report.compared, found.report.covered) == (2, 7)
        assert (await trail.check()).report.covered == 0

    async def test_a_wrong_one_names_the_rows_since_the_last_right_one(self, trail: Trail) -> None:
        await trail.grow(4, 3)
        wrong = Head.parse(f"6:{'0' * 64}")
        found = await trail.check([wrong])
        assert found.named == [(Kind.CONTRADICTED, 5, 6)]
        assert found.report.covered == 7

    @pytest.mark.parametrize(
        "text",
        [b"{", b"[1]", b'"x"', b'{"position": 1}', b'{"position": 0, "hash": "%b"}' % (b"0" * 64),
         b'{"position": 1, "hash": "00"}', b'{"position": "x", "hash": "%b"}' % (b"0" * 64),
         b'{"position": 1, "hash": 7}', b'{"position": 1, "hash": "%b", "epoch": "e"}' % (b"0" * 64)],
    )  # fmt: skip
    def test_what_is_none_is_refused_with_its_line(self, text: bytes) -> None:
        good = Head(1, bytes(32)).line()
        with pytest.raises(ValueError, match="line 2"):
            list(read_heads(good + b"\n" + text))

    @pytest.mark.parametrize(
        "text", ["", "5", "5:", ":00", f"0:{'0' * 64}", f"x:{'0' * 64}", f"5:{'g' * 64}"]
    )
    def test_nor_is_that_by_hand(self, text: str) -> None:
        with pytest.raises(ValueError):
            Head.parse(text)
