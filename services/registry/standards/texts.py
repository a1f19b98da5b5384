"""The texts of a standard side by side in the languages of the law: in step, and changed together. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.registry.standards.content import StandardContent
from services.registry.territories.domain import LAW_LANGUAGES
from shared.http.errors import FieldError

_ITEM = re.compile(r"\s*(?:[-–—•*·]|\(?(?:\d{1,3}|[^\W\d_])[.)])\s+")
"""How a line of a list begins: a dash or bullet, "1.", "1)", "(а)"."""


@dataclass(frozen=True, slots=True)
class StandardText:
    """One multilingual text: its code says what it is also when entries change places."""

    code: str
    pointer: str
    text: Mapping[str, str]


def texts_of(content: StandardContent) -> Iterator[StandardText]:
    """Every text a standard holds, with the pointer into its draft."""
    for code, text in content.rows.items():
        yield StandardText(code, f"/rows/{code}", text)
    for index, document in enumerate(content.documents):
        yield StandardText(f"documents/{document.code}", f"/documents/{index}/name", document.name)
    for index, ground in enumerate(content.refusal_grounds):
        yield StandardText(f"refusal_grounds/{ground.code}", f"/refusal_grounds/{index}/text", ground.text)
    if content.appeal is not None:
        yield StandardText("appeal/authority", "/appeal/authority", content.appeal.authority)
        if content.appeal.form:
            yield StandardText("appeal/form", "/appeal/form", content.appeal.form)
    for index, tier in enumerate(content.tiers):
        if tier.term is not None and tier.term.suspended_while:
            at = f"/tiers/{index}/term/suspended_while"
            yield StandardText(f"suspended_while/{tier.code}", at, tier.term.suspended_while)
        if tier.term is not None and tier.term.extension is not None:
            at = f"/tiers/{index}/term/extension/ground"
            yield StandardText(f"extension/{tier.code}", at, tier.term.extension.ground)


def shape(text: str) -> tuple[int, int]:
    """Paragraphs and list items of a text. Empty lines are no paragraphs."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = sum(_ITEM.match(line) is not None for line in lines)
    return len(lines) - items, items


def step_problems(content: StandardContent) -> Iterator[FieldError]:
    """Texts whose languages have not the same number of paragraphs or list items."""
    for found in texts_of(content):
        shapes = [shape(found.text[language]) for language in LAW_LANGUAGES if language in found.text]
        if len(set(shapes)) > 1:
            yield FieldError(
                found.pointer, "The languages differ in paragraphs or list items.", "languages_out_of_step"
            )


def stale_texts(
    content: StandardContent, before: StandardContent | None
) -> Iterator[tuple[StandardText, str]]:
    """Texts changed in one language of the law only since the version before, with the language left behind."""
    if before is None:
        return
    known = {found.code: found.text for found in texts_of(before)}
    for found in texts_of(content):
        then = known.get(found.code, {})
        kept = [language for language in LAW_LANGUAGES if language in then and language in found.text]
        same = [language for language in kept if then[language] == found.text[language]]
        if len(kept) == len(LAW_LANGUAGES) and len(same) == 1:
            yield found, same[0]


def stale_problems(content: StandardContent, before: StandardContent | None) -> Iterator[FieldError]:
    """Stale translations that nobody has said to be meant."""
    for found, language in stale_texts(content, before):
        if found.code not in content.corrected:
            yield FieldError(
                f"{found.pointer}/{language}",
                f"Changed in the other language only; bring {language} up to date or name the text in `corrected`.",
                "stale_translation",
                {"language": language},
            )
