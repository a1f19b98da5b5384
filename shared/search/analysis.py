"""Turns a text into tokens with their stems: what is indexed and what highlights are made of."""

from functools import lru_cache
from typing import NamedTuple

from shared.search.folding import fold, words
from shared.search.languages import guess_language, stem


class Token(NamedTuple):
    """One word of a text.

    ``surface`` is the word, normalised; ``folded`` the same without Kyrgyz letters; ``stem`` its root in the text's
    language; ``position`` counts words from 1.
    """

    surface: str
    folded: str
    stem: str
    position: int

    @property
    def lexemes(self) -> tuple[str, ...]:
        """What finds this word, best first, without repetition: its stem, the folded stem, the folded word."""
        return lexemes(self.stem, self.folded)


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
def lexemes(stemmed: str, folded: str) -> tuple[str, ...]:
    """The lexemes of a word with this stem and this folded form."""
    return tuple(dict.fromkeys((stemmed, fold(stemmed), folded)))
