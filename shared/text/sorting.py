"""Sort keys: strings whose code points order names as the alphabet does.

The database sorts by code point (C.UTF-8), which puts Ё Ң Ө Ү after Я; a column with this key puts them right.
"""

import re
import unicodedata

# One order serves Kyrgyz and Russian, whose letters are a part of the Kyrgyz ones; letters of neighbours stand beside
# the letter they come from.
_CYRILLIC = "аәбвгғдеёжҗзиійкқлмнңоөпрстуүўұфхҳһцчшщъыьэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC_LANGUAGES = frozenset({"ky", "ru", "kk", "tg", "be", "uk", "mn", "tt", "ba"})

_SEPARATOR = " "  # lower than all that may stand in the first part
_SPACE = "!"
_FIRST_SCRIPT, _SECOND_SCRIPT = 0x41, 0xA1
_OTHER = "\u00ff"
_PIECES = re.compile(r"\d+|\s+|.", re.DOTALL)


def sort_key(text: str, language: str = "ky") -> str:
    """A key by which ``ORDER BY`` under C.UTF-8 sorts names as readers of ``language`` (BCP-47) expect.

    Letter case and punctuation do not count, spaces come first, then numbers by their value, then the letters of the
    language's script, then the other of Cyrillic and Latin, then the rest. Names that are equal so far are told apart
    by their spelling, so equal keys mean equal NFC texts. A text never sorts after one that continues it.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = "".join(
        "." if unicodedata.category(sign)[0] == "S" else sign for sign in composed
    )  # № is no letters
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", plain).casefold())
    alphabet = _alphabet(language)
    elements: list[str] = []
    for piece in _PIECES.findall(folded):
        element = _element(piece, alphabet)
        if element and (element != _SPACE or elements[-1:] not in ([], [_SPACE])):
            elements.append(element)
    return "".join(elements).rstrip(_SPACE) + _SEPARATOR + composed


def _alphabet(language: str) -> dict[str, str]:
    parts = language.split("-")
    return _ALPHABETS["Cyrl" in parts[1:] or (parts[0] in _CYRILLIC_LANGUAGES and "Latn" not in parts[1:])]


def _element(piece: str, alphabet: dict[str, str]) -> str:
    if piece[0].isdecimal():
        return _number("".join(str(unicodedata.decimal(digit)) for digit in piece).lstrip("0"))
    if piece.isspace():
        return _SPACE
    if unicodedata.category(piece)[0] not in "LN":
        return ""
    known = alphabet.get(piece) or alphabet.get(unicodedata.normalize("NFD", piece)[0])
    return known or _OTHER + piece


def _number(digits: str) -> str:
    """Digits after their count, so that longer numbers are greater; the count is 9s and a last figure below 9."""
    nines, rest = divmod(len(digits), 9)
    return "9" * nines + str(rest) + digits


def _elements(first: str, second: str) -> dict[str, str]:
    return {letter: chr(_FIRST_SCRIPT + place) for place, letter in enumerate(first)} | {
        letter: chr(_SECOND_SCRIPT + place) for place, letter in enumerate(second)
    }


_ALPHABETS = {True: _elements(_CYRILLIC, _LATIN), False: _elements(_LATIN, _CYRILLIC)}
