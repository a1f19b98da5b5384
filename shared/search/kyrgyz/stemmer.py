"""The Kyrgyz stemmer: finds every way to take a word apart with the suffix table and chooses one root.

Nouns come back in their dictionary form where the rules can tell it (китебибиз → китеп, орду → орун), verbs as their
verbal noun (оңдогон, оңдойт → оңдоо); roots outside the lexicon come back bare. It decides on folded letters, so that a
word typed without ң ө ү gets the same root, folded; a final -ң (yours) on an unknown root is the exception.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from shared.search.folding import fold
from shared.search.kyrgyz import lexicon
from shared.search.kyrgyz.phonology import (
    CONSONANTS,
    VOWELS,
    heard,
    is_front,
    last_vowel,
    low_vowel_after,
    spell_out,
    spell_together,
    unvoice,
    verbal_noun,
)
from shared.search.kyrgyz.suffixes import ENDINGS, LONGEST, Ending, State, Trust

_NOMINAL_STATES = frozenset({State.WORD, State.CASE, State.POSSESSIVE, State.PLURAL})
# No Kyrgyz root ends in a consonant and д: таштанд- is cut too deep.
_CUT_TOO_DEEP = tuple(consonant + "д" for consonant in CONSONANTS)
_VERBAL_STATES = frozenset({State.VERB, State.VOICE})
# -ла/-да/-та makes verbs of other words: тазала-, башта-, белгиле-.
_VERB_MAKERS = tuple(first + vowel for first in "лдт" for vowel in "аео")
# The action noun's ending hides the root's last vowel: окуу is оку+уу, тазалоо is тазала+уу.
_ACTION_NOUNS = {"уу": ("", "у", "ы", "и"), "оо": ("а", "о", "е")}


class _Root(NamedTuple):
    """One reading of a word: its root in the word's own letters, whether it is a verb's and whether it is known."""

    root: str
    verb: bool
    known: bool


class KyrgyzStemmer:
    """Stems single words; immutable, so one instance serves all threads."""

    def __init__(self, nominals: Collection[str], verbs: Collection[str], aliases: Mapping[str, str]) -> None:
        """Words in their dictionary form, verbs as roots; ``aliases`` gives irregular roots their dictionary form."""
        self._nominals = frozenset(heard(spell_out(word)) for word in nominals)
        self._verbs = frozenset(heard(spell_out(root)) for root in verbs)
        self._aliases = {heard(spell_out(root)): word for root, word in aliases.items()}

    def stem(self, word: str) -> str:
        """The root of one repaired lower-case word (``folding.repair``)."""
        return spell_together(self._stem(spell_out(word), bare_verb=True)) if word else word

    def _stem(self, word: str, *, bare_verb: bool) -> str:
        folded = heard(word)
        if len(folded) != len(word):
            return word  # apostrophes: not Kyrgyz
        readings = list(self._readings(word, folded, State.WORD, Trust.PLAIN))
        if bare_verb and folded in self._verbs:
            readings.append(_Root(word, verb=True, known=True))  # the bare imperative
        known = [reading for reading in readings if reading.known]
        if known:
            return self._dictionary_form(
                max(known, key=lambda reading: (not reading.verb, len(reading.root)))
            )
        best = min(
            readings, key=lambda reading: len(reading.root), default=_Root(word, verb=True, known=False)
        )
        root = unvoice(best.root)
        return root if best.verb or len(best.root) == len(word) else self._stem(root, bare_verb=False)

    def _readings(self, word: str, folded: str, state: State, trust: Trust) -> Iterator[_Root]:
        """Every root ``word`` may hold after the endings already taken off it."""
        if state in _VERBAL_STATES:
            yield from self._verb(word, folded, state, trust)
        elif state in _NOMINAL_STATES:
            yield from self._nominal(word, folded, trust)
            yield from self._action_noun(word, folded, trust)
        endings = ENDINGS.get(state, {})
        for cut in range(max(2, len(folded) - LONGEST), len(folded)):
            for ending in endings.get(folded[cut:], ()):
                if _fits(folded, cut, ending):
                    needed = max(trust, _needed_trust(word, folded, cut, ending))
                    yield from self._readings(word[:cut], folded[:cut], ending.to, needed)

    def _nominal(self, word: str, folded: str, trust: Trust) -> Iterator[_Root]:
        bare = unvoice(folded)
        if bare in self._aliases or bare in self._nominals or folded in self._nominals:
            yield _Root(word, verb=False, known=True)
        elif trust is Trust.PLAIN and _is_noun_shaped(folded):
            yield _Root(word, verb=False, known=False)

    def _verb(self, word: str, folded: str, state: State, trust: Trust) -> Iterator[_Root]:
        if unvoice(folded) in self._verbs:
            yield _Root(word, verb=True, known=True)
        elif (_is_derived_verb(folded) and trust <= Trust.DERIVED_VERB) or (
            state is State.VERB and trust is Trust.PLAIN and len(folded) >= 3 and last_vowel(folded)
        ):
            yield _Root(word, verb=True, known=False)

    def _action_noun(self, word: str, folded: str, trust: Trust) -> Iterator[_Root]:
        """Verb roots of a word in -уу or -оо: the ending has swallowed the root's last vowel, so each is tried."""
        if len(folded) < 4:
            return
        for vowel in _ACTION_NOUNS.get(folded[-2:], ()):
            root = word[:-2] + (word[-1] if vowel == folded[-1] else vowel)
            likely = vowel == _swallowed(word)
            yield from self._readings(root, folded[:-2] + vowel, State.VERB, trust if likely else Trust.KNOWN)

    def _dictionary_form(self, reading: _Root) -> str:
        root = unvoice(reading.root)
        if reading.verb:
            return verbal_noun(root, front=is_front(root))
        return self._aliases.get(heard(root), root)


