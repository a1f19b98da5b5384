"""Checking an import's rows: cells to values, or every cell that is wrong. Pure.

Never echoes a cell: an answer may be pasted into a spreadsheet too."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from pydantic_core import PydanticCustomError

from services.scoring.methods.domain import Derivation, Indicator
from services.scoring.observations.csv_file import CsvRow, pointer
from services.scoring.observations.domain import PART, ObservationState, expired, range_of, whole_of
from shared.http.errors import FieldError
from shared.text.cleaning import clean
from shared.values import Origin

T = TypeVar("T")

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
_CODE_CHARACTERS, _SOURCE_CHARACTERS = 64, 300
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_COUNT = re.compile(r"[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOT_FINITE = {"nan", "inf", "infinity"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula when the data is exported to one again."""
_RATIO_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class NewObservation:
    """A checked row."""

    number: int
    municipality_code: str
    indicator_code: str
    period_end: date
    observed_on: date
    state: ObservationState
    value: float | None
    numerator: int | None
    denominator: int | None
    origin: Origin
    source: str

    @property
    def key(self) -> tuple[str, str, date]:
        """The natural key within a method."""
        return self.municipality_code, self.indicator_code, self.period_end


class _Bad(Exception):
    def __init__(self, detail: str, code: str) -> None:
        self.detail = detail
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What rows are checked against. `today`: nobody has observed anything later."""

    indicators: Mapping[str, Indicator]
    municipalities: Collection[str]
    today: date
    decimal_comma: bool = False

    def check(self, rows: Iterable[CsvRow]) -> tuple[list[NewObservation], list[FieldError]]:
        """The rows that are right, and every error of those that are not."""
        found: list[NewObservation] = []
        errors: list[FieldError] = []
        first: dict[tuple[str, str, date], int] = {}
        for row in rows:
            reading = _Reading(row)
            observation = self._read(reading)
            if observation is None or reading.errors:
                errors += reading.errors
                continue
            before = first.setdefault(observation.key, row.number)
            if before != row.number:
                errors.append(
                    FieldError(
                        pointer(row.number),
                        f"The same municipality, indicator and period as row {before}.",
                        "duplicate_key",
                        {"first": before},
                    )
                )
                continue
            found.append(observation)
        return found, errors

    def _read(self, row: "_Reading") -> NewObservation | None:
        municipality = row.read("municipality_code", self._municipality)
        indicator = row.read("indicator_code", self._indicator)
        observed = row.read("observed_on", _day) if row.has("observed_on") else None
        period = row.read("period_end", _day) if row.has("period_end") else observed
        state = row.read("state", _state) if row.has("state") else ObservationState.REPORTED
        origin = row.read("origin", _origin)
        source = row.read("source", _source)
        value = row.read("value", self._value) if row.has("value") else None
        numerator = row.read("numerator", _count) if row.has("numerator") else None
        denominator = row.read("denominator", _count) if row.has("denominator") else None
        if period is None and not row.has("period_end") and not row.has("observed_on"):
            row.refuse("period_end", "A date is needed.", "missing_cell")
        if row.errors or not (municipality and indicator and period and state and origin and source):
            return None
        found = NewObservation(
            row.number,
            municipality,
            indicator.code,
            period,
            observed or period,
            state,
            value,
            numerator,
            denominator,
            origin,
            source,
        )
        self._check_days(row, indicator, found)
        if state is ObservationState.REPORTED:
            _check_figures(row, indicator, found)
        else:
            _check_no_figures(row, found)
        return found

    def _check_days(self, row: "_Reading", indicator: Indicator, found: NewObservation) -> None:
        """A period is over when it is reported, and a value was not older at its end than it may become."""
        if found.observed_on > self.today:
            column = "observed_on" if row.has("observed_on") else "period_end"
            row.refuse(column, "Nobody can have observed this yet.", "in_future")
        elif found.period_end > self.today:
            row.refuse("period_end", "This period is not over yet.", "in_future")
        elif expired(found.observed_on, indicator.validity_months, found.period_end):
            months = indicator.validity_months
            detail = f"More than {months} months before the end of the period: the value no longer held then."
            row.refuse("observed_on", detail, "observed_too_early", {"months": months})

    def _municipality(self, cell: str) -> str:
        code = _code(cell)
        if code not in self.municipalities:
            raise _Bad("There is no such municipality.", "unknown_municipality")
        return code

    def _indicator(self, cell: str) -> Indicator:
        indicator = self.indicators.get(_code(cell))
        if indicator is None:
            raise _Bad("The method has no such indicator.", "unknown_indicator")
        if indicator.derivation is not Derivation.IMPORTED:
            raise _Bad("This indicator is computed from visits.", "computed_indicator")
        return indicator

    def _value(self, cell: str) -> float:
        plain = cell.lower().lstrip("+-")
        if plain in _NOT_FINITE:
            raise _Bad("The value must be a finite number.", "not_finite")
        if self.decimal_comma:
            plain, cell = plain.replace(",", "."), cell.replace(",", ".")
        if cell[0] in "=@":
            raise _Bad("Formulas are not taken.", "formula_text")
        if len(cell) > _CODE_CHARACTERS:
            raise _Bad("The cell is too long.", "cell_too_long")
        if not _NUMBER.fullmatch(cell):
            raise _Bad("Not a number; the decimal sign is a point.", "not_a_number")
        return float(cell) or 0.0  # -0 is 0


def _check_figures(row: "_Reading", indicator: Indicator, found: NewObservation) -> None:
    """What must fit between the figures of a reported value."""
    value, numerator, denominator = found.value, found.numerator, found.denominator
    if value is None:
        row.refuse("value", "A value is needed, or a state that says why there is none.", "missing_cell")
    else:
        low, high = range_of(indicator.unit, indicator.rollup)
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = {"unit": indicator.unit, "range": _spell(low, high)}
            row.refuse("value", "The value lies outside of its unit's range.", "out_of_range", bounds)
    if numerator is None and denominator is None:
        return
    if numerator is None or not denominator:
        row.refuse("denominator", "Numerator and denominator come together, above nought.", "bad_ratio")
        return
    if denominator < indicator.minimum_cases:
        detail = f"Fewer than {indicator.minimum_cases} cases: give the state suppressed and no figures."
        row.refuse("denominator", detail, "too_few_cases")
        return
    whole = whole_of(indicator.unit, indicator.rollup)
    if whole is None:
        return
    if indicator.unit.startswith(PART) and numerator > denominator:
        row.refuse("numerator", "A part is not more than its whole.", "numerator_above_denominator")
    elif value is not None and abs(whole * numerator / denominator - value) > _RATIO_TOLERANCE:
        row.refuse("value", "The value is not numerator by denominator.", "value_differs_from_ratio")


def _check_no_figures(row: "_Reading", found: NewObservation) -> None:
    """Two figures of a value that is not shown are that value."""
    for column in ("value", "numerator", "denominator"):
        if getattr(found, column) is not None:
            row.refuse(column, "With this state there are no figures.", "value_not_allowed")


class _Reading:
    """One row while it is read; collects what is wrong."""

    __slots__ = ("_cells", "errors", "number")

    def __init__(self, row: CsvRow) -> None:
        self.number = row.number
        self._cells = row.cells
        self.errors: list[FieldError] = []

    def has(self, column: str) -> bool:
        return bool(self._cells.get(column))

    def read(self, column: str, reader: Callable[[str], T]) -> T | None:
        cell = self._cells.get(column, "")
        if not cell:
            self.refuse(column, "This cell is empty.", "missing_cell")
            return None
        try:
            return reader(cell)
        except _Bad as error:
            self.refuse(column, error.detail, error.code)
            return None

    def refuse(self, column: str, detail: str, code: str, parameters: dict[str, Any] | None = None) -> None:
        self.errors.append(FieldError(pointer(self.number, column), detail, code, parameters or {}))


def _spell(low: float | None, high: float | None) -> str:
    return f"≥ {low:g}" if high is None else f"{low:g}–{high:g}"


def _code(cell: str) -> str:
    if len(cell) > _CODE_CHARACTERS:
        raise _Bad("The cell is too long.", "cell_too_long")
    if cell.startswith(_FORMULA):
        raise _Bad("Formulas are not taken.", "formula_text")
    return cell


def _source(cell: str) -> str:
    if len(cell) > _SOURCE_CHARACTERS:
        raise _Bad("The cell is too long.", "cell_too_long")
    if cell.startswith(_FORMULA):
        raise _Bad("Formulas are not taken.", "formula_text")
    try:
        kept = clean(cell, multiline=False)
    except PydanticCustomError as error:
        raise _Bad(error.message(), error.type) from None
    if not kept:
        raise _Bad("This cell is empty.", "missing_cell")
    return kept


def _day(cell: str) -> date:
    if not _DAY.fullmatch(cell):
        raise _Bad("Not a date of the form 2026-12-31.", "not_a_date")
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise _Bad("There is no such day.", "no_such_day") from None
    if not EARLIEST <= day <= LATEST:
        raise _Bad("The date lies outside of 1990 to 2100.", "day_out_of_range")
    return day


def _count(cell: str) -> int:
    if not _COUNT.fullmatch(cell):
        raise _Bad("Not a whole number.", "not_a_count")
    return int(cell)


def _state(cell: str) -> ObservationState:
    try:
        return ObservationState(cell)
    except ValueError:
        raise _Bad("Not a state that observations have.", "unknown_state") from None


def _origin(cell: str) -> Origin:
    try:
        return Origin(cell)
    except ValueError:
        raise _Bad("Not an origin of facts.", "unknown_origin") from None
