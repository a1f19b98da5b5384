"""How well the stemmer does on words it does not know: the lexicon is taken away for the words measured."""

import unicodedata

import pytest

from shared.search.folding import fold
from shared.search.kyrgyz import KyrgyzStemmer, lexicon, stem
from tests.shared.search.kyrgyz import words
from tests.shared.search.kyrgyz.measure import Measured, measure, paradigms
from tests.shared.search.kyrgyz.paradigms import action_noun

TUNED_NOUNS, TUNED_VERBS = words.TUNED_NOUNS.split(), words.TUNED_VERBS.split()
HELD_OUT_NOUNS, HELD_OUT_VERBS = words.HELD_OUT_NOUNS.split(), words.HELD_OUT_VERBS.split()


def stemmer_without(*hidden: str) -> KyrgyzStemmer:
    """The kit's stemmer, ignorant of these words."""
    return KyrgyzStemmer(lexicon.NOMINALS - set(hidden), lexicon.VERBS - set(hidden), lexicon.ALIASES)


@pytest.fixture(scope="module")
def ignorant() -> KyrgyzStemmer:
    return stemmer_without(*HELD_OUT_NOUNS, *HELD_OUT_VERBS, *map(action_noun, HELD_OUT_VERBS))


@pytest.fixture(scope="module")
def shipped() -> Measured:
    return measure(paradigms(TUNED_NOUNS + HELD_OUT_NOUNS, TUNED_VERBS + HELD_OUT_VERBS), stem)


def test_the_halves_share_no_word() -> None:
    nouns, verbs = set(HELD_OUT_NOUNS) & set(TUNED_NOUNS), set(HELD_OUT_VERBS) & set(TUNED_VERBS)
    assert not nouns | verbs
    assert len(TUNED_NOUNS) + len(HELD_OUT_NOUNS) >= 150


class TestHeldOut:
    def test_nouns(self, ignorant: KyrgyzStemmer) -> None:
        found = measure(paradigms(HELD_OUT_NOUNS), ignorant.stem)
        assert found.forms > 9_000
        assert found.recall >= 0.98
        assert found.false_forms <= 0.001
        assert found.false_bases <= 0.001

    def test_verbs(self, ignorant: KyrgyzStemmer) -> None:
        found = measure(paradigms(verbs=HELD_OUT_VERBS), ignorant.stem)
        assert found.forms > 2_000
        assert found.recall >= 0.90
        assert found.false_forms <= 0.002

    def test_against_all_other_words(self, ignorant: KyrgyzStemmer) -> None:
        everything = paradigms(TUNED_NOUNS + HELD_OUT_NOUNS, TUNED_VERBS + HELD_OUT_VERBS)
        found = measure(everything, ignorant.stem)
        assert found.recall >= 0.97
        assert found.false_forms <= 0.001
        assert found.false_bases <= 0.001

    def test_without_any_lexicon(self) -> None:
        found = measure(paradigms(HELD_OUT_NOUNS + TUNED_NOUNS), KyrgyzStemmer((), (), lexicon.ALIASES).stem)
        assert found.recall >= 0.97
        assert found.false_forms <= 0.002


class TestShipped:
    """The stemmer as it is used, with its lexicon."""

    def test_recall(self, shipped: Measured) -> None:
        assert shipped.recall >= 0.99

    def test_false_matches(self, shipped: Measured) -> None:
        assert shipped.false_forms <= 0.0005
        assert shipped.false_bases <= 0.0005

    def test_typed_without_kyrgyz_letters(self) -> None:
        """The folded stem of a word and the stem of the folded word meet in one lexeme."""
        forms = [form for set_ in paradigms(TUNED_NOUNS, TUNED_VERBS).values() for form in set_]
        met = [fold(stem(form)) == fold(stem(fold(form))) for form in forms]
        assert sum(met) / len(met) >= 0.995


def test_the_measure_can_fail() -> None:
    words_ = paradigms(["жол", "суу"])
    assert measure(words_, lambda word: word).recall < 0.02
    assert measure(words_, lambda word: "").false_forms == 1


def test_lexicon_is_clean() -> None:
    entries = [*lexicon.NOMINALS, *lexicon.VERBS, *lexicon.ALIASES, *lexicon.ALIASES.values()]
    for entry in entries:
        assert {unicodedata.name(letter).split()[0] for letter in entry} == {"CYRILLIC"}, entry
        assert entry == entry.lower()
