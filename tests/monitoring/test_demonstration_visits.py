"""The visits of the demonstration: six in Osh and two elsewhere, each with the verdict a lawyer would give."""

from tests.monitoring.field import Field, verdicts
from tests.monitoring.registry import FIRST_VERSION, OTHER


async def test_eight_visits(field: Field) -> None:
    in_time = await field.submit()  # over Orozo Ait and a weekend: the third working day is 25 March
    late = await field.submit(delivered_on="2026-03-26")
    dear = await field.submit(fees_paid=[{"amount": "150", "currency": "KGS"}])
    asked = await field.submit(documents_asked=["passport", "Справка о составе семьи"])
    plain = [await field.submit(applied_on="2026-04-06", delivered_on=f"2026-04-0{day}") for day in (7, 9)]
    elsewhere = [await field.submit(municipality_code=OTHER) for _ in range(2)]

    assert verdicts(in_time) == {
        "term": "delivered_in_time",
        "fee": "fee_within_standard",
        "documents": "documents_as_listed",
    }
    term = in_time["check"]["checks"][0]
    assert term["facts"] == {
        "allowed": {"number": 3, "unit": "working_day"},
        "due": "2026-03-25",
        "delivered": "2026-03-25",
    }
    assert in_time["check"]["standard"]["version_id"] == str(FIRST_VERSION)
    assert in_time["check"]["calendar"] == {"2026": 1}
    assert verdicts(late)["term"] == "late"
    assert verdicts(dear)["fee"] == "higher_fee"
    assert dear["check"]["checks"][1]["facts"]["difference"] == [{"amount": "50.00", "currency": "KGS"}]
    assert verdicts(asked)["documents"] == "unlisted_document"
    assert asked["check"]["checks"][2]["facts"] == {"unlisted_at": [1]}
    overall = [visit["check"]["verdict"] for visit in (in_time, late, dear, asked, *plain, *elsewhere)]
    assert overall == ["met", "breached", "breached", "breached", "met", "met", "met", "met"]
