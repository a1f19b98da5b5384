"""What people type finds what was written, in any form of the word and from any keyboard."""

from typing import Any
from uuid import UUID

import pytest

from tests.ideas_market.search.test_names import follow_names
from tests.ideas_market.world import SOON, drafted, published
from tests.kit.service import RunningService

WRITTEN: dict[str, dict[str, Any]] = {
    "school": {
        "title": {
            "ky": "Мектептин чатырын оңдоо",
            "ru": "Ремонт крыши школы",
            "en": "Repairing the school roof",
        },
        "summary": {"ky": "Окуучулар жылуу класста окусун."},
    },
    "water": {
        "title": {"ky": "Таза суу: жаңы кудук", "ru": "Чистая вода: новая скважина"},
        "summary": {"ru": "Жители двух улиц получат воду."},
    },
    "playground": {
        "title": {"ru": "Детская площадка во дворе"},
        "summary": {"ru": "Дети из школы рядом будут играть здесь."},
    },
    "sewing": {
        "title": {"en": "Training young women in sewing", "ru": "Курсы шитья для девушек"},
        "summary": {"ru": "Мастерская и швейные машины."},
    },
}


@pytest.fixture
async def shelf(market: RunningService) -> dict[str, str]:
    """Name → code of published ideas."""
    return {name: (await published(market, **texts)).json()["code"] for name, texts in WRITTEN.items()}


async def search(market: RunningService, shelf: dict[str, str], **parameters: str) -> list[tuple[str, str]]:
    """(name, how it matched) in the order of the answer."""
    found = await market.client.get("/v1/ideas", params=parameters)
    assert found.status_code == 200, found.text
    names = {code: name for name, code in shelf.items()}
    return [(names[item["code"]], item.get("match")) for item in found.json()["items"]]


CASES: dict[str, set[str]] = {
    "мектептерге": {"school"},
    "МЕКТЕПКЕ": {"school"},
    "оңдойт": {"school"},
    "ондоо": {"school"},
    "кудуктар": {"water"},
    "жаны кудук": {"water"},
    "школа": {"school", "playground"},
    "площадки": {"playground"},
    "скважины": {"water"},
    "trained women": {"sewing"},
    "roofs": {"school"},
    "чистая вода": {"water"},
    '"детская площадка"': {"playground"},
    "площадк*": {"playground"},
    "школа -крыша": {"playground"},
    "ngo-osh": set(WRITTEN),
}


async def test_word_forms_letters_phrases_exclusions_and_beginnings(
    market: RunningService, shelf: dict[str, str]
) -> None:
    found = {query: await search(market, shelf, q=query) for query in CASES}
    assert {query: {name for name, _ in hits} for query, hits in found.items()} == CASES
    other_letters = {query for query, hits in found.items() if "letters" in {how for _, how in hits}}
    assert other_letters == {"ондоо", "жаны кудук"}
    assert {how for query in found.keys() - other_letters for _, how in found[query]} == {"exact"}


async def test_a_phrase_needs_its_order(market: RunningService, shelf: dict[str, str]) -> None:
    assert await search(market, shelf, q='"крыши ремонт школы"') == []
    assert await search(market, shelf, q='"ремонт крыши школы"') == [("school", "exact")]


async def test_a_title_weighs_more_than_a_summary(market: RunningService, shelf: dict[str, str]) -> None:
    assert [name for name, _ in await search(market, shelf, q="школе")] == ["school", "playground"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [("плащадки", "playground"), ("мектпетин", "school"), ("sowing", "sewing"), ("скважна", "water")],
)
async def test_misspelt_words_find_what_is_near_and_say_so(
    market: RunningService, shelf: dict[str, str], typed: str, name: str
) -> None:
    assert (await search(market, shelf, q=typed))[0] == (name, "typo")


async def test_only_what_is_misspelt_is_guessed(market: RunningService, shelf: dict[str, str]) -> None:
    """Words that are known still have to be there, and so do phrases, in their order."""
    assert await search(market, shelf, q="школа плащадка") == [("playground", "typo")]
    assert await search(market, shelf, q="вода плащадка") == []
    assert await search(market, shelf, q='"школы ремонт" плащадка') == []
    assert await search(market, shelf, q="вода площадка") == []
    assert await search(market, shelf, q="IDEA-2026-9999") == []


async def test_exclusions_hold_for_misspelt_words_too(market: RunningService, shelf: dict[str, str]) -> None:
    assert await search(market, shelf, q="плащадки -двор") == []


