"""Terms: counted day by day by an oracle, and never late where something was not recorded."""

from datetime import date, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.checks.term import rule_term
from services.monitoring.checks.visit import Visit
from services.monitoring.references.calendar import Workdays, Year
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import StandardTerm, TermExtension, TermStart, TermUnit, Tier
from tests.monitoring.checks.strategies import (
    TODAY,
    days,
    holidays,
    tier_of,
    visit,
    workdays,
    working_weekends,
)


def counted(applied: date, number: int, off: frozenset[date], on: frozenset[date]) -> date:
    """The oracle: walk on day by day."""
    day = applied
    while number:
        day += timedelta(days=1)
        works = day not in off and (day.weekday() < 5 or day in on)
        number -= works
    return day


@given(days, st.integers(1, 15), st.integers(0, 30), holidays, working_weekends)
def test_working_days_as_counted_by_hand(
    applied: date, number: int, after: int, off: frozenset[date], on: frozenset[date]
) -> None:
    due = counted(applied, number, off, on)
    ruling = rule_term(visit(applied, after), tier_of(number), workdays(off, on), TODAY)
    in_time = applied + timedelta(days=after) <= due
    assert ruling.verdict is (Verdict.MET if in_time else Verdict.BREACHED)
    assert ruling.reason == ("delivered_in_time" if in_time else "late")
    assert ruling.facts["due"] == due.isoformat()


@given(days, st.integers(0, 15), st.integers(0, 40), holidays, st.dates(TODAY.replace(month=1, day=1), TODAY))
def test_another_holiday_makes_nothing_late(
    applied: date, number: int, after: int, off: frozenset[date], more: date
) -> None:
    before = rule_term(visit(applied, after), tier_of(number), workdays(off), TODAY)
    later = rule_term(visit(applied, after), tier_of(number), workdays(off | {more}), TODAY)
    assert not (before.verdict is Verdict.MET and later.verdict is Verdict.BREACHED)


@given(days, st.sampled_from(list(TermUnit)), st.integers(0, 48), st.integers(0, 40))
def test_a_later_delivery_is_never_better(applied: date, unit: TermUnit, number: int, after: int) -> None:
    order = [Verdict.MET, Verdict.UNDETERMINED, Verdict.BREACHED]
    now, next_day = (
        order.index(rule_term(visit(applied, it), tier_of(number, unit), workdays(), TODAY).verdict)
        for it in (after, after + 1)
    )
    assert now <= next_day


def test_weekend_and_public_holiday_do_not_count() -> None:
    off = [date(2026, 3, 20), date(2026, 3, 21)]
    last = rule_term(visit(after=6), tier_of(3), workdays(off), TODAY)
    assert (last.reason, last.facts["due"]) == ("delivered_in_time", "2026-03-25")
    assert rule_term(visit(after=7), tier_of(3), workdays(off), TODAY).reason == "late"
    assert rule_term(visit(after=6), tier_of(3), workdays(), TODAY).reason == "late"


def test_calendar_days_and_months_end_on_a_working_day() -> None:
    friday = date(2026, 4, 10)
    for number, unit, due in (
        (1, TermUnit.CALENDAR_DAY, "2026-04-13"),
        (3, TermUnit.CALENDAR_DAY, "2026-04-13"),
        (1, TermUnit.MONTH, "2026-05-11"),
        (0, TermUnit.SAME_DAY, "2026-04-10"),
        (1, TermUnit.SAME_DAY, "2026-04-10"),
    ):
        assert rule_term(visit(friday), tier_of(number, unit), workdays(), TODAY).facts["due"] == due


def test_undelivered_waits_until_the_term_is_over() -> None:
    waiting = visit(after=None)
    last_day = date(2026, 3, 24)
    early = rule_term(waiting, tier_of(3), workdays(), last_day)
    assert (early.verdict, early.reason) == (Verdict.UNDETERMINED, "not_due_yet")
    assert early.recheck_on == date(2026, 3, 25)
    over = rule_term(waiting, tier_of(3), workdays(), date(2026, 3, 25))
    assert (over.verdict, over.reason, over.recheck_on) == (Verdict.BREACHED, "not_delivered", None)


def test_year_without_decree_is_provisional() -> None:
    assert rule_term(visit(), tier_of(3), workdays(decreed=False), TODAY).provisional
    assert not rule_term(visit(), tier_of(3), workdays(), TODAY).provisional


def test_term_into_a_year_nobody_told_of_is_never_late() -> None:
    known = Workdays.of([Year(2026, 4, True, {})])
    applied, today = date(2026, 12, 30), date(2027, 6, 1)
    late = rule_term(visit(applied, 60), tier_of(3), known, today)
    assert (late.verdict, late.reason) == (Verdict.UNDETERMINED, "calendar_not_known")
    assert late.calendar == {2026: 4, 2027: 0}
    assert rule_term(visit(applied, None), tier_of(3), known, today).reason == "calendar_not_known"
    assert rule_term(visit(applied, 1), tier_of(3), known, today).verdict is Verdict.MET


def test_start_that_was_not_recorded_is_never_late() -> None:
    tier = tier_of(3, starts_at=TermStart.PAYMENT)
    assert rule_term(visit(after=30), tier, workdays(), TODAY).reason == "term_start_not_recorded"
    assert rule_term(visit(after=None), tier, workdays(), TODAY).reason == "term_start_not_recorded"
    assert rule_term(visit(after=1), tier, workdays(), TODAY).reason == "delivered_in_time"
    paid = visit(after=30, term_started_on=date(2026, 4, 16))
    assert rule_term(paid, tier, workdays(), TODAY).reason == "delivered_in_time"
    assert (
        rule_term(visit(after=30, term_started_on=date(2026, 4, 1)), tier, workdays(), TODAY).reason == "late"
    )


