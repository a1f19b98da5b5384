import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.search import Token, analyse, guess_language

KYRGYZ_TEXT = "Айыл өкмөтүнүн аймагындагы мектептердин жанындагы көпүрөлөрдү оңдоо боюнча долбоорлор"


class TestAnalyse:
    def test_kyrgyz(self) -> None:
        assert analyse("Көпүрөлөрдү оңдоо", "ky") == [
            Token("көпүрөлөрдү", "копуролорду", "көпүрө", 1),
            Token("оңдоо", "ондоо", "оңдоо", 2),
        ]

    @pytest.mark.parametrize(
        ("text", "language", "stems"),
        [
            ("дорогами школы", "ru", ["дорог", "школ"]),
            ("Ремонт ЁЛОК", "ru-KG", ["ремонт", "елок"]),
            ("repairing roads", "en", ["repair", "road"]),
            ("yo'llarni ta'mirlash", "uz", ["yo'llarni", "ta'mirlash"]),
            ("йўлларни", "uz-Cyrl", ["йулларни"]),
            ("мектептерге", "ky-KG", ["мектеп"]),
        ],
    )
    def test_by_language(self, text: str, language: str, stems: list[str]) -> None:
        assert [token.stem for token in analyse(text, language)] == stems

    def test_a_language_not_given_is_guessed(self) -> None:
        assert [token.stem for token in analyse("жолду оңдоо керек")] == ["жол", "оңдоо", "керек"]
        assert [token.stem for token in analyse("ремонт дороги и освещение улиц")][1] == "дорог"

    @given(st.text(), st.sampled_from([None, "ky", "ru", "en", "uz", "", "-", "xx-Cyrl"]))
    def test_any_text(self, text: str, language: str | None) -> None:
        tokens = analyse(text, language)
        assert [token.position for token in tokens] == list(range(1, len(tokens) + 1))
        assert all(token.stem and token.surface and token.folded for token in tokens)

    def test_a_thousand_words_take_under_20_ms(self) -> None:
        text = " ".join([KYRGYZ_TEXT] * 111)
        analyse(text, "ky")
        best = min(_seconds(lambda: analyse(text, "ky")) for _ in range(5))
        assert best < 0.020


def _seconds(run: object) -> float:
    assert callable(run)
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


class TestGuess:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            (KYRGYZ_TEXT, "ky"),
            ("мектеп", "ky"),
            ("суу жок", "ky"),
            ("бала бакча куруу", "ky"),
            ("Бул жерде көчө жарыгы жок", "ky"),
            ("ремонт дорог", "ru"),
            ("Установка освещения на улице Ленина", "ru"),
            ("благоустройство парка", "ru"),
            ("Выдача паспорта", "ru"),
            ("street lighting", "en"),
            ("Issue of the ID card (ИНН)", "en"),
            ("2026", None),
            ("", None),
            ("中文", None),
        ],
    )
    def test_by_letters_and_words(self, text: str, language: str | None) -> None:
        assert guess_language(text) == language
