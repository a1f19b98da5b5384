"""Seals again, under the current key, what is sealed with an older one or not at all. Bounded, resumable, beside
writers: a row is locked for as long as its batch takes, and one somebody else holds is left for the next."""

from dataclasses import dataclass

import asyncpg

from shared.db.database import Connection, Database
from shared.people.keyring import Keyring, Place, Sealed
from shared.people.kinds import People, SealedColumn
from shared.people.store import FIELD, TABLE

BATCH = 200
STORE = SealedColumn(TABLE, value="value", key_id="key_id", field=FIELD)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """How many rows of a table a key has sealed; key id "" are rows in clear."""

    table: str
    key_id: str
    rows: int


def columns_of(people: People) -> tuple[SealedColumn, ...]:
    return (STORE, *people.sealed)


async def rotate_batch(sql: Connection, keyring: Keyring, column: SealedColumn, limit: int = BATCH) -> int:
    """How many rows were sealed again. To be called in a transaction; 0 when nothing free is left."""
    current = keyring.current
    rows = await sql.fetch(
        f"""SELECT {column.id} AS id, {column.field} AS field, {column.key_id} AS key_id, {column.value} AS value
            FROM {column.table} WHERE {column.key_id} < $1 OR {column.key_id} > $1
            LIMIT $2 FOR UPDATE SKIP LOCKED""",
        current,
        limit,
    )
    if not rows:
        return 0
    again = [(row["id"], _again(keyring, column, row)) for row in rows]
    await sql.execute(
        f"""UPDATE {column.table} AS t SET {column.key_id} = n.key_id, {column.value} = n.value
            FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (id, key_id, value) WHERE t.{column.id} = n.id""",
        [identifier for identifier, _ in again],
        [sealed.key_id for _, sealed in again],
        [sealed.value for _, sealed in again],
    )
    return len(again)


def _again(keyring: Keyring, column: SealedColumn, row: asyncpg.Record) -> Sealed:
    place = Place(column.table, row["id"], row["field"])
    return keyring.seal(place, keyring.open(place, Sealed(row["key_id"], row["value"])))


async def rotate(database: Database, keyring: Keyring, people: People) -> int:
    """Until no row is left but those others hold at the moment; how many were sealed again."""
    total = 0
    for column in columns_of(people):
        found = BATCH
        while found:
            async with database.transaction() as sql:
                found = await rotate_batch(sql, keyring, column)
            total += found
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
