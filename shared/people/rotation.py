"""Seals again, under the current key, what is sealed with an older one or not at all. Bounded, resumable, beside
writers: a row is locked for as long as its batch takes, and one somebody else holds is left for the next."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from shared.db.database import Connection
from shared.people.keyring import CannotOpen, Keyring, Place, Sealed
from shared.people.kinds import People, SealedColumn
from shared.people.store import FIELD, TABLE

BATCH = 200
NAMED = 100
"""So many rows that do not open are named; of more only their number is told."""
_BEFORE_ALL = UUID(int=0)
STORE = SealedColumn(TABLE, value="value", key_id="key_id", field=FIELD)

Step = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many rows of a table a key has sealed; key id "" are rows in clear."""

    table: str
    key_id: str
    rows: int


def columns_of(people: People) -> tuple[SealedColumn, ...]:
    return (STORE, *people.sealed)


@dataclass(slots=True)
class Rotation:
    """How far it came: rows sealed again, and rows that do not open (how many, and where the first ones stand)."""

    sealed: int = 0
    unreadable: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, batch: "Rotation") -> None:
        self.sealed += batch.sealed
        self.unreadable += batch.unreadable
        self.named += batch.named[: NAMED - len(self.named)]


class Pass:
    """One walk through a table in the order of keys and rows: what does not open is passed over and met once."""

    def __init__(self, keyring: Keyring, column: SealedColumn) -> None:
        self._keyring = keyring
        self._column = column
        self._after: tuple[str, UUID] = ("", _BEFORE_ALL)
        self.over = False

    async def batch(self, sql: Connection, limit: int = BATCH) -> Rotation:
        """To be called in a transaction, until `over`; a row somebody else holds is passed over too."""
        column, current = self._column, self._keyring.current
        rows = await sql.fetch(
            f"""SELECT {column.id} AS id, {column.field} AS field, {column.key_id} AS key_id,
                       {column.value} AS value
                FROM {column.table} WHERE {column.key_id} <> $1 AND ({column.key_id}, {column.id}) > ($2, $3)
                ORDER BY {column.key_id}, {column.id} LIMIT $4 FOR UPDATE SKIP LOCKED""",
            current,
            *self._after,
            limit,
        )
        done = Rotation()
        again: list[tuple[UUID, Sealed]] = []
        for row in rows:
            place = Place(column.table, row["id"], row["field"])
            try:
                text = self._keyring.open(place, Sealed(row["key_id"], row["value"]))
            except CannotOpen as error:
                done.add(Rotation(unreadable=1, named=[str(error)]))
            else:
                again.append((row["id"], self._keyring.seal(place, text)))
        if again:
            await self._keep(sql, again)
        done.sealed = len(again)
        self.over = len(rows) < limit
        if rows:
            self._after = (rows[-1]["key_id"], rows[-1]["id"])
        return done

    async def _keep(self, sql: Connection, again: Sequence[tuple[UUID, Sealed]]) -> None:
        column = self._column
        await sql.execute(
            f"""UPDATE {column.table} AS t SET {column.key_id} = n.key_id, {column.value} = n.value
                FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (id, key_id, value)
                WHERE t.{column.id} = n.id""",
            [identifier for identifier, _ in again],
            [sealed.key_id for _, sealed in again],
            [sealed.value for _, sealed in again],
        )


async def rotate(keyring: Keyring, people: People, step: Step) -> Rotation:
    """Everything once, but what others hold at the moment; `step` opens the transaction of a batch."""
    total = Rotation()
    for column in columns_of(people):
        walk = Pass(keyring, column)
        while not walk.over:
            async with step() as sql:
                done = await walk.batch(sql)
            total.add(done)
    return total


async def key_use(sql: Connection, people: People) -> list[KeyUse]:
    """By table and key."""
    found: list[KeyUse] = []
    for column in columns_of(people):
        rows = await sql.fetch(
            f"""SELECT {column.key_id} AS key_id, count(*) AS rows FROM {column.table}
                GROUP BY {column.key_id} ORDER BY {column.key_id}"""
        )
        found += [KeyUse(column.table, row["key_id"], row["rows"]) for row in rows]
    return found
