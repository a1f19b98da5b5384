import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.search import fold, trigram_key
from shared.search.folding import TOKEN_LIMIT, words


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("Айыл өкмөтү, №5-мектеп!", ["айыл", "өкмөтү", "5", "мектеп"]),
            ("МЕКТЕП", ["мектеп"]),
            ("ﬁnance ＡＢ", ["finance", "ab"]),
            ("о\u0301зеро мек\u00adтеп", ["озеро", "мектеп"]),
            ("O’Brien's oʻzbek", ["o'brien's", "o'zbek"]),
            ("Osh™ 100₽", ["osh", "100"]),
            ("", []),
            ("—…«»", []),
        ],
    )
    def test_found(self, text: str, found: list[str]) -> None:
        assert words(text) == found

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("мeктeп", "мектеп"),  # Latin e
            ("cуу", "суу"),  # Latin c
            ("жаӊы", "жаңы"),
            ("жаҥы", "жаңы"),
            ("кɵпүрɵ", "көпүрө"),
            ("кӧпӱрӧ", "көпүрө"),
            ("үй", "үй"),
            ("cat", "cat"),
        ],
    )
    def test_look_alikes_are_repaired(self, typed: str, meant: str) -> None:
        assert words(typed) == [meant]

    def test_composition_does_not_matter(self) -> None:
        text = "Кызыл-Кыя: й, ё, Ё"
        assert words(unicodedata.normalize("NFD", text)) == words(text)

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        for word in words(text):
            assert 0 < len(word) <= TOKEN_LIMIT
            assert "\x00" not in word
            assert word == word.lower()


class TestFold:
    @pytest.mark.parametrize(
        ("word", "folded"),
        [
            ("оңдоо", "ондоо"),
            ("өзгөртүү", "озгортуу"),
            ("ёлка", "елка"),
            ("цемент", "семент"),
            ("o'zbek", "ozbek"),
        ],
    )
    def test_letters(self, word: str, folded: str) -> None:
        assert fold(word) == folded

    @given(st.text(st.characters(exclude_characters="'")))
    def test_keeps_length_and_is_done_once(self, word: str) -> None:
        assert len(fold(word)) == len(word)
        assert fold(fold(word)) == fold(word)


class TestTrigramKey:
    def test_folded_words_one_space_apart(self) -> None:
        assert trigram_key("  «Көпүрөнү»   оңдоо, 2026-ж. ") == "копурону ондоо 2026 ж"

    @given(st.text(), st.text())
    def test_of_two_texts(self, one: str, other: str) -> None:
        assert trigram_key(f"{one} ; {other}") == " ".join(
            filter(None, [trigram_key(one), trigram_key(other)])
        )
