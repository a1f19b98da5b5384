"""Letter forms for search: one spelling for typing variants, and the coarser folding that forgives a missing
Kyrgyz keyboard. Knows letters only: no words, no languages' grammar."""

import re
import unicodedata

TOKEN_LIMIT = 100
"""Longest token kept, in characters; a lexeme of tsvector may be 2,046 bytes."""

_CYRILLIC = re.compile("[\u0400-\u052f]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼʻ‘`][^\W_]+)*")
_APOSTROPHES = str.maketrans(dict.fromkeys("’ʼʻ‘`", "'"))

# Latin letters that look like Cyrillic ones; they slip in from mixed keyboards and scanned text.
_LATIN_LOOKALIKES = str.maketrans(
    {"a": "а", "b": "в", "c": "с", "e": "е", "h": "н", "i": "и", "k": "к", "m": "м", "o": "о", "p": "р"}
    | {"t": "т", "x": "х", "y": "у"}
)
# Letters of neighbouring alphabets and fonts standing for Kyrgyz ң ө ү.
_KYRGYZ_VARIANTS = str.maketrans(
    {"ӊ": "ң", "ҥ": "ң", "ӈ": "ң", "ɵ": "ө", "ӧ": "ө", "ӫ": "ө", "ұ": "ү", "ӱ": "ү", "і": "и", "ў": "у"}
)
_FOLD = str.maketrans({"ң": "н", "ө": "о", "ү": "у", "ё": "е", "ц": "с", "'": ""})


class _Before(dict[int, str | None]):
    """What becomes of each sign before compatibility forms are resolved; filled as signs are met."""

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        kept = None if category == "Cf" else " " if category[0] == "S" else chr(code)  # № ™ are no letters
        self[code] = kept
        return kept


class _After(dict[int, str | None]):
    """Likewise after composition: marks that found no letter to join are dropped."""

    def __missing__(self, code: int) -> str | None:
        kept = None if unicodedata.category(chr(code)) in ("Mn", "Me") else chr(code)
        self[code] = kept
        return kept


_BEFORE, _AFTER = _Before(), _After()


def normalise(text: str) -> str:
    """Lower case, compatibility forms resolved (ﬁ, full-width), stress marks, symbols and invisible signs removed."""
    if text.isascii():
        return text.lower()
    lowered = unicodedata.normalize("NFKC", text.translate(_BEFORE)).lower()
    return unicodedata.normalize("NFC", lowered).translate(_AFTER)


def words(text: str) -> list[str]:
    """The words and numbers of ``text`` in order, normalised and with look-alike letters repaired."""
    return [repair(match)[:TOKEN_LIMIT] for match in _WORD.findall(normalise(text))]


def repair(word: str) -> str:
    """One normalised word with Latin look-alikes and foreign variants put right if it is Cyrillic at all."""
    if _CYRILLIC.search(word):
        return word.translate(_LATIN_LOOKALIKES).translate(_KYRGYZ_VARIANTS)
    return word.translate(_APOSTROPHES)


def fold(word: str) -> str:
    """The folded form of a repaired word: ң→н, ө→о, ү→у, ё→е, ц→с; apostrophes go.

    Apart from apostrophes the length stays, so a cut in the folded word is a cut in the word itself.
    """
    return word.translate(_FOLD)


def trigram_key(text: str) -> str:
    """The folded words of ``text``, one space apart: the column that ``word_similarity`` compares for typos."""
    return " ".join(fold(word) for word in words(text))
