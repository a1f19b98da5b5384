import unicodedata

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.text import LanguageMap, Name, StateName, StateText, TextRule

any_text = TypeAdapter(LanguageMap)
state_name = TypeAdapter(StateName)
clean_text = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=50
).filter(str.strip)


class TestAccepted:
    def test_text_is_stripped_and_composed(self) -> None:
        decomposed = unicodedata.normalize("NFD", "Кара-Кой")
        assert any_text.validate_python({"ky": f"  {decomposed} "}) == {"ky": "Кара-Кой"}

    def test_tags_get_their_canonical_case(self) -> None:
        value = any_text.validate_python({"KY": "а", "uz-cyrl": "б", "RU-kg": "в"})
        assert value == {"ky": "а", "uz-Cyrl": "б", "ru-KG": "в"}

    def test_line_breaks_of_other_systems_become_newlines(self) -> None:
        assert any_text.validate_python({"ky": "бир\r\nэки\rүч\u2028төрт"}) == {"ky": "бир\nэки\nүч\nтөрт"}

    @given(st.dictionaries(st.sampled_from(["ky", "ru", "en", "uz-Cyrl", "tg"]), clean_text, min_size=1))
    def test_checking_twice_changes_nothing(self, value: dict[str, str]) -> None:
        once = any_text.validate_python(value)
        assert any_text.validate_python(once) == once
        assert all(text == unicodedata.normalize("NFC", text) for text in once.values())


class TestRefused:
    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ({}, "1 to 20 languages"),
            ({"ky": ""}, "empty"),
            ({"ky": " \n "}, "empty"),
            ({"ky": "а\x00б"}, "Control characters"),
            ({"ky": "а\x9fб"}, "Control characters"),
            ({"ky": "а\ud800"}, "Control characters"),
            ({"ky": "а\u202eб"}, "direction of writing"),
            ({"kyrgyz language": "а"}, "BCP-47"),
            ({"": "а"}, "BCP-47"),
            ({"ky_KG": "а"}, "BCP-47"),
            ({"ky": "а", "KY": "б"}, "twice"),
            ({"ky": "а" * 5_001}, "At most 5000"),
            ({f"{a}{b}": "а" for a in "abcde" for b in "abcde"}, "1 to 20 languages"),
        ],
    )
    def test_reason_is_named(self, value: dict[str, str], reason: str) -> None:
        with pytest.raises(ValidationError, match=reason):
            any_text.validate_python(value)

    @pytest.mark.parametrize("value", [None, "text", ["ky"], {"ky": 5}, {"ky": None}, {5: "а"}])
    def test_other_shapes(self, value: object) -> None:
        with pytest.raises(ValidationError):
            any_text.validate_python(value)

    def test_state_text_needs_kyrgyz_and_russian(self) -> None:
        with pytest.raises(ValidationError, match="missing in: ru"):
            state_name.validate_python({"ky": "Ош", "en": "Osh"})
        assert TypeAdapter(StateText).validate_python({"ky": "Ош", "ru": "Ош"}) == {"ky": "Ош", "ru": "Ош"}

    @pytest.mark.parametrize("sign", ["\n", "\t", "\r", "\u2028"])
    def test_a_name_is_one_line(self, sign: str) -> None:
        with pytest.raises(ValidationError):
            TypeAdapter(Name).validate_python({"ky": f"а{sign}б"})

    @given(st.dictionaries(st.text(max_size=12), st.text(max_size=20), max_size=3))
    def test_anything_else_fails_only_by_value_error(self, value: dict[str, str]) -> None:
        try:
            TextRule().checked(value)
        except ValueError:
            return
        assert all(text.strip() and "\x00" not in text for text in value.values())


class TestSchema:
    class Body(BaseModel):
        title: StateName

    def validator(self) -> jsonschema.Draft202012Validator:
        return jsonschema.Draft202012Validator(self.Body.model_json_schema())

    def test_says_what_the_type_checks(self) -> None:
        assert self.validator().is_valid({"title": {"ky": "Ош шаары", "ru": "город Ош", "uz-Cyrl": "Ўш"}})

    @pytest.mark.parametrize(
        "title",
        [
            {"ky": "Ош"},
            {"ky": "Ош", "ru": " "},
            {"ky": "Ош", "ru": "а\nб"},
            {"ky": "Ош", "ru": "а\x00"},
            {"ky": "Ош", "ru": "б", "k": "в"},
            {"ky": "Ош", "ru": "б" * 301},
        ],
    )
    def test_refuses_what_the_type_refuses(self, title: dict[str, str]) -> None:
        assert not self.validator().is_valid({"title": title})
        with pytest.raises(ValidationError):
            self.Body(title=title)
