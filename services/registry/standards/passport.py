"""What a template, the version before and the cited acts ask of a draft. All problems at once; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.legal.periods import Force
from services.registry.standards.checks import draft_problems, language_problems
from services.registry.standards.content import StandardContent
from services.registry.standards.texts import stale_problems, step_problems
from services.registry.templates.domain import Row, RowKind, Template
from shared.calendar import add_months
from shared.http.errors import FieldError


class ActPeriod(NamedTuple):
    """From `start` inclusive (None: ever) to `end` exclusive (None: for ever)."""

    start: date | None
    end: date | None
    force: Force


@dataclass(frozen=True, slots=True)
class CitedAct:
    """`since`: its first day in force, or the day it was signed where nothing else is known."""

    since: date
    periods: tuple[ActPeriod, ...] = ()

    def on(self, day: date) -> Force:
        for start, end, force in self.periods:
            if (start is None or start <= day) and (end is None or day < end):
                return force
        return Force.UNKNOWN


@dataclass(frozen=True, slots=True)
class Passport:
    """What a draft is held against."""

    template: Template | None = None
    before: StandardContent | None = None
    """The last version adopted."""
    left_out: tuple[str, ...] = ()
    """Territories the version before binds and the draft does not; `COUNTRY` for all the rest of it."""
    proposed: bool = False
    """Whether the service is not in the register yet: nobody but its own body sees it."""
    service_name: Mapping[str, str] = field(default_factory=dict)
    body_name: Mapping[str, str] = field(default_factory=dict)
    acts: Mapping[UUID, CitedAct] = field(default_factory=dict)


def problems_of(content: StandardContent, passport: Passport) -> list[FieldError]:
    """Everything that keeps a draft from being adopted whatever the day; pointers lead into the draft."""
    return [
        *_entry(passport),
        *draft_problems(content),
        *_rows(content, passport),
        *step_problems(content),
        *stale_problems(content, passport.before),
    ]


def dated_problems(content: StandardContent, passport: Passport, valid_from: date) -> list[FieldError]:
    """What keeps it from coming into force on that day."""
    return [
        *_legal_basis(content, passport.acts, valid_from),
        *_review(content, passport.template, valid_from),
        *_fees(content, valid_from),
    ]


COUNTRY = "country"


def left_out(
    before: StandardContent | None, content: StandardContent, paths: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """What the version before binds and this one does not. `paths`: of the territories the one before names."""
    if before is None or not content.applies_to:
        return ()
    if not before.applies_to:
        return (COUNTRY,)
    bound = set(content.applies_to)
    return tuple(code for code in before.applies_to if bound.isdisjoint(paths.get(code, (code,))))


def territory_problems(passport: Passport, *, ends_elsewhere: bool) -> list[FieldError]:
    """A version takes the place of the one before everywhere. Where it binds less of the country, the rest would be left
    without a standard, and breaches there without a verdict: the act must want that."""
    if ends_elsewhere or not passport.left_out:
        return []
    listed = ", ".join(passport.left_out[:20])
    return [
        FieldError(
            "/ends_elsewhere",
            f"The version before also binds {listed}: say that the act ends it there, or name these territories too.",
            "territory_left_out",
            {"territories": listed},
        )
    ]


def _entry(passport: Passport) -> Iterator[FieldError]:
    if passport.proposed:
        yield FieldError(
            "/service", "The service is only proposed: an act includes it first.", "service_not_included"
        )


def unknown_rows(rows: Sequence[str], template: Template | None) -> Iterator[FieldError]:
    """Texts for rows the template has not, or that a part of the standard fills."""
    known = template.texts if template is not None else {}
    for code in rows:
        if code not in known:
            yield FieldError(f"/rows/{code}", f"There is no text row {code}.", "unknown_row", {"row": code})


def _rows(content: StandardContent, passport: Passport) -> Iterator[FieldError]:
    for code, text in content.rows.items():
        yield from language_problems(f"/rows/{code}", text)
    if passport.template is None:
        return
    for row in passport.template.rows:
        if row.required:
            yield from _required(row, content, passport)


def _required(row: Row, content: StandardContent, passport: Passport) -> Iterator[FieldError]:
    """Tiers, refusal grounds and appeal are asked of every draft anyway."""
    match row.kind:
        case RowKind.TEXT if row.code not in content.rows:
            yield _missing(f"/rows/{row.code}", row)
        case RowKind.SERVICE:
            yield from language_problems("/service/name", passport.service_name)
        case RowKind.PROVIDER:
            yield from language_problems("/body/name", passport.body_name)
        case RowKind.LEGAL_BASIS if not content.legal_basis:
            yield _missing("/legal_basis", row)
        case RowKind.DOCUMENTS if not content.documents:
            yield _missing("/documents", row)
        case RowKind.REVIEW if content.review_on is None:
            yield _missing("/review_on", row)
        case _:
            return


def _missing(pointer: str, row: Row) -> FieldError:
    return FieldError(
        pointer, f"Row {row.number} of the template is missing.", "row_missing", {"number": row.number}
    )


def _legal_basis(
    content: StandardContent, acts: Mapping[UUID, CitedAct], valid_from: date
) -> Iterator[FieldError]:
    for index, cited in enumerate(content.legal_basis):
        act = acts.get(cited.act_id)
        at = f"/legal_basis/{index}/act_id"
        if act is None:
            yield FieldError(at, "There is no such act.", "unknown_act")
            continue
        match act.on(valid_from):
            case Force.REPEALED:
                yield FieldError(at, "This act is repealed on that day.", "act_repealed")
            case Force.SUSPENDED:
                yield FieldError(at, "This act is suspended on that day.", "act_suspended")
            case Force.NOT_YET_IN_FORCE:
                since = {"since": act.since.isoformat()}
                yield FieldError(
                    at, f"This act is in force since {act.since} only.", "act_not_in_force", since
                )
            case _:
                continue  # in force, or nobody knows: the register holds no body to what it does not know


def _review(content: StandardContent, template: Template | None, valid_from: date) -> Iterator[FieldError]:
    if content.review_on is None:
        return
    if content.review_on <= valid_from:
        yield FieldError("/review_on", "Must be after the first day in force.", "review_too_early")
    if template is None or template.review_months is None:
        return
    latest = add_months(valid_from, template.review_months)
    if content.review_on > latest:
        yield FieldError(
            "/review_on", f"By {latest} at the latest.", "review_too_late", {"latest": latest.isoformat()}
        )


def _fees(content: StandardContent, valid_from: date) -> Iterator[FieldError]:
    for index, tier in enumerate(content.tiers):
        if tier.fees and not any(fee.charged_on(valid_from) for fee in tier.fees):
            yield FieldError(
                f"/tiers/{index}/fees", "None of these fees is charged on the first day.", "no_fee_in_force"
            )
