"""What must be there before a draft can be adopted. All problems are reported at once; pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.registry.legal.domain import far_ahead
from services.registry.standards.content import StandardContent, StandardTier
from services.registry.territories.domain import LAW_LANGUAGES
from shared.contracts.registry import Appeal, Fee, StandardTerm, TermUnit
from shared.http.errors import FieldError
from shared.messaging.broker import MAX_RECORD_BYTES
from shared.text import missing

MOST_BYTES = MAX_RECORD_BYTES - 100_000
"""Of a standard's content as JSON. The rest is for what its events say beside it: the service's and the body's names,
the act and its title, each in all languages."""


def draft_problems(content: StandardContent) -> list[FieldError]:
    """Everything that keeps this draft from being adopted; pointers lead into the draft."""
    return [
        *_tiers(content.tiers),
        *_listed("documents", "name", [(entry.code, entry.name) for entry in content.documents]),
        *_grounds(content),
        *_appeal(content.appeal),
        *_size(content),
    ]


def adoption_problems(
    act_since: date,
    valid_from: date,
    valid_to: date | None,
    today: date,
    *,
    retroactive: bool = False,
    field: str = "valid_from",
) -> list[FieldError]:
    """What is wrong with the dates of an adoption by an act that is in force since `act_since`; pointers lead into
    its request. A day before today is no problem: the act may be recorded late."""
    found = []
    if valid_from < act_since and not retroactive:
        found.append(
            FieldError(
                f"/{field}",
                f"The act is in force since {act_since} only; name the provision that reaches back.",
                "before_its_act",
                {"since": act_since.isoformat()},
            )
        )
    if valid_from > far_ahead(today):
        found.append(FieldError(f"/{field}", "Too far ahead.", "too_far_ahead"))
    if valid_to is not None and valid_to <= valid_from:
        found.append(FieldError("/valid_to", "Must be after valid_from.", "not_after_valid_from"))
    return found


def _tiers(tiers: Sequence[StandardTier]) -> Iterator[FieldError]:
    if not tiers:
        yield FieldError("/tiers", "A standard needs at least one tier.", "tier_missing")
    yield from _repeated("tiers", [tier.code for tier in tiers])
    ways = Counter(_way(tier) for tier in tiers)
    for index, tier in enumerate(tiers):
        at = f"/tiers/{index}"
        if ways[_way(tier)] > 1:
            yield FieldError(
                at, "Another tier has the same urgency, channel, place and applicant.", "tier_ambiguous"
            )
        if tier.term is None:
            yield FieldError(f"{at}/term", "Each tier needs a term.", "term_missing")
        else:
            yield from _term(f"{at}/term", tier.term)
        if tier.free and tier.fees:
            yield FieldError(f"{at}/free", "A tier with fees is not free.", "free_with_fees")
        if not tier.free and not tier.fees:
            yield FieldError(f"{at}/fees", "State the fee, or that the tier is free.", "fee_not_stated")
        yield from _validity(f"{at}/fees", tier.fees)


def _term(at: str, term: StandardTerm) -> Iterator[FieldError]:
    if term.unit is TermUnit.SAME_DAY and term.number > 1:
        yield FieldError(f"{at}/number", "A term within the same day has no number.", "same_day_with_number")
    if term.unit is not TermUnit.SAME_DAY and term.number == 0:
        yield FieldError(f"{at}/number", "A term has a length.", "term_without_length")
    if term.suspended_while:
        yield from language_problems(f"{at}/suspended_while", term.suspended_while)
    if term.extension is not None:
        if term.extension.unit is TermUnit.SAME_DAY:
            yield FieldError(
                f"{at}/extension/unit", "A term is made longer by a span of time.", "extension_without_span"
            )
        yield from language_problems(f"{at}/extension/ground", term.extension.ground)


def _validity(at: str, fees: Sequence[Fee]) -> Iterator[FieldError]:
    for index, fee in enumerate(fees):
        if fee.valid_from is not None and fee.valid_to is not None and fee.valid_to <= fee.valid_from:
            yield FieldError(f"{at}/{index}/valid_to", "Must be after valid_from.", "not_after_valid_from")


def _way(tier: StandardTier) -> tuple[str, str, str | None, str | None]:
    return tier.urgency, tier.channel, tier.place, tier.applicant


def _grounds(content: StandardContent) -> Iterator[FieldError]:
    if not content.refusal_grounds:
        yield FieldError(
            "/refusal_grounds", "Say on which grounds the service may be refused.", "refusal_grounds_missing"
        )
    yield from _listed(
        "refusal_grounds", "text", [(entry.code, entry.text) for entry in content.refusal_grounds]
    )


def _appeal(appeal: Appeal | None) -> Iterator[FieldError]:
    if appeal is None:
        yield FieldError("/appeal", "Say where a refusal can be appealed.", "appeal_missing")
        return
    yield from language_problems("/appeal/authority", appeal.authority)
    if appeal.form:
        yield from language_problems("/appeal/form", appeal.form)
    if appeal.term is None:
        yield FieldError("/appeal/term", "Say in which term an appeal is answered.", "appeal_term_missing")
    else:
        yield from _term("/appeal/term", appeal.term)


def _size(content: StandardContent) -> Iterator[FieldError]:
    """Whether the event of its adoption, and that of its end, can be sent."""
    size = len(content.model_dump_json(exclude_none=True).encode())
    if size > MOST_BYTES:
        yield FieldError(
            "",
            f"The standard has {size} bytes, and may have {MOST_BYTES}.",
            "standard_too_large",
            {"bytes": size, "max_bytes": MOST_BYTES},
        )


def _listed(
    section: str, field: str, entries: Sequence[tuple[str, Mapping[str, str]]]
) -> Iterator[FieldError]:
    yield from _repeated(section, [code for code, _ in entries])
    for index, (_, text) in enumerate(entries):
        yield from language_problems(f"/{section}/{index}/{field}", text)


def _repeated(section: str, codes: Sequence[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for index, code in enumerate(codes):
        if code in seen:
            yield FieldError(
                f"/{section}/{index}/code", f"The code {code} is used twice.", "code_repeated", {"code": code}
            )
        seen.add(code)


def language_problems(pointer: str, text: Mapping[str, str]) -> Iterator[FieldError]:
    """The languages of the law in which a text is missing."""
    for language in missing(text, LAW_LANGUAGES):
        yield FieldError(
            f"{pointer}/{language}",
            f"The text is missing in the language {language}.",
            "language_missing",
            {"language": language},
        )
