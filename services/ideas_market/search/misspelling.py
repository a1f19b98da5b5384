"""Which words of a query may be misspelt, and what they are compared with. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.search import Query, Term, fold
from shared.search.analysis import FOLDED
from shared.search.queries import Kind
from shared.search.stop_words import ALL_STOP_WORDS

SHORTEST = 4
"""Letters of a word that may be misspelt: nearly every text has something much like a shorter one."""


@dataclass(frozen=True, slots=True)
class Split:
    """A query of which some words are taken for misspelt; everything else still holds as it stands."""

    certain: str
    """As tsquery; empty where nothing else was asked."""
    misspelt: tuple[tuple[str, ...], ...]
    """Spellings of each word that is compared by its letters: as typed and its stems, folded."""


def suspects(query: Query) -> list[int]:
    """Terms that may be misspelt: single words of some length, no numbers. Phrases, codes and exclusions are taken at
    their word."""
    return [n for n, term in enumerate(query.terms) if not term.excluded and _may_be_misspelt(term)]


def _may_be_misspelt(term: Term) -> bool:
    return term.kind is not Kind.PHRASE and all(
        len(word) >= SHORTEST and word not in ALL_STOP_WORDS and not any(map(str.isdigit, word))
        for word in term.words
    )


def split(query: Query, misspelt: Iterable[int]) -> Split:
    """Numbers that no suspect has are passed over: they come back from clients, in cursors."""
    chosen = set(misspelt) & set(suspects(query))
    return Split(
        certain=" & ".join(term.tsquery for n, term in enumerate(query.terms) if n not in chosen),
        misspelt=tuple(_spellings(query.terms[n]) for n in sorted(chosen)),
    )


def _spellings(term: Term) -> tuple[str, ...]:
    stems: Sequence[str] = [lexeme for lexeme in term.alternatives[0] if not lexeme.startswith(FOLDED)]
    return tuple(dict.fromkeys(map(fold, (*term.words, *stems))))
