"""The check of a visit: the standard in force on the day of application, criterion by criterion."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from services.monitoring.checks.documents import rule_documents, without_words
from services.monitoring.checks.fee import rule_fee
from services.monitoring.checks.standards import in_force, tier_named
from services.monitoring.checks.term import rule_term
from services.monitoring.checks.visit import CheckState, Outcome, Ruling, Visit, undetermined
from services.monitoring.references.calendar import Workdays
from shared.contracts.monitoring import Check, Criterion, StandardUsed, Verdict
from shared.contracts.registry import StandardVersion, Tier

Rulings = Mapping[Criterion, Ruling]


def check_visit(
    visit: Visit, versions: Sequence[StandardVersion], workdays: Workdays, today: date
) -> Outcome:
    """`versions` are all recorded versions of the service's standards; `today` is the date in Bishkek.

    Pending when there are none: the registry has not told of the standard yet."""
    standard = in_force(versions, visit.place, visit.applied_on)
    asked = _asked(visit, standard, versions)
    if not versions:
        return Outcome(CheckState.PENDING, asked=asked)
    if standard is None:
        nothing = {criterion: undetermined("no_standard_in_force") for criterion in Criterion}
        return _outcome(nothing, None, asked)
    rulings = {
        Criterion.TERM: _by_tier(visit, standard, lambda tier: rule_term(visit, tier, workdays, today)),
        Criterion.FEE: _by_tier(visit, standard, lambda tier: rule_fee(visit, tier, standard.missing)),
        Criterion.DOCUMENTS: rule_documents(visit, standard),
    }
    return _outcome(rulings, _used(visit, standard), asked)


def _asked(
    visit: Visit, standard: StandardVersion | None, versions: Sequence[StandardVersion]
) -> list[str] | None:
    if visit.documents_asked is None:
        return None
    codes = {document.code for version in versions for document in version.documents}
    return without_words(visit.documents_asked, standard.documents if standard else (), codes)


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """Breached if anything is, else undetermined if anything is, else met."""
    found = set(verdicts)
    for verdict in (Verdict.BREACHED, Verdict.UNDETERMINED):
        if verdict in found:
            return verdict
    return Verdict.MET


def _by_tier(visit: Visit, standard: StandardVersion, rule: Callable[[Tier], Ruling]) -> Ruling:
    """A visit that names no tier gets a verdict only where every tier that holds for it gives the same."""
    if visit.tier is not None:
        tier = tier_named(standard, visit.tier)
        if tier is None:
            return undetermined("unknown_tier", {"tier": visit.tier})
        return _not_for(tier, visit) or rule(tier)
    if not standard.tiers:
        return undetermined("no_tier_in_standard")
    rulings = {tier.code: rule(tier) for tier in standard.tiers if _holds_for(tier, visit)}
    if not rulings:
        return _none_holds(standard.tiers, visit)
    if len(rulings) == 1:
        return next(iter(rulings.values()))
    return _agreed(rulings)


def _holds_for(tier: Tier, visit: Visit) -> bool:
    return _not_for(tier, visit) is None


def _not_for(tier: Tier, visit: Visit) -> Ruling | None:
    """Why a tier says nothing of this visit: it is for another channel, place or category of applicants."""
    if visit.channel is not None and tier.channel != visit.channel:
        return undetermined("channel_differs", {"channel": visit.channel})
    if tier.place is not None and tier.place not in visit.place:
        return undetermined("place_differs", {"place": tier.place})
    if tier.applicant is not None and tier.applicant != visit.applicant:
        return undetermined("applicant_differs", {"applicant": tier.applicant})
    return None


def _none_holds(tiers: Sequence[Tier], visit: Visit) -> Ruling:
    found = [ruling for tier in tiers if (ruling := _not_for(tier, visit))]
    return found[0] if len({ruling.reason for ruling in found}) == 1 else undetermined("no_tier_holds")


def _agreed(rulings: Mapping[str, Ruling]) -> Ruling:
    found = list(rulings.values())
    said = {(ruling.verdict, ruling.reason) for ruling in found}
    verdict, reason = said.pop() if len(said) == 1 else (Verdict.UNDETERMINED, "no_tier_named")
    return Ruling(
        verdict,
        reason,
        {"tiers": {code: {"verdict": str(it.verdict), **it.facts} for code, it in rulings.items()}},
        recheck_on=_earliest(found),
        provisional=any(ruling.provisional for ruling in found),
        calendar=_years(found),
    )


def _used(visit: Visit, standard: StandardVersion) -> StandardUsed:
    named = visit.tier is not None and tier_named(standard, visit.tier) is not None
    open_to = [tier.code for tier in standard.tiers if _holds_for(tier, visit)]
    only = open_to[0] if len(open_to) == 1 and visit.tier is None else None
    return StandardUsed(
        id=standard.id,
        version=standard.version,
        version_id=standard.version_id,
        tier=visit.tier if named else only,
    )


def _outcome(rulings: Rulings, standard: StandardUsed | None, asked: list[str] | None) -> Outcome:
    found = list(rulings.values())
    return Outcome(
        CheckState.DONE,
        overall(ruling.verdict for ruling in found),
        tuple(
            Check(criterion=criterion, verdict=it.verdict, reason=it.reason, facts=dict(it.facts))
            for criterion, it in rulings.items()
        ),
        standard,
        provisional=any(ruling.provisional for ruling in found),
        calendar=_years(found),
        recheck_on=_earliest(found),
        asked=asked,
    )


def _earliest(rulings: Iterable[Ruling]) -> date | None:
    return min((ruling.recheck_on for ruling in rulings if ruling.recheck_on), default=None)


def _years(rulings: Iterable[Ruling]) -> dict[int, int]:
    return {year: version for ruling in rulings for year, version in ruling.calendar.items()}
