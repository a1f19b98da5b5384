"""JSON documents as bytes: what differs in Postgres differs here, what is the same there is the same here."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.postgres import PostgresServer
from shared.audit import canonical
from shared.audit.canonical import document

LETTERS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXT = st.text(LETTERS, max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(['"', "\\", '\\"', "{}", "[1]", "null", "a:b,c", "\n", "\u2028", "ө", "1"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def written(value: Any, **how: Any) -> str:
    return json.dumps(value, **{"ensure_ascii": False, **how})


class Digits(str):
    """A number as it is written."""

    __slots__ = ()


def tree(text: str) -> Any:
    """The document as Python's own reader sees it, each value with its type, members by name."""
    return _tagged(json.loads(text, parse_int=Digits, parse_float=Digits))


def _tagged(value: Any) -> Any:
    if isinstance(value, dict):
        return ("o", {name: _tagged(below) for name, below in value.items()})
    if isinstance(value, list):
        return ("a", [_tagged(below) for below in value])
    if isinstance(value, Digits):
        return ("d", str(value))
    return ("s", value) if isinstance(value, str) else (value,)


def read_back(content: bytes) -> tuple[Any, bytes]:
    """A value out of its encoding, as the description says, and what follows it."""
    kind, rest = content[:1].decode(), content[1:]
    if kind in "ntf":
        return ({"n": None, "t": True, "f": False}[kind],), rest
    size, rest = int.from_bytes(rest[:4]), rest[4:]
    if kind in "sd":
        return (kind, rest[:size].decode()), rest[size:]
    items = []
    for _ in range(size * (2 if kind == "o" else 1)):
        item, rest = read_back(rest)
        items.append(item)
    if kind == "a":
        return (kind, items), rest
    names = [name for _, name in items[::2]]
    assert len(set(names)) == size
    return (kind, dict(zip(names, items[1::2], strict=True))), rest


@given(JSON)
def test_a_document_can_be_read_back_whole(value: Any) -> None:
    """So no two of them have one encoding."""
    text = written(value)
    encoded = document(text)
    assert encoded[:1] == b"j"
    assert read_back(encoded[1:]) == (tree(text), b"")


@given(JSON, st.randoms(use_true_random=False))
def test_neither_spaces_nor_escapes_nor_the_order_of_members_matter(value: Any, random: Any) -> None:
    plain = document(written(value))
    assert document(written(value, indent=2)) == plain
    assert document(written(value, separators=(",", ":"))) == plain
    assert document(written(value, ensure_ascii=True)) == plain
    assert document(written(shuffled(value, random))) == plain


def shuffled(value: Any, random: Any) -> Any:
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name], random) for name in names}
    return [shuffled(below, random) for below in value] if isinstance(value, list) else value


@settings(max_examples=25, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=40))
def test_what_postgres_writes_is_read_as_others_read_it(
    postgres_server: PostgresServer, values: list[Any]
) -> None:
    texts = asyncio.run(through_jsonb(postgres_server.url("postgres"), values))
    for text in texts:
        assert read_back(document(text)[1:]) == (tree(text), b"")
    assert asyncio.run(through_jsonb(postgres_server.url("postgres"), texts, encoded=True)) == texts


async def through_jsonb(url: str, values: Sequence[Any], *, encoded: bool = False) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        given_texts = [value if encoded else written(value) for value in values]
        rows = await connection.fetch(
            "SELECT text::jsonb::text FROM unnest($1::text[]) WITH ORDINALITY AS u (text, n) ORDER BY n",
            given_texts,
        )
        return [row[0] for row in rows]
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0", "1.00"),
        ("1", "1.0"),
        ("9007199254740992", "9007199254740993"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1", '"1"'),
        ("null", '"null"'),
        ("[]", "{}"),
        ("[[1],2]", "[[1,2]]"),
        ('{"a":"b"}', '["a","b"]'),
        ('{"a":1,"b":2}', '{"a":2,"b":1}'),
    ],
)
def test_what_a_float_or_a_careless_writer_would_mix_up(one: str, other: str) -> None:
    assert document(one) != document(other)


def test_depth_is_no_matter() -> None:
    depth = 100_000
    whole = document("[" * depth + "]" * depth)
    assert whole == b"j" + b"a\x00\x00\x00\x01" * (depth - 1) + b"a\x00\x00\x00\x00"


def test_the_bytes_are_those_of_the_description() -> None:
    assert document('{"б": [1.50, null, true, false], "a": ""}') == (
        b"jo\0\0\0\2"
        b"s\0\0\0\1a" + b"s\0\0\0\0"
        b"s\0\0\0\2" + "б".encode() + b"a\0\0\0\4" + b"d\0\0\0\0041.50" + b"ntf"
    )
    assert canonical.integer(-12) == b"d\0\0\0\3-12"
    with pytest.raises(ValueError):
        canonical.moment(b"")
