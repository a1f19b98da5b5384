"""Which language a text is in and how one word of it is stemmed: Kyrgyz by the kit, Russian and English by Snowball.

Other languages are kept as written. Knows words and letters, nothing of queries or of Postgres.
"""

import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import snowballstemmer  # type: ignore[import-untyped]

from shared.search.folding import words
from shared.search.kyrgyz import is_known_root
from shared.search.kyrgyz import stem as kyrgyz_stem
from shared.search.stop_words import STOP_WORDS

Stemmed = Literal["ky", "ru", "en"]
STEMMED: tuple[Stemmed, ...] = ("ky", "ru", "en")

KYRGYZ_ONLY = frozenset("ңөү")
_LONG_VOWELS = ("аа", "оо", "уу", "ээ", "өө", "үү")
_ENDINGS = """
ого его ому ему ыми ими ами ями ость ости ение ения ание ания ция ции ать ить ться ый ий ая яя ое ее ые ие ов ях ах
"""
_RUSSIAN_ENDINGS = tuple(_ENDINGS.split())
# No native Kyrgyz word begins or is spelt like this: loan words speak for neither language.
_LOAN = re.compile("^[рвфхцщ]|^[бвгджзйклмнпрстфхцчшщ]{2}|[вфхцщъь]").search
_SHORTEST_STEM = 3
_SAMPLE = 200  # words looked at when a text's language is guessed

_local = threading.local()  # a Snowball stemmer keeps its word in itself, so each thread has its own


def guess_language(text: str) -> Stemmed | None:
    """ky, ru or en by letters, frequent words and endings of the first words; None if no such word is there."""
    sample = words(text)[:_SAMPLE]
    cyrillic = [word for word in sample if "а" <= word[0] <= "я" or word[0] in "ёңөү"]
    latin = [word for word in sample if word.isascii() and word.isalpha()]
    if not cyrillic or len(latin) > len(cyrillic):
        return "en" if latin else None
    return "ky" if sum(map(_kyrgyz_evidence, cyrillic)) > 0 else "ru"


@lru_cache(maxsize=16_384)
def _kyrgyz_evidence(word: str) -> int:
    """How much a word speaks for Kyrgyz; below 0 for Russian."""
    if word in STOP_WORDS["ky"] or not KYRGYZ_ONLY.isdisjoint(word):
        return 3
    if word in STOP_WORDS["ru"]:
        return -3
    if any(vowels in word for vowels in _LONG_VOWELS):
        return 2
    russian = 1 if word.endswith(_RUSSIAN_ENDINGS) else 0
    return (1 if is_known_root(kyrgyz_stem(word)) and not _LOAN(word) else 0) - russian


def stem(word: str, language: str) -> str:
    """The stem of one repaired word (``folding.words``) in a language given by its BCP-47 tag.

    A language without a stemmer gives the word back.
    """
    primary = language.partition("-")[0]
    if primary == "ky":
        return kyrgyz_stem(word)
    if primary in STEMMED:
        return _snowball(word, primary)
    return word


def possible_languages(word: str) -> Iterable[Stemmed]:
    """The languages a single word of a query may be in, by its letters alone."""
    if word.isascii():
        return ("en",)
    if not KYRGYZ_ONLY.isdisjoint(word):
        return ("ky",)
    return ("ky", "ru")


def is_stop_word(word: str, language: str) -> bool:
    """Whether a repaired word says nothing in a language given by its BCP-47 tag."""
    return word in STOP_WORDS.get(language.partition("-")[0], ())


@lru_cache(maxsize=65_536)
def _snowball(word: str, language: str) -> str:
    """What is left of short words is another word: уй (cow) becomes у (at), кой (sheep) ко (to)."""
    stemmers = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer({"ru": "russian", "en": "english"}[language])
    plain = word.replace("ё", "е")
    stemmed: str = stemmers[language].stemWord(plain)
    return plain if len(stemmed) < _SHORTEST_STEM or stemmed in STOP_WORDS[language] else stemmed
