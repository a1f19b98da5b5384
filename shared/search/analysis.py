"""Turns a text into tokens with their stems: what is indexed and what highlights are made of."""

from functools import lru_cache
from typing import NamedTuple

from shared.search.folding import fold, words
from shared.search.languages import guess_language, is_stop_word, stem

FORM = 2
"""Grows whenever the same text gives other lexemes: what was indexed under an earlier form is to be indexed again."""

FOLDED = "~"
"""Begins a folded lexeme; no word contains it."""


class Token(NamedTuple):
    """One word of a text.

    ``surface`` is the word, normalised; ``folded`` the same without Kyrgyz letters; ``stem`` its root in the text's
    language; ``position`` counts words from 1. A ``stop`` word is too frequent in that language to be indexed.
    """

    surface: str
    folded: str
    stem: str
    position: int
    stop: bool = False


def analyse(text: str, language: str | None = None) -> list[Token]:
    """The tokens of ``text``; ``language`` is a BCP-47 tag, and is guessed where it is missing.

    Languages other than ky, ru and en are not stemmed. Never raises.
    """
    known = language or guess_language(text) or "und"
    found = words(text)
    tokens = []
    for position, word in enumerate(found, start=1):
        folded, stemmed, stop = _parts(word, known)
        tokens.append(Token(word, folded, stemmed, position, stop))
    return tokens


@lru_cache(maxsize=65_536)
def _parts(word: str, language: str) -> tuple[str, str, bool]:
    return fold(word), stem(word, language), is_stop_word(word, language)


@lru_cache(maxsize=65_536)
def folded_lexemes(stemmed: str, folded: str) -> tuple[str, ...]:
    """The lexemes by which a word with this stem and this folded form is found whatever letters were typed.

    They are marked, because folding merges words: without the mark уй (cow) would be as good a hit as үй (house).
    """
    return tuple(dict.fromkeys((FOLDED + fold(stemmed), FOLDED + folded)))
