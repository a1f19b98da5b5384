"""Reads what people type into a search box and writes it as a safe ``tsquery`` text. Any input is a query."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from shared.search.analysis import FOLDED, folded_lexemes
from shared.search.folding import fold, words
from shared.search.languages import STEMMED, possible_languages, stem
from shared.search.stop_words import ALL_STOP_WORDS, STOP_WORDS
from shared.search.vectors import quoted

LENGTH_LIMIT = 300
TERM_LIMIT = 16
_SHORTEST_PREFIX = 2

_QUOTES = str.maketrans(dict.fromkeys("«»“”„‟＂", '"'))
_PIECE = re.compile(r'(?P<minus>[-−–—]?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


class Kind(StrEnum):
    """How a term is matched."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: its words in order, each with the lexemes that satisfy it.

    A function word within a phrase has none: any word may stand there, for it is not in the index.
    """

    kind: Kind
    words: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...]
    excluded: bool = False

    @property
    def tsquery(self) -> str:
        """The condition as ``tsquery`` text."""
        return self._written(self.alternatives)

    @property
    def literal(self) -> str:
        """The same without folded lexemes: only what is spelt with the letters that were typed."""
        return self._written(tuple(map(_surely, self.alternatives)))

    def _written(self, alternatives: tuple[tuple[str, ...], ...]) -> str:
        told = [index for index, lexemes in enumerate(alternatives) if lexemes]
        text = self._slot(told[0], alternatives)
        for before, index in pairwise(told):
            distance = "-" if index - before == 1 else index - before
            text += f" <{distance}> {self._slot(index, alternatives)}"
        if len(told) > 1 and self.excluded:
            text = f"({text})"
        return f"!{text}" if self.excluded else text

    def _slot(self, index: int, alternatives: tuple[tuple[str, ...], ...]) -> str:
        star = ":*" if self.kind is Kind.PREFIX and index == len(self.words) - 1 else ""
        options = [quoted(lexeme) + star for lexeme in alternatives[index]]
        return options[0] if len(options) == 1 else f"({' | '.join(options)})"


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: all terms must hold."""

    terms: tuple[Term, ...]

    @property
    def tsquery(self) -> str:
        """The query as ``tsquery`` text, to be bound as a parameter and cast; "" if nothing is asked."""
        return " & ".join(term.tsquery for term in self.terms)

    @property
    def literal(self) -> str:
        """Like ``tsquery``, without folded lexemes: what satisfies this has the very letters that were typed."""
        return " & ".join(term.literal for term in self.terms)

    @property
    def is_empty(self) -> bool:
        """Whether no word is asked for (exclusions alone still narrow a list): the caller shows the plain list."""
        return all(term.excluded for term in self.terms)

    @property
    def trigram_key(self) -> str:
        """The folded words asked for, to compare with ``folding.trigram_key`` of a text when nothing was found."""
        return " ".join(fold(word) for term in self.terms if not term.excluded for word in term.words)


def parse_query(text: str, language: str | None = None) -> Query:
    """Words, "phrases", -exclusions and prefix*, joined by AND; hyphenated words are phrases.

    ``language`` (BCP-47) is the language searched in; without it every word is stemmed in each language its letters
    allow. Function words keep their place inside phrases and count for nothing else; a query of nothing else finds
    nothing. At most ``LENGTH_LIMIT`` characters and ``TERM_LIMIT`` terms are read. Never raises.
    """
    terms = list(_terms(text[:LENGTH_LIMIT].translate(_QUOTES), language))[:TERM_LIMIT]
    telling = [term for term in terms if not _is_stop_word(term, language)]
    kept = telling if any(not term.excluded for term in telling) else terms
    return Query(tuple(dict.fromkeys(kept)))


def _terms(text: str, language: str | None) -> Iterator[Term]:
    for piece in _PIECE.finditer(text):
        typed = piece["phrase"] if piece["phrase"] is not None else piece["word"]
        found = tuple(words(typed))
        if not found:
            continue
        starred = piece["word"] is not None and typed.endswith("*") and len(found[-1]) >= _SHORTEST_PREFIX
        kind = Kind.PREFIX if starred else Kind.PHRASE if len(found) > 1 else Kind.WORD
        silent = ALL_STOP_WORDS if starred or not ALL_STOP_WORDS.issuperset(found) else ()
        alternatives: list[tuple[str, ...]] = [
            () if word in silent else _alternatives(word, language) for word in found
        ]
        if starred:
            alternatives[-1] = (found[-1], FOLDED + fold(found[-1]))
        excluded = bool(piece["minus"])
        yield Term(kind, found, tuple(map(_surely, alternatives) if excluded else alternatives), excluded)


def _alternatives(word: str, language: str | None) -> tuple[str, ...]:
    if word in _stop_words(language):  # asked for alone: жана (and) is no form of жан (soul)
        return word, FOLDED + fold(word)
    known = language is not None and language.partition("-")[0] in STEMMED
    languages = (language,) if language and known else possible_languages(word)
    stems = [stem(word, guess) for guess in languages]
    folded = [lexeme for stemmed in stems for lexeme in folded_lexemes(stemmed, fold(word))]
    return tuple(dict.fromkeys((*stems, *folded)))


def _surely(alternatives: tuple[str, ...]) -> tuple[str, ...]:
    """Without the folded lexemes: what they merge must not be excluded along (-уй, cow, leaves үй, house)."""
    return tuple(lexeme for lexeme in alternatives if not lexeme.startswith(FOLDED))


def _stop_words(language: str | None) -> frozenset[str]:
    return STOP_WORDS.get(language.partition("-")[0], frozenset()) if language else ALL_STOP_WORDS


def _is_stop_word(term: Term, language: str | None) -> bool:
    return term.kind is not Kind.PREFIX and not term.excluded and _stop_words(language).issuperset(term.words)
