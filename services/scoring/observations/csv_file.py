"""Reading an import file: bytes to rows of cells, or what is wrong with the file as such. Pure.

Rows are numbered as a spreadsheet shows them: the header is row 1. The file may come from one: a byte order mark,
semicolons as separators and decimal commas are understood."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.http.errors import FieldError

REQUIRED = ("municipality_code", "indicator_code", "value", "origin", "source")
ONE_OF = ("period_end", "observed_on")
OPTIONAL = ("state", "numerator", "denominator")
COLUMNS = frozenset({*REQUIRED, *ONE_OF, *OPTIONAL})
MAX_ROWS = 20_000
TOO_MANY_ROWS = "too_many_rows"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row's cells by column; a cell of an optional column that is absent is empty."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class CsvFile:
    rows: list[CsvRow] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)
    decimal_comma: bool = False


def pointer(row: int, column: str | None = None) -> str:
    """Where an error is: `/rows/7/value`."""
    if column is None:
        return f"/rows/{row}"
    return f"/rows/{row}/{column.replace('~', '~0').replace('/', '~1')}"


def row_of(error: FieldError) -> int:
    """The row an error is in."""
    return int(error.pointer.split("/")[2])


def read_csv(body: bytes) -> CsvFile:
    """Everything that can be read, with everything that is wrong so far."""
    found = CsvFile()
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = body.count(b"\n", 0, error.start) + 1
        found.errors.append(
            FieldError(pointer(row), "The file is not UTF-8 from here on; save it as UTF-8.", "not_utf8")
        )
        return found
    if not text.strip():
        found.errors.append(FieldError(pointer(1), "The file is empty.", "empty_file"))
        return found
    first_line = text.partition("\n")[0]
    found.decimal_comma = ";" in first_line and "," not in first_line
    lines = io.StringIO(text, newline="")  # str.splitlines would also split at characters inside a cell
    reader = csv.reader(lines, delimiter=";" if found.decimal_comma else ",", strict=True)
    _read(reader, found)
    if not found.rows and not found.errors:
        found.errors.append(FieldError(pointer(2), "There is no row below the header.", "no_rows"))
    return found


def _read(reader: Iterator[list[str]], found: CsvFile) -> None:
    number = rows = 0
    columns: list[str] = []
    try:
        for number, cells in enumerate(reader, 1):
            if number == 1:
                columns = [cell.strip().lower() for cell in cells]
                found.errors += _check_header(columns)
                if found.errors:
                    return
                continue
            if not any(cells):
                continue  # a blank line
            rows += 1
            if rows > MAX_ROWS:
                found.errors.append(
                    FieldError(
                        pointer(number),
                        f"More than {MAX_ROWS} rows; split the file.",
                        TOO_MANY_ROWS,
                        {"maximum": MAX_ROWS},
                    )
                )
                return
            if len(cells) != len(columns):
                found.errors.append(_wrong_width(number, len(cells), len(columns)))
            else:
                found.rows.append(CsvRow(number, dict(zip(columns, map(str.strip, cells), strict=True))))
    except csv.Error as error:
        found.errors.append(_unreadable(number + 1, error))


def _check_header(columns: list[str]) -> Iterator[FieldError]:
    missing = [name for name in REQUIRED if name not in columns]
    if not any(name in columns for name in ONE_OF):
        missing.append("period_end")
    for name in missing:
        yield FieldError(
            pointer(1, name), f"The column {name} is missing.", "missing_column", {"column": name}
        )
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            yield FieldError(pointer(1, name[:64]), "This column is not known here.", "unknown_column")
        elif columns.count(name) > 1:
            yield FieldError(pointer(1, name), "This column stands here twice.", "duplicate_column")


def _wrong_width(number: int, found: int, expected: int) -> FieldError:
    return FieldError(
        pointer(number),
        f"The row has {found} cells, the header {expected}.",
        "wrong_cell_count",
        {"found": found, "expected": expected},
    )


def _unreadable(number: int, error: csv.Error) -> FieldError:
    if "field limit" in str(error):
        return FieldError(pointer(number), "A cell is far too long; reading stopped here.", "cell_too_long")
    return FieldError(pointer(number), "Quotation marks do not match; reading stopped here.", "malformed_csv")
