"""What is kept of what people type."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from shared.http.schemas import Line, Prose
from shared.text import Name, Text
from shared.text.cleaning import clean


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("и\u0306", "й"),
        ("шко\u00adла", "школа"),
        ("\ufeffмек\u200bтеп\u2060", "мектеп"),
        ("a\u200db", "ab"),
        ("\u3164", ""),
        ("👨\u200d👩", "👨\u200d👩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("5\u00a0000", "5\u00a0000"),
        (" a \r\n b ", "a \n b"),
    ],
)
def test_normalised(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("a\u0000", "control_character"),
        ("a\u009f", "control_character"),
        ("a\u202etxt.exe", "direction_override"),
        ("a\u2066b\u2069", "direction_override"),
        ("a\u200f", "direction_override"),
        ("a\U000e0041", "invisible_character"),
    ],
)
def test_refused_wherever_text_is_typed(typed: str, code: str) -> None:
    for kind, value in (
        (TypeAdapter(Line), typed),
        (TypeAdapter(Prose), typed),
        (TypeAdapter(Name), {"ky": typed}),
        (TypeAdapter(Text), {"ky": typed}),
    ):
        with pytest.raises(ValidationError) as refused:
            kind.validate_python(value)
        [error] = refused.value.errors()
        assert error["type"] == code
        assert error["loc"] == (("ky",) if isinstance(value, dict) else ())


def test_a_line_pasted_over_several_becomes_one() -> None:
    assert TypeAdapter(Line).validate_python("а\r\nб\tв") == "а б в"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.booleans())
def test_what_is_kept_is_kept_as_it_is(typed: str, multiline: bool) -> None:
    try:
        once = clean(typed, multiline=multiline)
    except PydanticCustomError:
        return
    assert clean(once, multiline=multiline) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.dictionaries(st.just("ky"), st.text(max_size=12), min_size=1))
def test_the_schema_says_what_is_taken(value: dict[str, str]) -> None:
    for kind in (Name, Text):
        adapter = TypeAdapter(kind)
        pattern = adapter.json_schema()["additionalProperties"]["pattern"]
        if re.search(pattern, value["ky"]):
            adapter.validate_python(value)