async def test_a_rightly_spelt_word_is_not_taken_for_a_typo(
    market: RunningService, shelf: dict[str, str]
) -> None:
    """Another filter emptied the list, so near words would be noise."""
    assert await search(market, shelf, q="площадка", sector="water") == []


async def test_nothing_near_is_nothing(market: RunningService, shelf: dict[str, str]) -> None:
    assert await search(market, shelf, q="трансатлантический") == []


async def test_a_query_without_a_word_is_refused(market: RunningService) -> None:
    """The whole market would look like what was searched for."""
    for query in ("", " ", "-", '""', "*", "?!"):
        answer = await market.client.get("/v1/ideas", params={"q": query})
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["pointer"], error["code"]) == (422, "/query/q", "nothing_to_search")


async def test_without_a_query_there_is_the_list(market: RunningService, shelf: dict[str, str]) -> None:
    assert {name for name, _ in await search(market, shelf)} == set(WRITTEN)


async def test_exclusions_alone_narrow_the_list(market: RunningService, shelf: dict[str, str]) -> None:
    assert {name for name, _ in await search(market, shelf, q="-школа")} == {"water", "sewing"}


async def test_the_code_finds_its_idea(market: RunningService, shelf: dict[str, str]) -> None:
    assert await search(market, shelf, q=shelf["water"].lower()) == [("water", "exact")]


async def test_any_input_is_a_query(market: RunningService, shelf: dict[str, str]) -> None:
    for query in (
        "' OR 1=1 --",
        "a & b | !c",
        ":*",
        "\\",
        "\x00",
        "(((",
        "мектеп:*A",
        "%_",
        "'",
        "🙂",
        "а" * 300,
    ):
        found = await market.client.get("/v1/ideas", params={"q": query})
        assert found.status_code == (200 if any(map(str.isalnum, query)) else 422), query
    assert (await market.client.get("/v1/ideas", params={"q": "а" * 301})).status_code == 422


HERD: dict[str, dict[str, Any]] = {
    "bridge": {"title": {"ky": "Мектептин жанындагы көпүрө", "ru": "Мост у школы"}},
    "cows": {"title": {"ky": "Уйларды эмдөө", "ru": "Вакцинация коров"}},
    "houses": {"title": {"ky": "Үйлөрдү жылытуу", "ru": "Отопление домов"}},
    "sheep": {"title": {"ky": "Кой кармоо", "ru": "Овцы к зиме, ко времени"}},
}
PLAIN: dict[str, Any] = {
    "summary": {"ru": "Так"},
    "problem": {"ru": "Так"},
    "goal": {"ru": "Так"},
    "activities": [{"title": {"ru": "Так"}, "starts": SOON}],
}


@pytest.fixture
async def herd(market: RunningService) -> dict[str, str]:
    return {name: (await published(market, **PLAIN, **texts)).json()["code"] for name, texts in HERD.items()}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("уй", [("cows", "exact"), ("houses", "letters")]),
        ("үйлөр", [("houses", "exact"), ("cows", "letters")]),
        ("кой", [("sheep", "exact")]),
        ("ой", []),
        ("ай", []),
        ("школа у", [("bridge", "exact")]),
        ('"мост у школы"', [("bridge", "exact")]),
        ('"мост школы"', []),
        ('"у школы"', [("bridge", "exact")]),
        ("00", []),
        ("202", []),
        ("жана", []),
    ],
)
async def test_a_kyrgyz_word_is_no_russian_preposition(
    market: RunningService, herd: dict[str, str], typed: str, expected: list[tuple[str, str]]
) -> None:
    assert await search(market, herd, q=typed) == expected


async def test_without_cows_the_bridge_at_the_school_stays(
    market: RunningService, herd: dict[str, str]
) -> None:
    assert {name for name, _ in await search(market, herd, q="-уй")} == {"bridge", "houses", "sheep"}


async def test_what_was_indexed_in_an_earlier_form_is_indexed_again(
    market: RunningService, herd: dict[str, str]
) -> None:
    draft = (await drafted(market, title={"ru": "Мост у школы"})).json()
    await market.database.pool.execute(
        "UPDATE idea SET search_form = 1, search = $1::text::tsvector, search_words = 'у мост'",
        "'у':1A 'мост':2A",
    )
    assert await search(market, herd, q="кой") == []
    assert await follow_names(market) == [5]
    assert await search(market, herd, q="кой") == [("sheep", "exact")]
    kept = await market.database.pool.fetchval(
        "SELECT search::text FROM idea WHERE id = $1", UUID(draft["id"])
    )
    assert "'школ'" in kept
    assert "'у'" not in kept
    assert await follow_names(market) == [0]
