"""The whole check: tiers, gaps, overall verdict, what it rests on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.checks.domain import check_visit, overall
from services.monitoring.checks.visit import CheckState, Outcome, Visit
from shared.contracts.monitoring import Check, Criterion, Verdict
from shared.contracts.registry import StandardVersion, Tier
from shared.values import Money
from tests.monitoring.checks.strategies import TODAY, days, holidays, visit, workdays
from tests.monitoring.registry import standard, tier

THREE = (tier("ordinary", 5, "100"), tier("fast", 2, "500"), tier("urgent", 1, "900"))
codes = st.sampled_from(["ordinary", "fast", "urgent", "nonsense", None])
paid = st.none() | st.integers(0, 1000).map(lambda it: (Money(amount=Decimal(it), currency="KGS"),))


def checked(given_visit: Visit, *versions: StandardVersion, today: date = TODAY) -> Outcome:
    return check_visit(given_visit, versions or (standard(tiers=THREE),), workdays(), today)


def term_of(outcome: Outcome) -> Check:
    return outcome.checks[0]


def test_one_visit_under_three_tiers_has_three_verdicts() -> None:
    seen = visit(date(2026, 4, 6), 3, fees_paid=(Money(amount=Decimal(500), currency="KGS"),))
    found = {}
    for code in ("ordinary", "fast", "urgent"):
        outcome = checked(replace(seen, tier=code))
        assert outcome.standard is not None
        assert outcome.standard.tier == code
        found[code] = [(check.verdict, check.reason) for check in outcome.checks[:2]]
    assert found == {
        "ordinary": [(Verdict.MET, "delivered_in_time"), (Verdict.BREACHED, "higher_fee")],
        "fast": [(Verdict.BREACHED, "late"), (Verdict.MET, "fee_within_standard")],
        "urgent": [(Verdict.BREACHED, "late"), (Verdict.MET, "fee_within_standard")],
    }


@given(days, st.integers(0, 20) | st.none(), codes, paid, holidays)
def test_without_a_tier_only_what_every_tier_agrees_on(
    applied: date, after: int | None, code: str | None, fees: tuple[Money, ...] | None, off: frozenset[date]
) -> None:
    versions, calendar = (standard(tiers=THREE),), workdays(off)
    outcome = check_visit(visit(applied, after, tier=code, fees_paid=fees), versions, calendar, TODAY)
    each = [
        check_visit(visit(applied, after, tier=it.code, fees_paid=fees), versions, calendar, TODAY)
        for it in THREE
    ]
    for number, check in enumerate(outcome.checks[:2]):
        agreed = {it.checks[number].verdict for it in each}
        if code == "nonsense":
            assert (check.verdict, check.reason) == (Verdict.UNDETERMINED, "unknown_tier")
        elif code is None and len(agreed) > 1:
            assert (check.verdict, check.reason) == (Verdict.UNDETERMINED, "no_tier_named")
        elif code is None:
            assert {check.verdict} == agreed
    assert outcome.verdict is overall(check.verdict for check in outcome.checks)


def test_unnamed_tier_shows_each_tier() -> None:
    outcome = checked(visit(date(2026, 4, 6), 3))
    assert term_of(outcome).reason == "no_tier_named"
    assert {code: it["verdict"] for code, it in term_of(outcome).facts["tiers"].items()} == {
        "ordinary": "met",
        "fast": "breached",
        "urgent": "breached",
    }
    assert outcome.standard is not None
    assert outcome.standard.tier is None


def test_the_only_tier_needs_no_name() -> None:
    outcome = checked(visit(date(2026, 4, 6), 3), standard())
    assert term_of(outcome).reason == "delivered_in_time"
    assert outcome.standard is not None
    assert outcome.standard.tier == "ordinary"


def test_unnamed_and_undelivered_is_checked_again_when_the_first_tier_ends() -> None:
    monday = date(2026, 4, 6)
    outcome = checked(visit(monday, None), today=date(2026, 4, 7))
    assert (term_of(outcome).reason, outcome.recheck_on) == ("not_due_yet", date(2026, 4, 8))
    outcome = checked(visit(monday, None), today=date(2026, 4, 8))
    assert (term_of(outcome).reason, outcome.recheck_on) == ("no_tier_named", date(2026, 4, 9))
    outcome = checked(visit(monday, None), today=date(2026, 4, 14))
    assert (term_of(outcome).reason, outcome.recheck_on) == ("not_delivered", None)


def test_no_standard_in_force_is_undetermined_in_everything() -> None:
    outcome = checked(visit(date(2026, 3, 1)), standard(valid_from=date(2026, 4, 1)))
    assert outcome.state is CheckState.DONE
    assert {check.criterion for check in outcome.checks} == set(Criterion)
    assert {(check.verdict, check.reason) for check in outcome.checks} == {
        (Verdict.UNDETERMINED, "no_standard_in_force")
    }
    assert outcome.standard is None


def test_no_standard_at_all_is_pending() -> None:
    outcome = check_visit(visit(), (), workdays(), TODAY)
    assert (outcome.state, outcome.verdict, outcome.checks) == (CheckState.PENDING, None, ())


def test_standard_without_tiers_is_undetermined() -> None:
    reasons = [check.reason for check in checked(visit(), standard(tiers=())).checks[:2]]
    assert reasons == ["no_tier_in_standard", "no_tier_in_standard"]


def test_a_tier_holds_for_its_own_channel() -> None:
    seen = visit(date(2026, 4, 6), 3, tier="ordinary", channel="online")
    for check in checked(seen).checks[:2]:
        assert (check.verdict, check.reason) == (Verdict.UNDETERMINED, "channel_differs")
        assert check.facts == {"channel": "online"}
    assert term_of(checked(replace(seen, channel="in_person"))).reason == "delivered_in_time"
    assert term_of(checked(replace(seen, tier=None))).reason == "channel_differs"


def test_without_a_tier_only_those_of_its_channel_count() -> None:
    offered = standard(tiers=(tier("ordinary", 5), tier("online", 1, channel="online")))
    outcome = checked(visit(date(2026, 4, 6), 3, channel="online"), offered)
    assert (term_of(outcome).verdict, term_of(outcome).reason) == (Verdict.BREACHED, "late")
    assert outcome.standard is not None
    assert outcome.standard.tier == "online"
    assert term_of(checked(visit(date(2026, 4, 6), 3), offered)).reason == "no_tier_named"


OSH, TYUP = "41721000000000", "41702215000000"
BY_PLACE = (
    tier("osh", 1, "100", place=OSH),
    tier("rest", 10, "500", place=TYUP),
    tier("firm", 20, "1000", applicant="legal_entity"),
)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ({"tier": "osh"}, "late"),
        ({"tier": "rest"}, "place_differs"),
        ({"tier": "firm"}, "applicant_differs"),
        ({"tier": "firm", "applicant": "pensioner"}, "applicant_differs"),
        ({"tier": "firm", "applicant": "legal_entity"}, "delivered_in_time"),
        ({}, "late"),
        ({"applicant": "legal_entity"}, "no_tier_named"),
        ({"place": ("41700000000000", TYUP)}, "delivered_in_time"),
        ({"place": ("41700000000000", TYUP), "tier": "osh"}, "place_differs"),
        ({"place": ("41700000000000",)}, "no_tier_holds"),
    ],
)
def test_a_tier_holds_for_its_own_place_and_applicants(seen: dict[str, Any], reason: str) -> None:
    outcome = checked(replace(visit(date(2026, 4, 6), 5), **seen), standard(tiers=BY_PLACE))
    assert term_of(outcome).reason == reason
    assert outcome.standard is not None
    if reason == "late":
        assert outcome.standard.tier == "osh"


@given(
    st.lists(st.sampled_from(BY_PLACE), min_size=1, unique_by=lambda one: one.code),
    st.sampled_from([None, "legal_entity"]),
)
def test_no_verdict_rests_on_a_tier_for_others(tiers: list[Tier], applicant: str | None) -> None:
    seen = visit(date(2026, 4, 6), 5, applicant=applicant)
    own = [one for one in tiers if one.place in (None, OSH) and one.applicant in (None, applicant)]
    outcome = checked(seen, standard(tiers=tuple(tiers)))
    if own:
        assert outcome == checked(seen, standard(tiers=tuple(own)))
    else:
        assert term_of(outcome).verdict is Verdict.UNDETERMINED


def test_overall() -> None:
    met, breached, unknown = Verdict.MET, Verdict.BREACHED, Verdict.UNDETERMINED
    assert overall([met, met, met]) is met
    assert overall([met, unknown, met]) is unknown
    assert overall([met, unknown, breached]) is breached


def test_it_says_what_it_rests_on() -> None:
    outcome = checked(visit(date(2026, 4, 6), 1), standard(3, tiers=(Tier.model_validate(THREE[0]),)))
    assert outcome.standard is not None
    assert (outcome.standard.version, outcome.calendar) == (3, {2026: 1})
