"""Documents: the list decides, in whatever words the monitor named them."""

import pytest

from services.monitoring.checks.documents import rule_documents, without_words
from shared.contracts.monitoring import Verdict
from tests.monitoring.checks.strategies import visit
from tests.monitoring.registry import standard


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ((), "documents_as_listed"),
        (("passport",), "documents_as_listed"),
        (("  ПАСПОРТ ",), "documents_as_listed"),
        (("Справка  о инн",), "obtainable_by_body"),
        (("tax_id", "passport"), "obtainable_by_body"),
        (("tax_id", "Военный билет"), "unlisted_document"),
        (None, "documents_not_recorded"),
    ],
)
def test_asked_against_the_list(asked: tuple[str, ...] | None, reason: str) -> None:
    assert rule_documents(visit(documents_asked=asked), standard()).reason == reason


def test_facts_tell_where_what_was_asked_too_much_stands() -> None:
    ruling = rule_documents(visit(documents_asked=("tax_id", "Военный билет", "passport")), standard())
    assert ruling.verdict is Verdict.BREACHED
    assert ruling.facts == {"unlisted_at": [1], "obtainable_by_body": ["tax_id"]}


def test_list_nobody_collected_is_undetermined() -> None:
    unknown = standard(documents=(), missing=("documents",))
    assert rule_documents(visit(documents_asked=("anything",)), unknown).reason == "documents_not_in_standard"
    assert (
        rule_documents(visit(documents_asked=("anything",)), standard(documents=())).reason
        == "unlisted_document"
    )


@pytest.mark.parametrize(
    ("asked", "verdict", "reason"),
    [
        ("ID-карта", Verdict.MET, "documents_as_listed"),
        ("паспорт", Verdict.MET, "documents_as_listed"),
        ("паспорт гражданина", Verdict.UNDETERMINED, "document_not_recognised"),
        ("выписка о доходах", Verdict.BREACHED, "unlisted_document"),
    ],
)
def test_a_difference_of_wording_is_no_breach(asked: str, verdict: Verdict, reason: str) -> None:
    listed = (
        {"code": "identity", "name": {"ky": "Паспорт же ID-карта", "ru": "Паспорт или ID-карта"}},
        {"code": "housing", "name": {"ru": "Выписка из реестра жилья"}},
    )
    ruling = rule_documents(visit(documents_asked=(asked,)), standard(documents=listed))
    assert (ruling.verdict, ruling.reason) == (verdict, reason)


def test_without_words_it_is_judged_alike() -> None:
    listed = standard().documents
    codes = {"passport", "tax_id", "of_another_version"}
    asked = ("passport", " ПАСПОРТ", "of_another_version", "паспорт Айзады", "Военный билет", "—", "?")
    told = without_words(asked, listed, codes)
    assert told == ["passport", "passport", "of_another_version", "?", "—", "—", "?"]
    assert without_words(told, listed, codes) == told
    for words, mark in zip(asked, told, strict=True):
        by_words, by_mark = (
            rule_documents(visit(documents_asked=(one,)), standard()) for one in (words, mark)
        )
        assert by_words == by_mark
    assert without_words(asked[3:5], (), ()) == ["?", "?"], "with no list nothing is held against anybody"
