"""Sounds of Kyrgyz: vowel harmony, assimilation at a suffix's border, voicing. Works on folded letters, where
ө ү ң are written о у н, and knows no suffix and no word."""

import re
from collections.abc import Iterator

from shared.search.folding import fold

VOWELS = frozenset("аеиоуыэюяё")
VOICELESS = frozenset("кпстфхцчшщ")
VOICED = frozenset("бвгджзйлмнрь")
CONSONANTS = VOICELESS | VOICED
# Loan words end in these without being pronounced voiced, so both kinds of suffix are met after them.
_DEVOICED = frozenset("бвгд")
_AS_VOICELESS = VOICELESS | _DEVOICED

# Harmony: the vowel before decides the suffix's low vowel (A) and high vowel (I).
_LOW = {v: low for low, before in {"а": "аыуяю", "о": "оё", "е": "еэи", "ө": "өү"}.items() for v in before}
_HIGH = {v: high for high, before in {"ы": "аыя", "у": "оуёю", "и": "еэи", "ү": "өү"}.items() for v in before}
_HEARD = {"я": "а", "ю": "у", "ё": "о", "э": "е"}
_HARMONIC = "аыуоеиөү"

# First sound of a suffix after each kind of sound: archiphoneme -> letter -> what may stand before it.
_BORDER: dict[str, dict[str, frozenset[str]]] = {
    "L": {"л": VOWELS | frozenset("йрь"), "д": VOICED, "т": _AS_VOICELESS},
    "N": {"н": VOWELS, "д": VOICED, "т": _AS_VOICELESS},
    "D": {"д": VOWELS | VOICED, "т": _AS_VOICELESS},
    "G": {"г": VOWELS | VOICED, "к": _AS_VOICELESS},
    "B": {"б": VOWELS | VOICED, "п": _AS_VOICELESS},
}


def realisations(
    suffix: str, after: frozenset[str] | None = None
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every folded surface of a suffix as (surface, folded vowel before it, letters that may stand before it).

    ``suffix`` is written with A and I for harmonic vowels and L N D G B for assimilating first consonants; ``after``
    restricts what stands before a suffix with a fixed first letter.
    """
    borders = _BORDER.get(suffix[0]) or {suffix[0]: after or _default_border(suffix[0])}
    for vowel in _HARMONIC:
        for first, before in borders.items():
            yield fold(_harmonise(first + suffix[1:], vowel)), fold(vowel), before


def _default_border(first: str) -> frozenset[str]:
    return CONSONANTS if first in "AI" or first in VOWELS else VOWELS


def _harmonise(suffix: str, vowel: str) -> str:
    letters: list[str] = []
    for symbol in suffix:
        letter = _LOW[vowel] if symbol == "A" else _HIGH[vowel] if symbol == "I" else symbol
        if letter in _LOW:
            vowel = letter
        letters.append(letter)
    return "".join(letters)


def last_vowel(word: str) -> str:
    """The last vowel of a folded word as harmony hears it, or "" if there is none."""
    for letter in reversed(word):
        if letter in VOWELS:
            return _HEARD.get(letter, letter)
    return ""


_IOTATED = {"ю": "у", "я": "а", "ё": "о", "е": "е"}
_AFTER_VOWEL = re.compile("(?<=[аеиоуыэюяёөү])[юяёе]")
_SPELT_TOGETHER = re.compile("ј([уаое])")
_J = "ј"  # й heard in ю я ё е; a letter of its own, so that spelling can be put back


def spell_out(word: str) -> str:
    """ю я ё е after a vowel as й and a vowel, the way suffixes meet them: коюп → којуп, киет → кијет."""
    return _AFTER_VOWEL.sub(lambda match: _J + _IOTATED[match.group()], word)


def spell_together(word: str) -> str:
    """Undoes ``spell_out``: ју → ю; where a suffix has been cut off between them, й."""
    back = {vowel: letter for letter, vowel in _IOTATED.items()}
    return _SPELT_TOGETHER.sub(lambda match: back[match.group(1)], word).replace(_J, "й")


def heard(word: str) -> str:
    """The folded letters the rules look at, of a word that is spelt out; same length."""
    return fold(word).replace(_J, "й")


def unvoice(root: str) -> str:
    """The root as it stands alone: китеб- → китеп, жазыг- → жазык; a soft sign is dropped (апрель → апрел)."""
    if root.endswith(("б", "г")):
        return root[:-1] + ("п" if root[-1] == "б" else "к")
    return root.removesuffix("ь")


def voice(root: str) -> str:
    """The root before a vowel: тап- → таб-, чык- → чыг-; after a consonant it stays (корк-)."""
    if root.endswith(("п", "к")) and root[-2:-1] in VOWELS | {"ө", "ү"}:
        return root[:-1] + ("б" if root[-1] == "п" else "г")
    return root


def verbal_noun(root: str, *, front: bool) -> str:
    """The dictionary form of a verb: кур- → куруу, оку- → окуу, оңдо- → оңдоо, иште- → иштөө.

    ``front`` says whether the ending is written with ө ү. Takes and gives words that are spelt out.
    """
    low, high = ("өө", "үү") if front else ("оо", "уу")
    if root[-1] in "аоөе":
        return root[:-1] + low
    if root[-1] in VOWELS or root[-1] == "ү":
        return root[:-1] + high
    return (root[:-1] + _J if root.endswith("й") else voice(root)) + high


def is_front(root: str) -> bool:
    """Whether the last vowel of an unfolded root is one of е э и ө ү."""
    return low_vowel_after(root) in ("е", "ө")


def low_vowel_after(root: str) -> str:
    """The low vowel a suffix would have after an unfolded root, or "" if the root has no vowel."""
    return next((_LOW[letter] for letter in reversed(root) if letter in _LOW), "")
