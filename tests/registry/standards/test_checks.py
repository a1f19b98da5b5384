"""What keeps a draft from being adopted: all of it at once, each with its place."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.standards.checks import adoption_problems, draft_problems
from services.registry.standards.drafting import content_of
from services.registry.standards.passport import Passport, dated_problems
from services.registry.standards.schemas import ContentDraft
from tests.registry.standards.conftest import content


def problems(**changes: object) -> dict[str, str]:
    checked = content_of(ContentDraft.model_validate(content(**changes)))
    return {found.pointer: found.code for found in draft_problems(checked)}


def test_a_complete_draft_has_none():
    assert problems() == {}


def test_an_empty_draft_lists_everything_at_once():
    assert problems(tiers=[], documents=[], refusal_grounds=[], appeal=None) == {
        "/tiers": "tier_missing",
        "/refusal_grounds": "refusal_grounds_missing",
        "/appeal": "appeal_missing",
    }


def test_a_tier_needs_a_term_and_a_stated_fee_or_to_be_free():
    bare = {"code": "a"}
    free = {"code": "b", "urgency": "urgent", "free": True, "term": {"number": 1, "unit": "hour"}}
    both = free | {"code": "c", "urgency": "express", "fees": [{"amount": "1"}]}
    assert problems(tiers=[bare, free, both]) == {
        "/tiers/0/term": "term_missing",
        "/tiers/0/fees": "fee_not_stated",
        "/tiers/2/free": "free_with_fees",
    }


def test_two_tiers_for_the_same_case_are_ambiguous():
    tier = content()["tiers"][0]
    assert problems(tiers=[tier, tier | {"code": "second"}]) == {
        "/tiers/0": "tier_ambiguous",
        "/tiers/1": "tier_ambiguous",
    }
    assert problems(tiers=[tier, tier | {"urgency": "urgent"}]) == {"/tiers/1/code": "code_repeated"}
    assert problems(tiers=[tier, tier | {"code": "second", "place": "41711000000000"}]) == {}


def test_both_languages_of_the_law_are_needed_in_every_text():
    found = problems(
        documents=[{"code": "a", "name": {"ky": "А"}}, {"code": "b", "name": {"uz": "B"}}],
        refusal_grounds=[{"code": "a", "text": {"ru": "А"}}],
        appeal={"authority": {"ru": "А"}, "form": {"ky": "А"}, "term": {"number": 1, "unit": "month"}},
    )
    assert found == {
        "/documents/0/name/ru": "language_missing",
        "/documents/1/name/ky": "language_missing",
        "/documents/1/name/ru": "language_missing",
        "/refusal_grounds/0/text/ky": "language_missing",
        "/appeal/authority/ky": "language_missing",
        "/appeal/form/ru": "language_missing",
    }


def test_an_appeal_needs_a_term():
    assert problems(appeal={"authority": {"ky": "М", "ru": "М"}}) == {"/appeal/term": "appeal_term_missing"}


@given(st.sets(st.sampled_from(["term", "fee", "grounds", "appeal", "language"]), min_size=1))
def test_no_problem_hides_another(broken: set[str]):
    changes = content()
    if "term" in broken:
        changes["tiers"][0].pop("term")
    if "fee" in broken:
        changes["tiers"][0]["fees"] = []
    if "grounds" in broken:
        changes["refusal_grounds"] = []
    if "appeal" in broken:
        changes["appeal"] = None
    if "language" in broken:
        changes["documents"][0]["name"] = {"ru": "Паспорт"}
    assert len(problems(**changes)) == len(broken)


def test_the_dates_of_an_adoption():
    today = date(2026, 11, 23)
    back = date(2020, 1, 1)
    assert adoption_problems(back, back, None, today) == [], "an act may be recorded late"
    assert adoption_problems(today, back, None, today, retroactive=True) == []
    found = adoption_problems(today, back, date(2020, 1, 1), today)
    assert [problem.pointer for problem in found] == ["/valid_from", "/valid_to"]


def test_everything_said_of_a_term_is_complete():
    both = {"ky": "Жооп күтүлгөндө", "ru": "Пока ждут ответа"}
    extension = {"number": 10, "unit": "working_day", "ground": both}
    term = {"number": 5, "unit": "working_day", "suspended_while": both, "extension": extension}
    tier = content()["tiers"][0]
    assert problems(tiers=[tier | {"term": term}]) == {}
    wrong = {
        "number": 2,
        "unit": "same_day",
        "suspended_while": {"ru": "Пока"},
        "extension": {"number": 1, "unit": "same_day", "ground": {"ky": "Учурда"}},
    }
    assert problems(tiers=[tier | {"term": wrong}]) == {
        "/tiers/0/term/number": "same_day_with_number",
        "/tiers/0/term/suspended_while/ky": "language_missing",
        "/tiers/0/term/extension/unit": "extension_without_span",
        "/tiers/0/term/extension/ground/ru": "language_missing",
    }


def test_a_fee_line_has_days_in_their_order():
    fee = {"amount": "100", "norm": "п. 3", "valid_from": "2026-01-01"}
    tier = content()["tiers"][0]
    assert problems(tiers=[tier | {"fees": [fee, fee | {"valid_to": "2026-01-01"}]}]) == {
        "/tiers/0/fees/1/valid_to": "not_after_valid_from"
    }


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 20), st.none() | st.integers(0, 20)), min_size=1, max_size=4
    ),
    st.integers(0, 20),
)
def test_a_tier_charges_something_on_its_first_day(spans: list[tuple[int | None, int | None]], day: int):
    first = date(2026, 1, 1)

    def at(offset: int | None) -> str | None:
        return None if offset is None else str(first + timedelta(days=offset))

    fees = [
        {name: value for name, value in (("valid_from", at(a)), ("valid_to", at(b))) if value}
        | {"amount": "1"}
        for a, b in spans
    ]
    tiers = [content()["tiers"][0] | {"fees": fees}]
    checked = content_of(ContentDraft.model_validate(content(tiers=tiers)))
    found = [one.code for one in dated_problems(checked, Passport(), first + timedelta(days=day))]
    charged = any((a is None or a <= day) and (b is None or day < b) for a, b in spans)
    assert found == ([] if charged else ["no_fee_in_force"])
