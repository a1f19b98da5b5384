"""Was a document asked that the standard does not list, or that the body has to get itself?"""

from services.monitoring.checks.visit import Ruling, Visit, undetermined
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import RequiredDocument, StandardVersion


def rule_documents(visit: Visit, standard: StandardVersion) -> Ruling:
    """The monitor names what was asked, by the list's code or in words; the comparison is made here."""
    if "documents" in standard.missing:
        return undetermined("documents_not_in_standard")
    if visit.documents_asked is None:
        return undetermined("documents_not_recorded")
    matches = {asked: _listed_as(asked, standard.documents) for asked in visit.documents_asked}
    unlisted = [asked for asked, document in matches.items() if document is None]
    obtainable = sorted(
        {document.code for document in matches.values() if document and document.obtained_by_body}
    )
    facts = {
        **({"unlisted": unlisted} if unlisted else {}),
        **({"obtainable_by_body": obtainable} if obtainable else {}),
    }
    if unlisted:
        return Ruling(Verdict.BREACHED, "unlisted_document", facts)
    if obtainable:
        return Ruling(Verdict.BREACHED, "obtainable_by_body", facts)
    return Ruling(Verdict.MET, "documents_as_listed", {"asked": len(matches)})


def _listed_as(asked: str, documents: tuple[RequiredDocument, ...]) -> RequiredDocument | None:
    """By code, else by its name in any language, whatever the letter case and spacing."""
    wanted = _plain(asked)
    for document in documents:
        if asked == document.code or wanted in {_plain(name) for name in document.name.values()}:
            return document
    return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
