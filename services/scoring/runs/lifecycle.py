"""States and identity of a run: what may be opened and published, what its inputs hash to. No I/O."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import orjson

from services.scoring.methods.domain import Method
from services.scoring.runs.domain import ABSENT, Input
from shared.http.errors import Conflict, Invalid

LONGEST_PERIOD_DAYS = 5 * 366


class RunState(StrEnum):
    PROVISIONAL = "provisional"
    PUBLISHED = "published"


class RunIsPublished(Conflict):
    """This run is published; publish the live run it was copied from."""

    code = "run_published"


class NothingChanged(Conflict):
    """Nothing has changed since the last publication of this run."""

    code = "nothing_changed"


class NothingToPublish(Conflict):
    """No municipality has a score."""

    code = "nothing_to_publish"


def check_period(start: date, end: date) -> None:
    """Raises Invalid."""
    if end < start:
        raise Invalid.at("/period_end", "Must not be before period_start.", "period_reversed")
    if (end - start).days > LONGEST_PERIOD_DAYS:
        raise Invalid.at("/period_end", "The period is longer than five years.", "period_too_long")


def check_publishable(state: str, ranked: int, input_hash: str, last_hash: str | None) -> None:
    """`last_hash` is that of the latest publication. Raises one of the conflicts above."""
    if state != RunState.PROVISIONAL:
        raise RunIsPublished
    if ranked == 0:
        raise NothingToPublish
    if input_hash == last_hash:
        raise NothingChanged


def municipality_hash(method: Method, inputs: Mapping[str, Input]) -> str:
    """SHA-256 of everything the result of one municipality is computed from, in the method's order."""
    known = [(found.code, inputs.get(found.code, ABSENT)) for found in method.indicators()]
    return _digest(
        [code, i.value, i.missing_reason, i.numerator, i.denominator, i.origin, i.source] for code, i in known
    )


def run_hash(method_hash: str, start: date, end: date, results: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of a run's inputs: method, period, and the (code, hash) of each municipality."""
    return _digest([method_hash, start.isoformat(), end.isoformat(), *sorted(results)])


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256(orjson.dumps(list(parts))).hexdigest()
