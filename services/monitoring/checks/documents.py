"""Was a document asked that the standard does not list, or that the body has to get itself?"""

import re
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from services.monitoring.checks.visit import Ruling, Visit, undetermined
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import RequiredDocument, StandardVersion
from shared.search import analyse

UNLISTED, UNCLEAR = "—", "?"
"""In the place of words, which stand with the personal data: what was found of them stays when they are gone."""
_NEAR, _LONG_ENOUGH = 0.8, 4
"""How like two stems are that may be one word written wrong: the share of their letters that stand in one order."""
_SCRIPTS = {"latin": re.compile("[a-z]{3}", re.IGNORECASE), "cyrillic": re.compile("[\u0400-\u052f]{3}")}
_ALTERNATIVES = re.compile(r"\s*(?:,|;|/|\s(?:или|же|or)\s)\s*")


def rule_documents(visit: Visit, standard: StandardVersion) -> Ruling:
    """The monitor names what was asked, by the list's code or in words; the comparison is made here.

    Facts go into public events, and words may name a person: they tell only where in `documents_asked` the words
    stand that are not on the list (`unlisted_at`) or may be (`unclear_at`), counted from 0."""
    if "documents" in standard.missing:
        return undetermined("documents_not_in_standard")
    if visit.documents_asked is None:
        return undetermined("documents_not_recorded")
    asked = visit.documents_asked
    matches = [_listed_as(words, standard.documents) for words in asked]
    obtainable = sorted({document.code for document in matches if document and document.obtained_by_body})
    unknown = [at for at, document in enumerate(matches) if document is None]
    unclear = [at for at in unknown if asked[at] == UNCLEAR or _resembles(asked[at], standard.documents)]
    unlisted = [at for at in unknown if at not in unclear]
    if unclear and not unlisted and not obtainable:
        return undetermined("document_not_recognised", {"unclear_at": unclear})
    facts = {
        **({"unlisted_at": unlisted} if unlisted else {}),
        **({"obtainable_by_body": obtainable} if obtainable else {}),
    }
    if unlisted:
        return Ruling(Verdict.BREACHED, "unlisted_document", facts)
    if obtainable:
        return Ruling(Verdict.BREACHED, "obtainable_by_body", facts)
    return Ruling(Verdict.MET, "documents_as_listed", {"asked": len(set(asked))})


def without_words(
    asked: Sequence[str], documents: tuple[RequiredDocument, ...], codes: Collection[str]
) -> list[str]:
    """What was asked without the words it was said in: codes, and marks that are judged as the words are.

    `documents` is the list in force; with none nothing is held against anybody. `codes` are those of every list the
    service ever had: they are nobody's words."""
    return [words if words in codes else _without_words(words, documents) for words in asked]


def _without_words(words: str, documents: tuple[RequiredDocument, ...]) -> str:
    listed = _listed_as(words, documents)
    if listed is not None:
        return listed.code
    if words == UNCLEAR or not documents or _resembles(words, documents):
        return UNCLEAR
    return UNLISTED


def _listed_as(asked: str, documents: tuple[RequiredDocument, ...]) -> RequiredDocument | None:
    """By code, else by its name or one of its alternatives in any language, whatever the letter case and spacing."""
    wanted = _plain(asked)
    for document in documents:
        names = {part for name in document.name.values() for part in (name, *_ALTERNATIVES.split(name))}
        if wanted == document.code or wanted in {_plain(name) for name in names}:
            return document
    return None


def _resembles(asked: str, documents: tuple[RequiredDocument, ...]) -> bool:
    """Whether the words may mean a listed document. A difference of wording is not held against anybody: neither
    another form of a word of its name, nor a slip of the pen, nor a script the list does not use, nor another name of
    the paper that says who somebody is."""
    names = [name for document in documents for name in document.name.values()]
    if not names:
        return False
    scripts = _scripts(asked)
    if scripts and not any(_SCRIPTS[script].search(name) for script in scripts for name in names):
        return True
    if _says_who(asked) and any(_says_who(name) for name in names):
        return True
    wanted, listed = _stems(asked), {stem for name in names for stem in _stems(name)}
    return any(one == other or _near(one, other) for one in wanted for other in listed)


def _near(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _LONG_ENOUGH:
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _NEAR


def _says_who(text: str) -> bool:
    return any(token.stem in _IDENTITY for token in analyse(text))


def _scripts(text: str) -> list[str]:
    return [name for name, letters in _SCRIPTS.items() if letters.search(text)]


def _stems(text: str) -> set[str]:
    return {token.stem for token in analyse(text) if len(token.stem) > 2} - _KINDS


_KINDS = {
    token.stem
    for word in (
        *("справка", "справки", "документ", "документы", "копия", "копии", "выписка", "свидетельство"),
        *("заявление", "удостоверение", "квитанция", "маалымкат", "документтер", "көчүрмө", "күбөлүк"),
        *("арыз", "дүмүрчөк", "certificate", "copy", "document", "extract", "application", "receipt"),
    )
    for token in analyse(word)
}
"""Kinds of paper: two certificates are not the same one because both are certificates."""

_IDENTITY = {
    token.stem
    for word in ("паспорт", "id", "личности", "инсандык", "passport", "identity")
    for token in analyse(word)
}
"""Words by which the paper that says who somebody is goes."""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
