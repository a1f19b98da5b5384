"""The suffix table of Kyrgyz: which ending may come off in which state, and what may stand before it.

A word is read from its end. Nominal endings come off in the order case, possessive, plural; verbal ones in the order
person and tense, negation, voice. Data and its index only; the search through it is ``stemmer``'s.
"""

from enum import Enum, IntEnum, auto
from typing import NamedTuple

from shared.search.kyrgyz.phonology import CONSONANTS, VOWELS, realisations


class State(Enum):
    """What has been taken off so far, seen from the word's end."""

    WORD = auto()
    CASE = auto()
    POSSESSIVE = auto()
    PLURAL = auto()
    THIRD_PERSON = (
        auto()
    )  # the case ending taken stands only after a third person's possessive: that must follow
    OWN_PERSON = auto()  # likewise the dative after a first or second person's possessive
    VERB = auto()
    VOICE = auto()


class Trust(IntEnum):
    """How far an ending is believed on a root the lexicon does not know."""

    PLAIN = 0
    AFTER_VOWEL = 1  # after a consonant it looks like a case ending (-ды)
    DERIVED_VERB = 2  # believed on roots with a suffix that makes verbs (тазала-)
    KNOWN = 3  # believed only on known roots: too many nouns end the same way


class Ending(NamedTuple):
    """One surface form of a suffix, and where taking it off leads."""

    to: State
    trust: Trust
    vowels: frozenset[str]  # the last vowel before it must be one of these
    before: frozenset[str]  # and the last letter, or the last two, one of these
    nasal: bool  # it ends in ң; where н is written it needs a known root, as so many roots end in н


_ANY = VOWELS | CONSONANTS
_PERSONS = ["мIн", "сIң", "сIз", "бIз", "сIңAр", "сIздAр"]
_PAST_PERSONS = " ".join("DI" + person for person in ("м", "ңIз", "ңAр", "ңIздAр"))
_CONDITIONAL = " ".join("сA" + person for person in ("", "м", "ң", "ңIз", "к", "ңAр", "ңIздAр"))
_PERFECT = " ".join("GAн" + person for person in (*_PERSONS, "чA"))
_PRESENT_AFTER_VOWEL = " ".join("й" + person for person in ("т", "м", *_PERSONS))
_PRESENT = " ".join("A" + person for person in ("т", "м", *_PERSONS))
_WEAK = "A й Aр р BAс " + " ".join(stem + person for stem in ("Aр", "р", "BAс") for person in _PERSONS)
_HABITUAL = " ".join("чу" + person for person in ("", *_PERSONS))

# Suffixes by the states they come off in: (states, suffixes, next state, trust, what may stand before or None for the
# rule of their first letter). A I are harmonic vowels, L N D G B assimilate; see ``phonology.realisations``.
_W, _C, _P, _S = State.WORD, State.CASE, State.POSSESSIVE, State.PLURAL
_NOMINAL = (_W, _C, _P, _S)
_TABLE: tuple[tuple[tuple[State, ...], str, State, Trust, frozenset[str] | None], ...] = (
    # Case; forms built on case (мектептеги, мектептики); case after a possessive.
    ((_W,), "NIн GA NI DA DAн NIкI", _C, Trust.PLAIN, None),
    ((_W, _C, _S), "DAгI", _C, Trust.PLAIN, None),
    ((_W,), "нIн нA н ндA нAн", State.THIRD_PERSON, Trust.PLAIN, None),
    ((_W, _C, _S), "ндAгI", State.THIRD_PERSON, Trust.PLAIN, None),
    ((_W,), "A", State.OWN_PERSON, Trust.PLAIN, frozenset("мн")),
    # Possessive; plural.
    ((_W, _C), "м н ңIз сI бIз ңAр ңIздAр Iм Iн IңIз I IбIз IңAр IңIздAр", _P, Trust.PLAIN, None),
    # адреси is адрес+и or адре+си: unknown roots lose their -с either way, so that both come out alike.
    ((_W, _C), "с", _P, Trust.PLAIN, None),
    ((State.THIRD_PERSON,), "сI I", _P, Trust.PLAIN, None),
    ((State.OWN_PERSON,), "м ң Iм Iң", _P, Trust.PLAIN, None),
    ((_W, _C, _P), "LAр", _S, Trust.PLAIN, None),
    # Participles and action nouns, which decline as nouns do.
    (_NOMINAL, "GAн GAндIк", State.VERB, Trust.PLAIN, None),
    ((_W, _P), "Iш ш", State.VERB, Trust.KNOWN, None),
    # Finite forms and converbs.
    ((_W,), _PERFECT, State.VERB, Trust.PLAIN, None),
    ((_W,), "DI DIң DIк", State.VERB, Trust.AFTER_VOWEL, None),
    ((_W,), _PAST_PERSONS, State.VERB, Trust.PLAIN, None),
    ((_W,), _PRESENT_AFTER_VOWEL, State.VERB, Trust.PLAIN, None),
    ((_W,), _PRESENT, State.VERB, Trust.DERIVED_VERB, None),
    ((_W,), _CONDITIONAL, State.VERB, Trust.PLAIN, _ANY),
    ((_W,), "Iп", State.VERB, Trust.PLAIN, None),
    ((_W,), "п BAй", State.VERB, Trust.DERIVED_VERB, None),
    ((_W,), _WEAK, State.VERB, Trust.KNOWN, None),
    ((_W,), _HABITUAL, State.VERB, Trust.KNOWN, _ANY),
    ((_W,), "GIлA IңIз IңIздAр ңIз ңIздAр", State.VERB, Trust.KNOWN, None),
    ((_W,), "сIн", State.VERB, Trust.KNOWN, _ANY),
    # Question: барбы, болобу.
    ((_W,), "BI", _W, Trust.KNOWN, None),
    ((_W,), "AбI йбI", State.VERB, Trust.KNOWN, None),
    # Inside the verb: negation, then passive, reciprocal (also "they"), reflexive of verbs in -ла.
    ((State.VERB,), "BA", State.VERB, Trust.PLAIN, None),
    ((State.VERB, State.VOICE), "Iл л Iш ш", State.VOICE, Trust.KNOWN, None),
    ((State.VERB, State.VOICE), "Iн", State.VOICE, Trust.KNOWN, frozenset("л")),
    ((State.VERB,), "н", State.VOICE, Trust.DERIVED_VERB, frozenset({"ла", "ле", "ло"})),
)


def _index() -> dict[State, dict[str, tuple[Ending, ...]]]:
    """The table by state and folded surface form; one surface may be several endings."""
    found: dict[State, dict[str, dict[tuple[State, Trust, frozenset[str], bool], set[str]]]] = {}
    for states, suffixes, to, trust, before in _TABLE:
        for suffix in suffixes.split():
            for surface, vowel, border in realisations(suffix, before):
                for state in states:
                    endings = found.setdefault(state, {}).setdefault(surface, {})
                    endings.setdefault((to, trust, border, suffix.endswith("ң")), set()).add(vowel)
    return {
        state: {
            surface: tuple(
                Ending(to, trust, frozenset(vowels), border, nasal)
                for (to, trust, border, nasal), vowels in endings.items()
            )
            for surface, endings in surfaces.items()
        }
        for state, surfaces in found.items()
    }


ENDINGS = _index()
LONGEST = max(len(surface) for surfaces in ENDINGS.values() for surface in surfaces)
