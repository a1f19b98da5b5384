"""What is wrong with a point as it was given. All problems are reported at once; pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

import phonenumbers

from services.registry.service_points.domain import PointKind, Visibility
from services.registry.service_points.opening import minutes
from services.registry.service_points.recurrence import BadRule, read
from services.registry.service_points.schemas import HoursDraft, PhoneDraft, PointContent, RuleDraft, Span
from shared.http.errors import FieldError

LATEST_OPENING_YEARS = 5
"""How far ahead a point may be announced."""


def content_problems(point: PointContent, today: date) -> list[FieldError]:
    """Pointers lead into the point."""
    return [
        *_visibility(point),
        *_hours(point.hours, "/hours"),
        *(
            error
            for index, offered in enumerate(point.services)
            for error in _hours(offered.hours, f"/services/{index}/hours")
        ),
        *_phones(point.phones),
        *_repeated("languages", [tag.lower() for tag in point.languages]),
        *_repeated("accessibility", point.accessibility),
        *_repeated("services", [offered.service_id for offered in point.services]),
        *_repeated("volumes", [(volume.year, volume.measure) for volume in point.volumes]),
        *_years(point, today),
    ]


def _visibility(point: PointContent) -> Iterator[FieldError]:
    if point.visibility is Visibility.PUBLIC:
        if point.kind is PointKind.SHELTER:
            yield FieldError("/visibility", "A shelter is shown by its area only.", "shelter_by_area_only")
        return
    if point.territory_code is None:
        yield FieldError("/territory_code", "Say in which area it is.", "missing")
    for name in _telling(point):
        yield FieldError(
            name, "The exact place of a point shown by its area is not taken.", "exact_place_not_taken"
        )


def _telling(point: PointContent) -> Iterator[str]:
    """Fields that could tell where it is."""
    for name in ("street_address", "coordinates", "note"):
        if getattr(point, name) is not None:
            yield f"/{name}"
    yield from _notes_of(point.hours, "/hours")
    for index, phone in enumerate(point.phones):
        if phone.note is not None:
            yield f"/phones/{index}/note"
    for index, offered in enumerate(point.services):
        if offered.channel_note is not None:
            yield f"/services/{index}/channel_note"
        yield from _notes_of(offered.hours, f"/services/{index}/hours")


def _notes_of(hours: HoursDraft | None, pointer: str) -> Iterator[str]:
    for index, exception in enumerate(hours.exceptions if hours else ()):
        if exception.note is not None:
            yield f"{pointer}/exceptions/{index}/note"


def _hours(hours: HoursDraft | None, pointer: str) -> Iterator[FieldError]:
    if hours is None:
        return
    for index, rule in enumerate(hours.rules):
        yield from _rule(rule, f"{pointer}/rules/{index}")
    days = Counter(exception.day for exception in hours.exceptions)
    for index, exception in enumerate(hours.exceptions):
        at = f"{pointer}/exceptions/{index}"
        if days[exception.day] > 1:
            yield FieldError(f"{at}/day", "This date is named twice.", "date_repeated")
        for place, span in enumerate(exception.spans):
            yield from _span(span, f"{at}/spans/{place}")


def _rule(rule: RuleDraft, pointer: str) -> Iterator[FieldError]:
    try:
        found = read(rule.rrule)
    except BadRule as bad:
        yield FieldError(f"{pointer}/rrule", str(bad), "bad_recurrence")
    else:
        if found.interval > 1 and rule.starts_on is None:
            yield FieldError(f"{pointer}/starts_on", "An interval is counted from a day.", "missing")
    yield from _span(rule, pointer)
    for index, pause in enumerate(rule.breaks):
        at = f"{pointer}/breaks/{index}"
        yield from _span(pause, at)
        if not minutes(rule.opens) < minutes(pause.opens) < minutes(pause.closes) < minutes(rule.closes):
            yield FieldError(at, "A break lies within the opening hours.", "break_outside_hours")


def _span(span: Span, pointer: str) -> Iterator[FieldError]:
    if minutes(span.opens) >= minutes(span.closes):
        yield FieldError(f"{pointer}/closes", "Must be later than it opens.", "closes_before_it_opens")


def _phones(phones: Sequence[PhoneDraft]) -> Iterator[FieldError]:
    yield from _repeated("phones", [phone.number for phone in phones])
    for index, phone in enumerate(phones):
        if not possible_phone(phone.number):
            yield FieldError(f"/phones/{index}/number", "There is no such number.", "no_phone_number")


def possible_phone(number: str) -> bool:
    """Whether a number in E.164 lies in a range that is given out. Short numbers ("119") are not all in the metadata of
    the library, so any of three or four digits is taken."""
    if not number.startswith("+"):
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False


def _repeated(section: str, values: Sequence[object]) -> Iterator[FieldError]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield FieldError(f"/{section}/{index}", "This stands there twice.", "repeated")


def _years(point: PointContent, today: date) -> Iterator[FieldError]:
    if point.opened_on is not None and point.opened_on.year > today.year + LATEST_OPENING_YEARS:
        yield FieldError("/opened_on", "Too far ahead.", "too_far_ahead")
    for index, volume in enumerate(point.volumes):
        if volume.year > today.year:
            yield FieldError(f"/volumes/{index}/year", "This year is still to come.", "year_to_come")
