from datetime import date
from decimal import Decimal

from shared.db.database import Database
from shared.ids import uuid7
from shared.messaging.upsert import Upsert
from tests.shared.messaging.test_projections import COPY, copies


async def test_older_and_equal_versions_change_nothing(database: Database) -> None:
    item = uuid7()

    async def write(*rows: tuple[int, int]) -> None:
        await COPY.apply(
            database.pool,  # type: ignore[arg-type]
            [{"id": item, "version": version, "price": price, "note": ""} for version, price in rows],
        )

    await write((3, 30), (2, 20))
    assert await copies(database) == {item: (3, 30)}
    await write((3, 31))
    await write((1, 10))
    await write()
    assert await copies(database) == {item: (3, 30)}
    await write((4, 40), (5, 50))
    assert await copies(database) == {item: (5, 50)}


async def test_deleting_is_guarded_too(database: Database) -> None:
    old, new = uuid7(), uuid7()
    row = {"version": 5, "price": 1, "note": ""}
    async with database.read() as connection:
        await COPY.apply(connection, [{"id": old, **row}, {"id": new, **row}])
        await COPY.delete(connection, [(old, 6), (new, 5)])
    assert set(await copies(database)) == {new}


async def test_every_kind_of_column(database: Database) -> None:
    await database.pool.execute(
        """CREATE TABLE kinds (id uuid PRIMARY KEY, version bigint, tags text[], owners uuid[], name jsonb,
                               day date, amount numeric, nothing int[])"""
    )
    kinds = Upsert(
        "kinds",
        {
            "id": "uuid", "version": "bigint", "tags": "text[]", "owners": "uuid[]", "name": "jsonb",
            "day": "date", "amount": "numeric", "nothing": "int[]",
        },
    )  # fmt: skip
    rows = [
        {
            "id": uuid7(), "version": 1, "tags": ["a", 'b"\\', "ө"], "owners": [uuid7(), uuid7()],
            "name": {"ky": "Ош"}, "day": date(2026, 1, 2), "amount": Decimal("1.50"), "nothing": None,
        },
        {
            "id": uuid7(), "version": 1, "tags": [], "owners": (), "name": {}, "day": None, "amount": None,
            "nothing": [1, 2],
        },
    ]  # fmt: skip
    async with database.read() as connection:
        await kinds.apply(connection, rows)
    stored = {row["id"]: dict(row) for row in await database.pool.fetch("SELECT * FROM kinds")}
    assert stored[rows[0]["id"]] == rows[0]
    assert stored[rows[1]["id"]] == {**rows[1], "owners": []}
