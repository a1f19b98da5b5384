"""Rows as bytes and hashes: every column counts, no two rows are alike, and the format stays what it is."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData

from shared.audit.encoding import COLUMNS, NOTHING, SELECTED, beginning, encode, follow
from shared.audit.tables import FILLED_IN, add_audit_tables
from shared.db.database import Database
from tests.shared.audit.test_canonical import JSON, TEXT, tree, written
from tests.shared.audit.trail import Trail

NUMBERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
IDS = st.uuids()


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


VALUES = {
    "id": NUMBERS,
    "position": NUMBERS,
    "at": NUMBERS.map(lambda number: number.to_bytes(8, signed=True)),
    "actor": maybe(IDS),
    "actor_kind": TEXT,
    "organisation": maybe(IDS),
    "on_behalf_of": maybe(IDS),
    "credential": maybe(IDS),
    "action": TEXT,
    "object_type": TEXT,
    "object_id": IDS,
    "before": maybe(JSON.map(written)),
    "after": maybe(JSON.map(written)),
    "trace_id": maybe(TEXT),
    "request_id": maybe(TEXT),
}
ROWS = st.tuples(*(VALUES[name] for name in COLUMNS))


def test_every_column_of_the_table_is_hashed() -> None:
    metadata = MetaData()
    add_audit_tables(metadata)
    columns = {column.name for column in metadata.tables["audit"].columns}
    assert set(COLUMNS) == columns - {"previous_hash", "hash"}
    assert set(FILLED_IN) == {"position", "previous_hash", "hash"}


@given(ROWS, st.integers(0, len(COLUMNS) - 1), st.data())
def test_one_changed_value_changes_the_hash(row: tuple[Any, ...], place: int, data: st.DataObject) -> None:
    other = data.draw(VALUES[COLUMNS[place]].filter(lambda value: differs(place, value, row[place])))
    changed = (*row[:place], other, *row[place + 1 :])
    assert encode(changed) != encode(row)
    assert follow(NOTHING, encode(changed)) != follow(NOTHING, encode(row))


def differs(place: int, one: Any, other: Any) -> bool:
    """Documents differ where Postgres would say so; texts that mean the same are the same."""
    if COLUMNS[place] in {"before", "after"} and None not in {one, other}:
        return bool(tree(one) != tree(other))
    return bool(one != other)


@given(ROWS, ROWS)
def test_two_rows_are_alike_only_if_every_value_is(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    same = not any(differs(place, *pair) for place, pair in enumerate(zip(one, other, strict=True)))
    assert (encode(one) == encode(other)) == same


@given(ROWS)
def test_values_of_neighbours_do_not_run_together(row: tuple[Any, ...]) -> None:
    """What moves from one text to the next, or from one place to another, is seen."""
    values = dict(zip(COLUMNS, row, strict=True))
    moved = {**values, "action": values["action"] + "x", "object_type": values["object_type"]}
    back = {**values, "action": values["action"], "object_type": "x" + values["object_type"]}
    assert encode(tuple(moved.values())) != encode(tuple(back.values()))
    if values["trace_id"] != values["request_id"]:
        turned = {**values, "trace_id": values["request_id"], "request_id": values["trace_id"]}
        assert encode(tuple(turned.values())) != encode(row)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), ROWS)
def test_what_goes_before_counts(one: bytes, other: bytes, row: tuple[Any, ...]) -> None:
    assert (follow(one, encode(row)) == follow(other, encode(row))) == (one == other)


@given(TEXT, IDS, st.integers(0, 2**62), st.binary(min_size=32, max_size=32), ROWS)
def test_a_beginning_is_bound_to_all_it_is_made_of(
    service: str, epoch: UUID, after: int, previous: bytes, row: tuple[Any, ...]
) -> None:
    found = beginning(service, epoch, after, previous)
    assert len({found, beginning(service + "x", epoch, after, previous)}) == 2
    assert len({found, beginning(service, UUID(int=epoch.int ^ 1), after, previous)}) == 2
    assert len({found, beginning(service, epoch, after + 1, previous)}) == 2
    assert len({found, beginning(service, epoch, after, bytes(reversed(previous)) + b"x")}) == 2
    assert found != follow(previous, encode(row))


ROW = (
    7, 3, (86_400_000_001).to_bytes(8), UUID(int=1), "person", None, None, UUID(int=2), "item.price", "item",
    UUID(int=3), None, '{"price": 1.50}', "ab", None,
)  # fmt: skip


def test_the_format_is_what_it_was() -> None:
    """Written down byte by byte: chains of the past must stay verifiable. A change of it is a new format."""

    def name(text: str) -> bytes:
        return b"s" + len(text).to_bytes(4) + text.encode()

    content = (
        name("id") + b"d\0\0\0\0017"
        + name("position") + b"d\0\0\0\0013"
        + name("at") + b"m\0\0\0\x14\x1d\xd7\x60\x01"
        + name("actor") + b"u" + bytes(15) + b"\1"
        + name("actor_kind") + b"s\0\0\0\6person"
        + name("organisation") + b"-"
        + name("on_behalf_of") + b"-"
        + name("credential") + b"u" + bytes(15) + b"\2"
        + name("action") + b"s\0\0\0\nitem.price"
        + name("object_type") + b"s\0\0\0\4item"
        + name("object_id") + b"u" + bytes(15) + b"\3"
        + name("before") + b"-"
        + name("after") + b"jo\0\0\0\1s\0\0\0\5priced\0\0\0\0041.50"
        + name("trace_id") + b"s\0\0\0\2ab"
        + name("request_id") + b"-"
    )  # fmt: skip
    assert encode(ROW) == content
    assert follow(NOTHING, content) == sha256(b"ashar/audit/row/1\0" + bytes(32) + content).digest()
    start = b"s\0\0\0\4shop" + b"u" + bytes(15) + b"\5" + b"d\0\0\0\0010" + bytes(32)
    assert beginning("shop", UUID(int=5), 0, NOTHING) == sha256(b"ashar/audit/beginning/1\0" + start).digest()


async def test_the_settings_of_a_session_change_nothing(trail: Trail, database: Database) -> None:
    """A driver of another language, another time zone, another style of dates or floats, text or binary."""
    await trail.write(5)
    await trail.link()
    ours = [tuple(row) for row in await database.pool.fetch(f"SELECT {SELECTED} FROM audit ORDER BY id")]
    other = await asyncpg.connect(
        database.url,
        server_settings={
            "timezone": "Asia/Bishkek",
            "datestyle": "German, DMY",
            "intervalstyle": "iso_8601",
            "extra_float_digits": "-15",
            "bytea_output": "escape",
        },
    )
    try:
        theirs = [tuple(row) for row in await other.fetch(f"SELECT {SELECTED} FROM audit ORDER BY id")]
    finally:
        await other.close()
    assert [encode(row) for row in theirs] == [encode(row) for row in ours]
