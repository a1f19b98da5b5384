"""A key is retired beside writers that seal with it: it stays, or nothing is lost."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from shared.people.keyring import LOOK_SECONDS, Keyring, Place, Sealed
from tests.shared.people.conftest import Command


def secret_of(receiver: UUID) -> Place:
    return Place("receiver", receiver, "secret")


async def insert(connection: Any, receiver: UUID, sealed: Sealed) -> None:
    await connection.execute(
        "INSERT INTO receiver (id, organisation_id, url, secret, secret_key_id) VALUES ($1, $1, 'https://x', $2, $3)",
        receiver,
        sealed.value,
        sealed.key_id,
    )


async def open_all(url: str, keys: Path) -> dict[UUID, str]:
    """Every secret in the table. Raises CannotOpen."""
    ring = Keyring("notifications", keys)
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT id, secret, secret_key_id FROM receiver")
    await connection.close()
    return {
        row["id"]: ring.open(secret_of(row["id"]), Sealed(row["secret_key_id"], row["secret"]))
        for row in rows
    }


def test_a_key_stays_while_a_transaction_is_open_that_began_under_it(
    command: Command, keys: Path, url: str
) -> None:
    old = command("ensure")[1].strip()
    receiver = uuid4()
    sealed = Keyring("notifications", keys).seal(secret_of(receiver), "whsec_x")
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        transaction = connection.transaction()
        runner.run(transaction.start())
        command("new-key")
        assert command("rotate")[0] == 0
        code, said = command("retire", old, "--wait-seconds", "0.5")
        assert (code, "1 open transactions" in said) == (1, True), "it has sealed and not yet written"
        runner.run(insert(connection, receiver, sealed))
        code, said = command("retire", old, "--wait-seconds", "0.5")
        assert (code, "1 open transactions" in said) == (1, True), "it has written and not yet committed"
        runner.run(transaction.commit())
        runner.run(connection.close())
    code, said = command("retire", old)
    assert (code, "1 rows are still sealed" in said) == (1, True)
    assert command("rotate")[0] == 0
    assert command("retire", old)[0] == 0
    assert asyncio.run(open_all(url, keys)) == {receiver: "whsec_x"}


class Writers(threading.Thread):
    """A process that looks at the key file as seldom as it may, and takes its time between sealing and writing."""

    def __init__(self, url: str, keys: Path) -> None:
        super().__init__()
        self.over = threading.Event()
        self.written: dict[UUID, str] = {}
        self._url = url
        self._ring = Keyring("notifications", keys)
        self._ring.check()

    def run(self) -> None:
        asyncio.run(self._write())

    async def _write(self) -> None:
        connection = await asyncpg.connect(self._url)
        while not self.over.is_set():
            receiver, secret = uuid4(), f"whsec_{len(self.written)}"
            async with connection.transaction():
                sealed = self._ring.seal(secret_of(receiver), secret)
                await asyncio.sleep(0.05)
                await insert(connection, receiver, sealed)
            self.written[receiver] = secret
        await connection.close()


def test_nothing_is_lost_that_is_written_while_keys_change(command: Command, keys: Path, url: str) -> None:
    first = command("ensure")[1].strip()
    writers = Writers(url, keys)
    writers.start()
    try:
        old = first
        for _ in range(2):
            current = command("new-key")[1].strip()
            began = time.monotonic()
            while command("rotate")[0] or command("retire", old)[0]:
                assert time.monotonic() - began < 40
            assert time.monotonic() - began > LOOK_SECONDS
            old = current
    finally:
        writers.over.set()
        writers.join()
    assert len(writers.written) > 20
    assert asyncio.run(open_all(url, keys)) == writers.written
