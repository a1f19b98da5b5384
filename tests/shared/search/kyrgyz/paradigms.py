"""The inflection of Kyrgyz by its grammar's rules, written for the tests apart from the stemmer's own table.

Works on real spelling (ө ү ң). Nouns: number × possession × case; verbs: the frequent finite forms, participles,
converbs and the declined action noun.
"""

from collections.abc import Iterator

VOWELS = "аеёиоөуүыэюя"
VOICELESS = "кпстфхцчшщ"
_LOW = (
    dict.fromkeys("аыуяю", "а")
    | dict.fromkeys("оё", "о")
    | dict.fromkeys("еэи", "е")
    | dict.fromkeys("өү", "ө")
)
_HIGH = (
    dict.fromkeys("аыя", "ы")
    | dict.fromkeys("оёую", "у")
    | dict.fromkeys("еэи", "и")
    | dict.fromkeys("өү", "ү")
)

CASES = {"gen": "NIн", "dat": "GA", "acc": "NI", "loc": "DA", "abl": "DAн"}
# After a possessive of the third person, and the dative after one of the first and second person singular.
CASES_AFTER_THIRD = {"gen": "нIн", "dat": "нA", "acc": "н", "loc": "ндA", "abl": "нAн"}
POSSESSIVES = {
    "my": ("м", "Iм"),
    "your": ("ң", "Iң"),
    "your polite": ("ңIз", "IңIз"),
    "their": ("сI", "I"),
    "our": ("бIз", "IбIз"),
    "your many": ("ңAр", "IңAр"),
}


def attach(stem: str, suffix: str) -> str:
    """Joins a suffix written with A I (harmony) and L N D G B (assimilation) to a stem."""
    if suffix[0] in "AIаеоөуүыиэ":
        stem = _before_vowel(stem)
    elif stem.endswith("ь"):
        stem = stem[:-1]
    return join(stem, _realise(stem, suffix))


def join(stem: str, ending: str) -> str:
    """Spelling at the border: й with а о у е becomes я ё ю е (кой- and уп: коюп)."""
    if stem.endswith("й") and ending[0] in "аоуе":
        return stem[:-1] + {"а": "я", "о": "ё", "у": "ю", "е": "е"}[ending[0]] + ending[1:]
    return stem + ending


def _before_vowel(stem: str) -> str:
    if stem.endswith("ь"):
        return stem[:-1]
    if stem[-1] in "кп" and stem[-2] in VOWELS:
        return stem[:-1] + {"к": "г", "п": "б"}[stem[-1]]
    return stem


def _realise(stem: str, suffix: str) -> str:
    vowel = next(letter for letter in reversed(stem) if letter in VOWELS)
    letters: list[str] = []
    for symbol in suffix:
        previous = letters[-1] if letters else stem[-1]
        letter = {"A": _LOW[vowel], "I": _HIGH[vowel]}.get(symbol) or _border(symbol, previous)
        letters.append(letter)
        vowel = letter if letter in VOWELS else vowel
    return "".join(letters)


def _border(symbol: str, previous: str) -> str:
    voiceless, vowel = previous in VOICELESS, previous in VOWELS
    if symbol == "L":
        return "т" if voiceless else "л" if vowel or previous in "йр" else "д"
    if symbol == "N":
        return "т" if voiceless else "н" if vowel else "д"
    pairs = {"D": "дт", "G": "гк", "B": "бп"}
    return pairs[symbol][voiceless] if symbol in pairs else symbol


def noun_forms(entry: str) -> Iterator[str]:
    """Every form of a noun given as ``base`` or ``base:root before vowels``."""
    base, _, oblique = entry.partition(":")
    singular, plural = (base, oblique or base), (attach(base, "LAр"),) * 2
    for plain, before_vowel in (singular, plural):
        yield from _declined(plain)
        yield attach(plain, "DAгI")
        for person, (after_vowel, after_consonant) in POSSESSIVES.items():
            ends_open = before_vowel[-1] in VOWELS
            owned = attach(before_vowel, after_vowel if ends_open else after_consonant)
            yield from _declined_owned(owned, person)


def _declined(stem: str) -> Iterator[str]:
    yield stem
    yield from (attach(stem, case) for case in CASES.values())


def _declined_owned(owned: str, person: str) -> Iterator[str]:
    if person == "their":
        yield owned
        yield from (attach(owned, case) for case in CASES_AFTER_THIRD.values())
        yield attach(owned, "ндAгI")
        return
    yield from _declined(owned)
    if person in {"my", "your"}:
        yield owned + _realise(owned, "A")


def action_noun(root: str) -> str:
    """The dictionary form of a verb: кур- → куруу, тазала- → тазалоо."""
    if root[-1] in VOWELS:
        low = {"а": "оо", "о": "оо", "е": "өө", "ө": "өө"}.get(root[-1])
        front = _LOW[root[-1]] in "еө"
        return root[:-1] + (low or ("үү" if front else "уу"))
    stem = _before_vowel(root)
    return join(stem, "үү" if _LOW[next(x for x in reversed(root) if x in VOWELS)] in "еө" else "уу")


def verb_forms(root: str) -> Iterator[str]:
    """The frequent forms of a verb given by its root."""
    noun = action_noun(root)
    yield from _declined(noun)
    yield from _declined_owned(attach(noun, "сI"), "their")
    yield from _past_and_participle(root)
    yield from _present(root)
    negative = attach(root, "BA")
    yield from _past_and_participle(negative)
    yield from _present(negative)
    yield attach(root, "п" if root[-1] in VOWELS else "Iп")
    for person in ("", "м", "ң", "к", "ңIз"):
        yield attach(root, "сA" + person)


def _past_and_participle(root: str) -> Iterator[str]:
    for person in ("", "м", "ң", "к", "ңIз", "ңIздAр"):
        yield attach(root, "DI" + person)
    participle = attach(root, "GAн")
    yield from _declined(participle)
    yield from _declined_owned(attach(participle, "I"), "their")
    yield from _declined(attach(participle, "LAр"))
    for person in ("мIн", "сIз", "бIз"):
        yield participle + _realise(participle, person)


def _present(root: str) -> Iterator[str]:
    link = "й" if root[-1] in VOWELS else "A"
    for person in ("т", "м", "сIң", "сIз", "бIз"):
        yield attach(root, link + person)
