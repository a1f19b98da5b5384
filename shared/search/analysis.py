"""Turns a text into tokens with their stems: what is indexed and what highlights are made of."""

from functools import lru_cache
from typing import NamedTuple

from shared.search.folding import fold, words
from shared.search.languages import guess_language, stem

FOLDED = "~"
"""Begins a folded lexeme; no word contains it."""


class Token(NamedTuple):
    """One word of a text.

    ``surface`` is the word, normalised; ``folded`` the same without Kyrgyz letters; ``stem`` its root in the text's
    language; ``position`` counts words from 1.
    """

    surface: str
    folded: str
    stem: str
    position: int


def analyse(text: str, language: str | None = None) -> list[Token]:
    """The tokens of ``text``; ``language`` is a BCP-47 tag, and is guessed where it is missing.

    Languages other than ky, ru and en are not stemmed. Never raises.
    """
    known = language or guess_language(text) or "und"
    found = words(text)
    return [Token(word, *_parts(word, known), position) for position, word in enumerate(found, start=1)]


@lru_cache(maxsize=65_536)
def _parts(word: str, language: str) -> tuple[str, str]:
    return fold(word), stem(word, language)


@lru_cache(maxsize=65_536)
def folded_lexemes(stemmed: str, folded: str) -> tuple[str, ...]:
    """The lexemes by which a word with this stem and this folded form is found whatever letters were typed.

    They are marked, because folding merges words: without the mark уй (cow) would be as good a hit as үй (house).
    """
    return tuple(dict.fromkeys((FOLDED + fold(stemmed), FOLDED + folded)))
