import random
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import sort_key

KYRGYZ = "абвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюя"
RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
ENGLISH = "abcdefghijklmnopqrstuvwxyz"
languages = st.sampled_from(["ky", "ru", "en", "uz-Cyrl", "uz"])
names = st.text(st.characters(categories=("L", "N", "P", "Zs", "S")), max_size=12)


def shuffled(words: Sequence[str]) -> list[str]:
    return random.Random(7).sample(words, len(words))


def ranked(text: str, language: str) -> str:
    """The part of the key that comes before the spelling."""
    return sort_key(text, language).removesuffix(" " + unicodedata.normalize("NFC", text))


class TestAlphabets:
    @pytest.mark.parametrize(("language", "alphabet"), [("ky", KYRGYZ), ("ru", RUSSIAN), ("en", ENGLISH)])
    def test_letters_in_both_cases(self, language: str, alphabet: str) -> None:
        words = [word for letter in alphabet for word in (f"{letter}", f"{letter}а", f"{letter.upper()}б")]
        assert sorted(shuffled(words), key=lambda word: sort_key(word, language)) == words

    def test_kyrgyz_names(self) -> None:
        names = [
            "Алай",
            "Аң",
            "Арал",
            "Ёлка",
            "Жети-Өгүз",
            "Нарын",
            "Ноокат",
            "Ош",
            "Өзгөн",
            "Суусамыр",
            "Сүлүктү",
        ]
        assert sorted(shuffled(names), key=sort_key) == names
        assert sorted(names) != names  # by code point, which is why there is a key

    def test_own_script_first(self) -> None:
        assert sort_key("яблоко", "ky") < sort_key("apple", "ky")
        assert sort_key("zebra", "en") < sort_key("алма", "en")
        assert sort_key("ящик", "uz-Cyrl") < sort_key("olma", "uz-Cyrl")
        assert sort_key("olma", "uz") < sort_key("алма", "uz")
        assert sort_key("zebra", "ky") < sort_key("中", "ky")


class TestRules:
    @pytest.mark.parametrize(
        ("lower", "higher"),
        [
            ("2-мектеп", "10-мектеп"),
            ("мектеп 9", "мектеп 10"),
            ("1.9", "1.10"),
            ("1.5", "2"),
            ("00009", "10"),
            ("9" * 8, "1" + "0" * 8),
            ("9" * 17, "1" + "0" * 17),
            ("9" * 40, "1" + "0" * 40),
            ("٣", "10"),
            ("100", "айыл"),
            ("Кара Суу", "Карабалта"),
            ("«Ак-Суу»", "Ала-Тоо"),
            ("ош", "ОШБУ"),
        ],
    )
    def test_order(self, lower: str, higher: str) -> None:
        assert sort_key(lower) < sort_key(higher)

    @pytest.mark.parametrize(("one", "other"), [("Кара-Суу", "кара суу "), ("«Ош»", "ош"), ("é", "É")])
    def test_case_and_punctuation_decide_only_between_equals(self, one: str, other: str) -> None:
        between = sort_key(one.strip("«»").replace("-", "") + "а")
        assert (sort_key(one) < between) or (sort_key(other) < between)
        assert sort_key(one) != sort_key(other)

    def test_same_text_in_other_composition_is_the_same(self) -> None:
        assert sort_key(unicodedata.normalize("NFD", "Кызыл-Кыя й ё")) == sort_key("Кызыл-Кыя й ё")


class TestProperties:
    @given(names, names, languages)
    def test_equal_keys_mean_equal_texts(self, one: str, other: str, language: str) -> None:
        equal = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
        assert (sort_key(one, language) == sort_key(other, language)) == equal

    @given(st.text(f"{KYRGYZ}{ENGLISH} 0123456789", max_size=12), languages, st.sampled_from("«»-.,!?()№"))
    def test_neither_case_nor_punctuation_moves_a_name(self, text: str, language: str, sign: str) -> None:
        assert (
            ranked(text.upper(), language)
            == ranked(f"{sign}{text}{sign}", language)
            == ranked(text, language)
        )

    @given(names, names, languages)
    def test_a_text_sorts_before_its_continuation(self, start: str, rest: str, language: str) -> None:
        start = unicodedata.normalize("NFC", start)
        longer = unicodedata.normalize("NFC", start + rest)
        if longer.startswith(start):
            assert sort_key(start, language) <= sort_key(longer, language)

    @given(st.integers(0, 10**30), st.integers(0, 10**30))
    def test_numbers_by_value(self, one: int, other: int) -> None:
        assert (sort_key(f"№ {one} мектеп") < sort_key(f"№ {other} мектеп")) == (one < other)

    @given(st.text(), st.text(max_size=5))
    def test_takes_any_text(self, text: str, language: str) -> None:
        assert sort_key(text, language).endswith(unicodedata.normalize("NFC", text))
