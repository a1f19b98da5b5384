import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text import Picked, missing, pick

TEXT = {"ky": "кыргызча", "ru": "по-русски", "en": "English", "uz-Cyrl": "ўзбекча"}
tags = st.sampled_from(["ky", "ru", "en", "uz", "uz-Cyrl", "uz-Latn", "de", "ky-KG", "*"])


class TestPick:
    @pytest.mark.parametrize(
        ("accept", "language", "is_fallback"),
        [
            ([], "ky", False),
            (["ru"], "ru", False),
            (["ru-KG"], "ru", False),
            (["RU"], "ru", False),
            (["uz"], "uz-Cyrl", False),
            (["de", "en"], "en", True),
            (["de"], "ky", True),
            (["*"], "ky", False),
            (["de", "*", "en"], "ky", True),
        ],
    )
    def test_by_preference(self, accept: list[str], language: str, *, is_fallback: bool) -> None:
        assert pick(TEXT, accept) == Picked(TEXT[language], language, is_fallback)

    def test_kyrgyz_then_russian_then_english_then_any(self) -> None:
        left = dict(TEXT)
        for expected in ["ky", "ru", "en", "uz-Cyrl"]:
            assert pick(left, ["tg"]).language == expected
            del left[expected]

    def test_reader_without_wish_is_told_that_kyrgyz_is_missing(self) -> None:
        assert pick({"ru": "по-русски"}).is_fallback

    def test_nothing_to_pick_from(self) -> None:
        with pytest.raises(ValueError, match="no text"):
            pick({})

    @given(
        st.dictionaries(tags.filter(lambda tag: tag != "*"), st.text(min_size=1), min_size=1), st.lists(tags)
    )
    def test_always_one_of_the_map(self, text: dict[str, str], accept: list[str]) -> None:
        picked = pick(text, accept)
        assert text[picked.language] == picked.value
        if accept and accept[0] in text:
            assert picked == Picked(text[accept[0]], accept[0], is_fallback=False)


class TestMissing:
    def test_in_the_order_asked(self) -> None:
        assert missing({"en": "a"}, ["ru", "en", "ky"]) == ("ru", "ky")

    def test_a_script_counts_as_its_language_but_not_the_other_way(self) -> None:
        assert missing({"uz-Cyrl": "а"}, ["uz"]) == ()
        assert missing({"uz": "а"}, ["uz-Cyrl"]) == ("uz-Cyrl",)
