"""Was the service delivered in time? Counted on the server from raw dates and the working-day calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from services.monitoring.checks.visit import Ruling, Visit, undetermined
from services.monitoring.references.calendar import Workdays
from shared.calendar import Term, Unit, deadline
from shared.clock import BISHKEK
from shared.contracts.monitoring import Verdict
from shared.contracts.registry import StandardTerm, TermStart, Tier

_BY_CLOCK = {Unit.MINUTE, Unit.HOUR}
_DAY_BEGINS, _DAY_ENDS = time(0), time(23, 59, 59, 999_999)


def rule_term(visit: Visit, tier: Tier, workdays: Workdays, today: date) -> Ruling:
    """Late is only what is late whatever was not recorded: an unknown start, hour or calendar is undetermined."""
    if tier.term is None:
        return undetermined("term_not_in_standard")
    try:
        span = _Span.of(visit, tier.term, workdays)
    except (ValueError, OverflowError):  # OutOfCalendarError is a ValueError
        return undetermined("term_not_computable", {"allowed": _allowed(tier.term)})
    ruling = _delivered(visit, span) if visit.delivered_on else _awaited(span, today)
    if ruling.verdict is Verdict.BREACHED:
        ruling = _excused(ruling, span)
    ruling = replace(ruling, provisional=span.provisional, calendar=span.calendar)
    return _lengthened(ruling, visit, tier.term, workdays, today)


@dataclass(frozen=True, slots=True)
class _Span:
    """From the earliest and latest moment the term can have begun to the moments it then ends."""

    surely_by: datetime
    """In time whatever was not recorded."""
    possibly_by: datetime
    """In time at best."""
    last_day: date
    """Late after it, also where office hours are not known."""
    by_clock: bool
    start_known: bool
    provisional: bool
    calendar: Mapping[int, int]
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, visit: Visit, promised: StandardTerm, workdays: Workdays) -> "_Span":
        unit = Unit(promised.unit)
        term = Term(0 if unit is Unit.SAME_DAY else promised.number, unit)
        from_application = promised.starts_at is TermStart.APPLICATION
        start = visit.applied_on if from_application else (visit.term_started_on or visit.applied_on)
        hour = visit.applied_at if from_application else None
        last = deadline(term, _at(start, hour or _DAY_ENDS), workdays.calendar)
        first, last_day, provisional = last, last.date, last.provisional
        if unit in _BY_CLOCK:
            first = deadline(term, _at(start, hour or _DAY_BEGINS), workdays.calendar)
            next_day = workdays.calendar.next_working_day(start)
            last_day, provisional = max(last_day, next_day.date), next_day.provisional
        return cls(
            surely_by=first.at,
            possibly_by=last.at,
            last_day=last_day,
            by_clock=unit in _BY_CLOCK,
            start_known=from_application or visit.term_started_on is not None,
            provisional=provisional,
            calendar=workdays.rests_on(start, last_day),
            facts={"allowed": _allowed(promised), "due": last.date.isoformat()},
        )


def _lengthened(
    ruling: Ruling, visit: Visit, promised: StandardTerm, workdays: Workdays, today: date
) -> Ruling:
    """What may have been in time in a term that was suspended or extended: monitors do not see whether it was."""
    if ruling.verdict is not Verdict.BREACHED or not (promised.suspended_while or promised.extension):
        return ruling
    if promised.suspended_while:
        return replace(ruling, verdict=Verdict.UNDETERMINED, reason="suspension_not_recorded")
    assert promised.extension is not None
    due = date.fromisoformat(ruling.facts["due"])
    try:
        extension = Term(promised.extension.number, Unit(promised.extension.unit))
        longest = deadline(extension, _at(due, _DAY_ENDS), workdays.calendar)
    except (ValueError, OverflowError):
        return undetermined("term_not_computable", {"allowed": _allowed(promised)})
    counted = replace(
        ruling,
        facts={**ruling.facts, "extended": longest.date.isoformat()},
        provisional=ruling.provisional or longest.provisional,
        calendar={**ruling.calendar, **workdays.rests_on(due, longest.date)},
    )
    if (visit.delivered_on or today) > longest.date:
        return _excused_by_calendar(counted)
    again = None if visit.delivered_on else longest.date + timedelta(days=1)
    return replace(counted, verdict=Verdict.UNDETERMINED, reason="extension_not_recorded", recheck_on=again)


def _delivered(visit: Visit, span: _Span) -> Ruling:
    assert visit.delivered_on is not None
    facts = {**span.facts, "delivered": visit.delivered_on.isoformat()}
    earliest = _at(visit.delivered_on, visit.delivered_at or _DAY_BEGINS)
    latest = _at(visit.delivered_on, visit.delivered_at or _DAY_ENDS)
    if latest <= span.surely_by:
        return Ruling(Verdict.MET, "delivered_in_time", facts)
    same_day = visit.delivered_on == visit.applied_on
    if visit.delivered_on > span.last_day or (same_day and earliest > span.possibly_by):
        return Ruling(Verdict.BREACHED, "late", facts)
    timed = visit.applied_at is not None and visit.delivered_at is not None
    return undetermined("office_hours_not_known" if timed else "times_not_recorded", facts)


def _awaited(span: _Span, today: date) -> Ruling:
    if today > span.last_day:
        return Ruling(Verdict.BREACHED, "not_delivered", span.facts)
    return Ruling(
        Verdict.UNDETERMINED, "not_due_yet", span.facts, recheck_on=span.last_day + timedelta(days=1)
    )


def _excused(breach: Ruling, span: _Span) -> Ruling:
    """What may still turn out not to be late."""
    if not span.start_known:
        return undetermined("term_start_not_recorded", breach.facts)
    return _excused_by_calendar(replace(breach, calendar=span.calendar))


def _excused_by_calendar(breach: Ruling) -> Ruling:
    if 0 in breach.calendar.values():
        return replace(breach, verdict=Verdict.UNDETERMINED, reason="calendar_not_known")
    return breach


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, BISHKEK)


def _allowed(term: StandardTerm) -> dict[str, Any]:
    return {"number": term.number, "unit": str(term.unit)}
