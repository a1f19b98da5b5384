"""Version-guarded writing of projection tables: what is not newer than the stored row changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson

from shared.db.database import Connection


@dataclass(frozen=True)
class Upsert:
    """Keeps one row per aggregate: `columns` maps each column to its Postgres type, the key among them."""

    table: str
    columns: Mapping[str, str]
    key: str = "id"
    version: str = "version"

    @cached_property
    def sql(self) -> str:
        """One statement for any number of rows, a column as an array each."""
        names = list(self.columns)
        sources = ", ".join(f"${n}::{_transport(kind)}[]" for n, kind in enumerate(self.columns.values(), 1))
        values = ", ".join(_unpacked(name, kind) for name, kind in self.columns.items())
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != self.key)
        return (
            f"INSERT INTO {self.table} ({', '.join(names)})\n"
            f"SELECT {values} FROM unnest({sources}) AS r ({', '.join(names)})\n"
            f"ON CONFLICT ({self.key}) DO UPDATE SET {changes}\n"
            f"WHERE excluded.{self.version} > {self.table}.{self.version}"
        )

    async def apply(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the newest row of each key, in the order of keys. Rows name every column."""
        newest: dict[Any, Mapping[str, Any]] = {}
        for row in rows:
            held = newest.get(row[self.key])
            if held is None or row[self.version] > held[self.version]:
                newest[row[self.key]] = row
        if newest:
            ordered = [
                newest[key] for key in sorted(newest)
            ]  # two batches with the same rows do not deadlock
            await connection.execute(
                self.sql,
                *([_packed(row[name], kind) for row in ordered] for name, kind in self.columns.items()),
            )

    async def delete(self, connection: Connection, gone: Sequence[tuple[UUID, int]]) -> None:
        """Remove rows older than the version at which their aggregate was deleted; (key, version) each."""
        await connection.execute(
            f"DELETE FROM {self.table} AS t USING unnest($1::uuid[], $2::bigint[]) AS d (key, version)\n"
            f"WHERE t.{self.key} = d.key AND t.{self.version} < d.version",
            [key for key, _ in gone],
            [version for _, version in gone],
        )


# A column travels as one array, and both the driver and unnest flatten arrays of arrays: whatever may itself be a
# list, a row's own array or a JSON document, travels as JSON text.
def _as_text(kind: str) -> bool:
    return kind.endswith("[]") or kind in {"json", "jsonb"}


def _transport(kind: str) -> str:
    return "text" if _as_text(kind) else kind


def _unpacked(name: str, kind: str) -> str:
    if not _as_text(kind):
        return f"r.{name}"
    if not kind.endswith("[]"):
        return f"r.{name}::{kind}"
    element = kind.removesuffix("[]")
    items = f"SELECT item::{element} FROM jsonb_array_elements_text(r.{name}::jsonb) AS item"
    return f"CASE WHEN r.{name} IS NOT NULL THEN ARRAY({items}) END"


def _packed(value: Any, kind: str) -> Any:
    if value is None or not _as_text(kind):
        return value
    return orjson.dumps(list(value) if kind.endswith("[]") else value, default=str).decode()
