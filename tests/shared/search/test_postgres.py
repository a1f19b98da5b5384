"""The literals on a real server: what is written here is what Postgres reads, and searches find."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.postgres import PostgresServer
from shared.search import analyse, parse_query, trigram_key, tsvector_literal
from shared.text import sort_key

IDEAS = {
    "bridge": ("Көпүрөнү оңдоо", "Айылдын чети менен өткөн дарыянын көпүрөсү бузулган."),
    "water": ("Суу түтүгүн алмаштыруу", "Үйлөргө таза суу жеткирүү керек."),
    "street": ("Көчөгө жарык орнотуу", "Мектепке бара турган жолдо түнкүсүн караңгы."),
    "cow": ("Уй чарбасы", "Уйлар үчүн жайыт."),
}


@pytest.fixture
async def connection(postgres_server: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_server.url("postgres"))
    yield connection
    await connection.close()


async def found(connection: asyncpg.Connection, typed: str) -> list[str]:
    """Keys of the ideas that match, best first."""
    rows = await connection.fetch(
        """
        SELECT key FROM unnest($1::text[], $2::text[]) AS idea (key, words)
        WHERE words::tsvector @@ $3::text::tsquery
        ORDER BY ts_rank(words::tsvector, $3::text::tsquery) DESC, key
        """,
        list(IDEAS),
        [
            tsvector_literal([("A", analyse(title, "ky")), ("C", analyse(body, "ky"))])
            for title, body in IDEAS.values()
        ],
        parse_query(typed).tsquery,
    )
    return [row["key"] for row in rows]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("көпүрө оңдоо", ["bridge"]),
        ("копуролорду ондогон", ["bridge"]),
        ('"суу түтүгү"', ["water"]),
        ('"түтүк суу"', []),
        ("жарык*", ["street"]),
        ("көчө -жарык", []),
        ("мектеп -суу", ["street"]),
        ("үй", ["water", "cow"]),
        ("уй", ["cow", "water"]),
        ("бакча", []),
        ('"оңдоо айыл"', []),  # the title ends here, no phrase reaches into the body
    ],
)
async def test_search(connection: asyncpg.Connection, typed: str, keys: list[str]) -> None:
    assert await found(connection, typed) == keys


async def test_typing_error(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    keys = {key: trigram_key(" ".join(texts)) for key, texts in IDEAS.items()}
    similar = {
        key: await connection.fetchval(
            "SELECT word_similarity($1, $2)", parse_query("көпурө").trigram_key, text
        )
        for key, text in keys.items()
    }
    assert max(similar, key=lambda key: similar[key]) == "bridge"


async def test_sort_key_orders_under_the_server_s_collation(connection: asyncpg.Connection) -> None:
    names = [
        "Аң",
        "Ёлка",
        "Жети-Өгүз",
        "2-көчө",
        "10-көчө",
        "Ош",
        "Өзгөн",
        "Сузак",
        "Сүлүктү",
        "Чүй",
        "Ысык-Көл",
    ]
    expected = [
        "2-көчө",
        "10-көчө",
        "Аң",
        "Ёлка",
        "Жети-Өгүз",
        "Ош",
        "Өзгөн",
        "Сузак",
        "Сүлүктү",
        "Чүй",
        "Ысык-Көл",
    ]
    rows = await connection.fetch(
        "SELECT name FROM unnest($1::text[], $2::text[]) AS place (name, key) ORDER BY key",
        names,
        [sort_key(name) for name in names],
    )
    assert [row["name"] for row in rows] == expected


@given(
    st.lists(st.one_of(st.text(), st.text(alphabet="ab өү'\"\\&|!()<->:*- \x00")), min_size=5, max_size=20)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
async def test_any_text_is_read(connection: asyncpg.Connection, texts: list[str]) -> None:
    await connection.fetch(
        "SELECT unnest($1::text[])::tsquery", [parse_query(text).tsquery for text in texts]
    )
    literals = [tsvector_literal([("B", analyse(text))]) for text in texts]
    rows = await connection.fetch("SELECT unnest($1::text[])::tsvector::text AS read", literals)
    for row, literal in zip(rows, literals, strict=True):
        assert row["read"].count("':") == literal.count("':")


async def test_the_largest_literal_is_taken(connection: asyncpg.Connection) -> None:
    long = tsvector_literal([("A", analyse(" ".join(f"{'ө' * 90}{n}" for n in range(20_000)), "ky"))])
    assert await connection.fetchval("SELECT length($1::text::tsvector)", long) > 1_000
