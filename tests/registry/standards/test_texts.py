"""Texts in step and changed together: pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from services.registry.standards.content import StandardContent
from services.registry.standards.texts import shape, stale_texts, step_problems, texts_of

words = st.text(st.characters(categories=["L"]), min_size=2, max_size=8)
lines = st.lists(st.tuples(st.sampled_from(["", "- ", "1. ", "а) ", "• "]), words), max_size=6)


def test_paragraphs_and_items():
    assert shape("Бир абзац.\n\nЭкинчи.") == (2, 0)
    assert shape("Тизме:\n- бир\n• эки\n3) үч\nа) төрт") == (1, 4)
    assert shape("-3 градус") == (1, 0), "a minus before a number begins no item"
    assert shape("1994-жылы") == (1, 0)


@given(lines, lines)
def test_only_texts_of_one_shape_are_in_step(ky: list[tuple[str, str]], ru: list[tuple[str, str]]):
    def written(parts: list[tuple[str, str]]) -> str:
        return "\n".join(["Баш", *(mark + word for mark, word in parts)])

    def counted(parts: list[tuple[str, str]]) -> tuple[int, int]:
        items = sum(1 for mark, _ in parts if mark)
        return 1 + len(parts) - items, items

    content = StandardContent(rows={"quality": {"ky": written(ky), "ru": written(ru)}})
    problems = [found.pointer for found in step_problems(content)]
    assert problems == ([] if counted(ky) == counted(ru) else ["/rows/quality"])


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.fixed_dictionaries({"ky": words, "ru": words}),
        min_size=1,
    ),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["ky", "ru", "both", "en"])),
)
def test_stale_is_what_changed_in_one_language_of_the_law(
    rows: dict[str, dict[str, str]], changes: dict[str, str]
):
    before = StandardContent(rows=rows)
    after = {code: dict(text) for code, text in rows.items()}
    expected = {}
    for code, change in changes.items():
        if code not in after:
            continue
        for language in ("ky", "ru") if change == "both" else (change,):
            after[code][language] = after[code].get(language, "") + "!"
        if change in ("ky", "ru"):
            expected[code] = "ru" if change == "ky" else "ky"
    found = stale_texts(StandardContent(rows=after), before)
    assert {text.code: language for text, language in found} == expected


def test_every_text_has_a_code_that_stays_when_entries_change_places():
    grounds = [{"code": code, "text": {"ky": code, "ru": code}} for code in ("one", "two")]
    first = StandardContent.model_validate({"refusal_grounds": grounds})
    second = StandardContent.model_validate({"refusal_grounds": grounds[::-1]})
    assert list(stale_texts(second, first)) == []
    assert [text.pointer for text in texts_of(second)] == [
        "/refusal_grounds/0/text",
        "/refusal_grounds/1/text",
    ]
