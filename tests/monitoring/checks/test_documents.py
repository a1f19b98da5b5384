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


LISTED = (
    {"code": "identity", "name": {"ky": "Паспорт же ID-карта", "ru": "Паспорт или ID-карта"}},
    {"code": "tax_id", "name": {"ky": "ИНН жөнүндө маалымкат", "ru": "Справка о ИНН"}},
)


@pytest.mark.parametrize("asked", ["identity", "Identity", "IDENTITY", " Tax_Id "])
def test_a_code_is_a_code_in_any_case(asked: str) -> None:
    ruling = rule_documents(visit(documents_asked=(asked,)), standard(documents=LISTED))
    assert ruling.reason == "documents_as_listed"


@pytest.mark.parametrize(
    "asked",
    ["пасспорт", "паспрот", "pasport", "passport", "ID card", "удостоверение личности", "инсандык күбөлүк"],
)
def test_a_slip_another_script_or_another_name_is_held_against_nobody(asked: str) -> None:
    ruling = rule_documents(visit(documents_asked=(asked,)), standard(documents=LISTED))
    assert (ruling.verdict, ruling.reason) == (Verdict.UNDETERMINED, "document_not_recognised")


@pytest.mark.parametrize(
    "asked", ["военный билет", "аскердик билет", "справка о составе семьи", "три фотографии"]
)
def test_what_is_plainly_another_paper_is_a_breach(asked: str) -> None:
    ruling = rule_documents(visit(documents_asked=(asked,)), standard(documents=LISTED))
    assert (ruling.verdict, ruling.reason) == (Verdict.BREACHED, "unlisted_document")


def test_words_in_a_script_of_the_list_are_compared() -> None:
    listed = ({"code": "identity", "name": {"ru": "Паспорт", "en": "Passport"}},)
    unclear = "document_not_recognised"
    asked = {"military card": "unlisted_document", "pasport": unclear, "ID card": unclear}
    for words, reason in asked.items():
        assert rule_documents(visit(documents_asked=(words,)), standard(documents=listed)).reason == reason


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
