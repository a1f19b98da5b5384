"""Use cases of observations: the import of a file, all of it or nothing."""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from services.scoring.methods.domain import Method
from services.scoring.methods.service import published_method
from services.scoring.observations import repository
from services.scoring.observations.csv_file import TOO_MANY_ROWS, CsvFile, pointer, read_csv, row_of
from services.scoring.observations.rows import NewObservation, RowCheck
from services.scoring.runs import recompute
from services.scoring.territories import repository as territories
from shared.auth.origins import origin_error
from shared.clock import local_date
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import FieldError, Forbidden, Invalid
from shared.ids import uuid7

Row = asyncpg.Record

EVERYWHERE = "analyst"
"""The role that reports for every municipality; others report for their own."""
_SOATE = re.compile(r"[0-9]{14}")
_COMPARED = ("observed_on", "state", "value", "numerator", "denominator", "origin", "source")


class ImportRefused(Invalid):
    """The file has errors; nothing was imported. Each is listed with its row and column."""

    code = "import_refused"


class ForeignMunicipality(Forbidden):
    """Values of other municipalities are not yours to report."""

    code = "foreign_municipality"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent, and as far as it can be read."""

    sha256: str
    file: CsvFile


@dataclass(frozen=True, slots=True)
class Imported:
    """`row` is the import's record; None where nothing was written."""

    method_code: str
    counts: dict[str, int]
    row: Row | None


async def read_upload(body: bytes) -> Upload:
    """In a thread: a large file takes longer than a request may hold up all others."""
    return Upload(hashlib.sha256(body).hexdigest(), await asyncio.to_thread(read_csv, body))


async def import_observations(
    uow: UnitOfWork, method_code: str, upload: Upload, *, dry_run: bool
) -> Imported:
    """Raises ImportRefused with every error of the file. A file that says what is known changes nothing."""
    found = await published_method(uow.sql, method_code, None)
    if found is None:
        raise Invalid.at("/query/method", "There is no such published method.", "unknown_method")
    rows = await _checked(uow, found[1], upload.file)
    await _check_own(uow, rows)
    if not dry_run:
        await repository.hold(uow.sql)
    changes = await _compare(uow.sql, method_code, rows)
    if dry_run or not changes.rows:
        return Imported(method_code, changes.counts(len(rows)), None)
    return Imported(
        method_code, changes.counts(len(rows)), await _write(uow, method_code, upload, changes, len(rows))
    )


async def _checked(uow: UnitOfWork, method: Method, file: CsvFile) -> list[NewObservation]:
    named = {row.cells.get("municipality_code", "") for row in file.rows}
    check = RowCheck(
        indicators=method.by_code,
        municipalities=await territories.municipalities(
            uow.sql, [code for code in named if _SOATE.fullmatch(code)]
        ),
        today=local_date(uow.clock.now()),
        decimal_comma=file.decimal_comma,
    )
    rows, errors = await asyncio.to_thread(check.check, file.rows)
    foreign = (origin_error(uow, row.origin, pointer(row.number, "origin"), by_scope=True) for row in rows)
    errors = sorted([*file.errors, *errors, *filter(None, foreign)], key=_order)
    if errors:
        raise ImportRefused(
            errors=errors, rows=len(file.rows), bad_rows=len({row_of(error) for error in errors})
        )
    return rows


def _order(error: FieldError) -> tuple[bool, int]:
    """By row, but first what is wrong with the file as such: an answer lists the first errors only."""
    return error.code != TOO_MANY_ROWS, row_of(error)


async def _check_own(uow: UnitOfWork, rows: Sequence[NewObservation]) -> None:
    """Raises ForeignMunicipality for somebody who does not report for all."""
    if EVERYWHERE in uow.principal.roles:
        return
    own = await territories.territory_of(uow.sql, uow.principal.acting())
    foreign = [row for row in rows if row.municipality_code != own]
    if foreign:
        raise ForeignMunicipality(
            errors=[
                FieldError(
                    pointer(row.number, "municipality_code"),
                    "Not the municipality you act for.",
                    "foreign_municipality",
                )
                for row in foreign
            ]
        )


@dataclass(frozen=True, slots=True)
class _Changes:
    rows: list[NewObservation]
    replaced: dict[repository.Key, Row]

    def counts(self, rows: int) -> dict[str, int]:
        return {
            "rows": rows,
            "inserted": len(self.rows) - len(self.replaced),
            "revised": len(self.replaced),
            "unchanged": rows - len(self.rows),
        }


async def _compare(sql: Connection, method: str, rows: Sequence[NewObservation]) -> _Changes:
    present = await repository.current(sql, method, [row.key for row in rows])
    changed = [row for row in rows if row.key not in present or _differs(row, present[row.key])]
    return _Changes(changed, {row.key: present[row.key] for row in changed if row.key in present})


def _differs(row: NewObservation, present: Row) -> bool:
    return any(getattr(row, name) != present[name] for name in _COMPARED)


async def _write(uow: UnitOfWork, method: str, upload: Upload, changes: _Changes, rows: int) -> Row:
    now = uow.clock.now()
    record = await repository.add_import(
        uow.sql, uuid7(), method, uow.principal.org, upload.sha256, changes.counts(rows)
    )
    if changes.replaced:
        await repository.supersede(uow.sql, [row["id"] for row in changes.replaced.values()], now)
    versions = [
        changes.replaced[row.key]["version"] + 1 if row.key in changes.replaced else 1 for row in changes.rows
    ]
    identifiers = [uuid7() for _ in changes.rows]
    await repository.add(uow.sql, method, record["id"], identifiers, changes.rows, versions)
    await recompute.after_observations(
        uow, method, {(row.municipality_code, row.period_end) for row in changes.rows}
    )
    uow.audit(
        "observations.import",
        "observation_import",
        record["id"],
        after={"method": method, "sha256": upload.sha256, **changes.counts(rows)},
    )
    return record
