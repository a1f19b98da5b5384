"""Reading files: whatever the bytes, there is an answer, and it names rows that exist."""

from hypothesis import given
from hypothesis import strategies as st

from services.scoring.observations.csv_file import MAX_ROWS, CsvFile, read_csv, row_of

HEADER = b"municipality_code,indicator_code,period_end,value,origin,source"


def codes(found: CsvFile) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in found.errors]


@given(st.binary(max_size=300))
def test_no_bytes_break_it(body: bytes) -> None:
    found = read_csv(HEADER + b"\n" + body)
    assert found.rows or found.errors
    for error in found.errors:
        assert 1 <= row_of(error) <= body.count(b"\n") + body.count(b"\r") + 3


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=20),
                min_size=6, max_size=6))  # fmt: skip
def test_quoted_cells_come_back_as_they_were(cells: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    found = read_csv(HEADER + b"\n" + line.encode())
    if any(cells):
        assert list(found.rows[0].cells.values()) == [cell.strip() for cell in cells]
    else:
        assert codes(found) == [("/rows/2", "no_rows")]


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    body = HEADER + b'\na,b,c,d,e,"two\nlines"\n\n,,,,,\na,b,c,d,e,f\nx\n'
    found = read_csv(body)
    assert [row.number for row in found.rows] == [2, 5]
    assert codes(found) == [("/rows/6", "wrong_cell_count")]


def test_the_row_of_bytes_that_are_not_utf8_is_named() -> None:
    found = read_csv(HEADER + b"\na,b,c,d,e,f\na,b,c,d,e,\xff\n")
    assert codes(found) == [("/rows/3", "not_utf8")]


def test_reading_stops_at_the_limit() -> None:
    found = read_csv(HEADER + b"\na,b,c,d,e,f" * (MAX_ROWS + 5))
    assert len(found.rows) == MAX_ROWS
    assert codes(found) == [(f"/rows/{MAX_ROWS + 2}", "too_many_rows")]


def test_both_separators_are_understood() -> None:
    assert not read_csv(HEADER + b"\na,b,c,d,e,f").decimal_comma
    found = read_csv(HEADER.replace(b",", b";") + b"\na;b;c;1,5;e;f")
    assert found.decimal_comma
    assert found.rows[0].cells["value"] == "1,5"