def _swallowed(word: str) -> str:
    """The folded vowel that harmony leads one to expect before the ending of an action noun; none before -уу."""
    return "" if word[-1] in "уү" else fold(low_vowel_after(word[:-2]))


def _fits(folded: str, cut: int, ending: Ending) -> bool:
    border = folded[cut - 1] in ending.before or folded[cut - 2 : cut] in ending.before
    return border and last_vowel(folded[:cut]) in ending.vowels


def _needed_trust(word: str, folded: str, cut: int, ending: Ending) -> Trust:
    """What the ending asks of the root, given the letters around the cut."""
    if ending.nasal and word[-1] != "ң":
        return Trust.KNOWN
    if ending.trust is Trust.AFTER_VOWEL:
        return Trust.PLAIN if folded[cut - 1] in VOWELS else Trust.DERIVED_VERB
    if folded[cut] in VOWELS and folded[cut - 1] in "кп" and folded[cut - 2] in VOWELS:
        return Trust.KNOWN  # к and п are voiced between vowels, except in some loan words
    return ending.trust


def _is_noun_shaped(folded: str) -> bool:
    shortest = 3 if folded[-1] in VOWELS else 2
    return len(folded) >= shortest and last_vowel(folded) != "" and not folded.endswith(_CUT_TOO_DEEP)


def _is_derived_verb(folded: str) -> bool:
    return len(folded) >= 5 and folded.endswith(_VERB_MAKERS)


_STEMMER = KyrgyzStemmer(lexicon.NOMINALS, lexicon.VERBS, lexicon.ALIASES)
_DICTIONARY = frozenset(_STEMMER.stem(word) for word in (*lexicon.NOMINALS, *lexicon.VERBS))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The root of one repaired lower-case word, by the kit's own lexicon."""
    return _STEMMER.stem(word)


def is_known_root(root: str) -> bool:
    """Whether ``stem`` gave this root because the lexicon has it."""
    return root in _DICTIONARY
