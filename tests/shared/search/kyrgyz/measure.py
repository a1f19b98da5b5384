"""Recall and false matches of a stemmer over generated paradigms."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.shared.search.kyrgyz.paradigms import action_noun, noun_forms, verb_forms

Paradigms = dict[str, frozenset[str]]


class Measured(NamedTuple):
    """``recall``: share of forms whose stem is the base form's. ``false_forms`` and ``false_bases``: share of pairs of
    forms, or of base forms, of different words that have one stem."""

    forms: int
    recall: float
    false_forms: float
    false_bases: float


def paradigms(nouns: Iterable[str] = (), verbs: Iterable[str] = ()) -> Paradigms:
    """The forms of each word by its dictionary form."""
    found = {entry.partition(":")[0]: frozenset(noun_forms(entry)) for entry in nouns}
    return found | {action_noun(root): frozenset(verb_forms(root)) for root in verbs}


def measure(words: Paradigms, stem: Callable[[str], str]) -> Measured:
    """Every form of every word, and every pair of words."""
    found = 0
    by_stem: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for base, forms in words.items():
        expected = stem(base)
        for form in forms:
            got = stem(form)
            found += got == expected
            by_stem[got][base] += 1
    forms_of = Counter({base: len(forms) for base, forms in words.items()})
    bases_by_stem = Counter(stem(base) for base in words)
    return Measured(
        forms=forms_of.total(),
        recall=found / forms_of.total(),
        false_forms=sum(map(_pairs, by_stem.values())) / _pairs(forms_of),
        false_bases=sum(n * (n - 1) // 2 for n in bases_by_stem.values())
        / (len(words) * (len(words) - 1) // 2),
    )


def _pairs(counts: Counter[str]) -> int:
    """Pairs of different owners among counted things."""
    return (counts.total() ** 2 - sum(n * n for n in counts.values())) // 2
