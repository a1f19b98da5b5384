"""What of an idea is searched, and with which weight. Pure; the words are the kit's business."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from shared.search import Token, Weight, analyse, fold, tsvector_literal

LANGUAGES = ("ky", "ru", "en")
"""Texts in other languages are kept and shown, not searched."""
_WEIGHTS: tuple[tuple[str, Weight], ...] = (("title", "A"), ("summary", "B"), ("problem", "C"), ("goal", "C"))


def search_columns(
    code: str, idea: Mapping[str, Any], names: Iterable[Mapping[str, str] | None] = ()
) -> tuple[str, str]:
    """The text of the `tsvector`, and every word and stem once in folded form, of an idea's code and texts.

    `names` are those of its municipality and organisation, as far as they are known. Titles weigh more than summaries and names, these
    more than problem and goal, and activities least."""
    fields = [(weight, analyse(text, language)) for weight, text, language in _texts(code, idea, names)]
    return tsvector_literal(fields), " ".join(_words(tokens for _, tokens in fields))


def _texts(
    code: str, idea: Mapping[str, Any], names: Iterable[Mapping[str, str] | None]
) -> Iterator[tuple[Weight, str, str]]:
    yield "A", code, "und"
    for name in names:
        yield from (("B", *found) for found in _known(name))
    for field, weight in _WEIGHTS:
        yield from ((weight, *found) for found in _known(idea.get(field)))
    for activity in idea.get("activities", ()):
        yield from (("D", *found) for found in _known(activity["title"]))


def _known(texts: Mapping[str, str] | None) -> Iterator[tuple[str, str]]:
    for tag, text in (texts or {}).items():
        if tag.partition("-")[0] in LANGUAGES:
            yield text, tag


def _words(fields: Iterator[Sequence[Token]]) -> dict[str, None]:
    tokens = chain.from_iterable(fields)
    return dict.fromkeys(
        fold(word) for token in tokens if not token.stop for word in (token.surface, token.stem)
    )