def test_standard_without_term_and_term_beyond_the_calendar() -> None:
    assert rule_term(visit(), Tier(code="x"), workdays(), TODAY).reason == "term_not_in_standard"
    endless = Tier(code="x", term=StandardTerm(number=10**9, unit=TermUnit.MONTH))
    assert rule_term(visit(), endless, workdays(), TODAY).reason == "term_not_computable"


HOURS = st.times().map(lambda it: it.replace(microsecond=0))


@given(
    days,
    st.sampled_from([TermUnit.MINUTE, TermUnit.HOUR]),
    st.integers(1, 80),
    st.integers(0, 6),
    HOURS,
    HOURS,
    holidays,
)
def test_without_hours_only_what_every_hour_agrees_on(
    applied: date, unit: TermUnit, number: int, after: int, asked: time, given: time, off: frozenset[date]
) -> None:
    if after == 0 and given < asked:
        asked, given = given, asked
    tier, calendar = tier_of(number, unit), workdays(off)
    dates_only = rule_term(visit(applied, after), tier, calendar, TODAY)
    timed = rule_term(visit(applied, after, applied_at=asked, delivered_at=given), tier, calendar, TODAY)
    if dates_only.verdict is not Verdict.UNDETERMINED:
        assert timed.verdict is dates_only.verdict
    assert timed.reason != "times_not_recorded"


def test_minutes_are_compared_where_both_hours_are_known() -> None:
    quarter = tier_of(15, TermUnit.MINUTE)

    def ruled(asked: time, given: time, after: int = 0) -> str:
        return rule_term(
            visit(after=after, applied_at=asked, delivered_at=given), quarter, workdays(), TODAY
        ).reason

    assert ruled(time(9), time(9, 15)) == "delivered_in_time"
    assert ruled(time(9), time(9, 16)) == "late"
    assert ruled(time(17, 55), time(9, 5), after=1) == "office_hours_not_known"
    assert ruled(time(9), time(9), after=5) == "late"
    assert rule_term(visit(), quarter, workdays(), TODAY).reason == "times_not_recorded"
    assert rule_term(visit(), tier_of(24, TermUnit.HOUR), workdays(), TODAY).reason == "delivered_in_time"


def test_no_hour_is_in_the_facts() -> None:
    timed = visit(applied_at=time(9, 41), delivered_at=time(16, 43))
    for unit in TermUnit:
        facts = rule_term(timed, tier_of(1, unit), workdays(), TODAY).facts
        assert ":" not in repr(facts.get("due")) + repr(facts.get("delivered"))


def test_term_ends_with_the_visits_own_tier() -> None:
    assert isinstance(visit(), Visit)
    reasons = [rule_term(visit(after=5), tier_of(number), workdays(), TODAY).reason for number in (1, 2, 3)]
    assert reasons == ["late", "late", "delivered_in_time"]


def lengthened(number: int, extension: int, **more: Any) -> Tier:
    longer = TermExtension(
        number=extension, unit=TermUnit.WORKING_DAY, ground={"ru": "В исключительных случаях"}
    )
    term = StandardTerm(number=number, unit=TermUnit.WORKING_DAY, extension=longer, **more)
    return Tier(code="x", term=term)


@given(days, st.integers(1, 10), st.integers(1, 10), st.integers(0, 45), holidays)
def test_whether_a_term_was_extended_is_not_seen(
    applied: date, number: int, extension: int, after: int, off: frozenset[date]
) -> None:
    ruling = rule_term(visit(applied, after), lengthened(number, extension), workdays(off), TODAY)
    due = counted(applied, number, off, frozenset())
    longest = counted(due, extension, off, frozenset())
    delivered = applied + timedelta(days=after)
    if delivered <= due:
        assert (ruling.verdict, ruling.reason) == (Verdict.MET, "delivered_in_time")
    elif delivered <= longest:
        assert (ruling.verdict, ruling.reason) == (Verdict.UNDETERMINED, "extension_not_recorded")
        assert ruling.facts["extended"] == longest.isoformat()
    else:
        assert (ruling.verdict, ruling.reason) == (Verdict.BREACHED, "late")


def test_what_is_awaited_in_an_extended_term_is_looked_at_again() -> None:
    applied = date(2026, 11, 2)
    ruling = rule_term(Visit((), applied), lengthened(5, 10), workdays(), date(2026, 11, 16))
    assert (ruling.verdict, ruling.reason) == (Verdict.UNDETERMINED, "extension_not_recorded")
    assert ruling.recheck_on == date(2026, 11, 24)
    late = rule_term(Visit((), applied), lengthened(5, 10), workdays(), date(2026, 11, 24))
    assert (late.verdict, late.reason) == (Verdict.BREACHED, "not_delivered")


def test_whether_a_term_was_suspended_is_not_seen() -> None:
    tier = lengthened(1, 1, suspended_while={"ru": "Пока ждут ответа"})
    ruling = rule_term(visit(date(2026, 11, 2), 20), tier, workdays(), TODAY)
    assert (ruling.verdict, ruling.reason) == (Verdict.UNDETERMINED, "suspension_not_recorded")
