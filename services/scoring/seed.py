"""Loads the index method sji25 through the use cases. Run again it changes nothing and emits nothing; with other seed
files than before it publishes the next version, for a published one never changes."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.scoring.methods import repository, service
from services.scoring.methods.schemas import Definition
from shared.auth.principal import system_principal
from shared.clock import Clock
from shared.db.database import Database
from shared.db.unit_of_work import UnitOfWork
from shared.http.conditional import Precondition
from shared.ids import seed_id

SEEDS = Path(__file__).parent / "seeds"
CODE, NUMBER = "sji25", 1
_LANGUAGES = ("ky", "ru", "en")
_NAME = {
    "ky": "Муниципалдык социалдык адилеттик индекси",
    "ru": "Муниципальный индекс социальной справедливости",
    "en": "Municipal Social Justice Index",
}


async def seed(database: Database, clock: Clock) -> None:
    principal = system_principal("service", seed_id("system", "scoring"))
    wanted = definition()
    async with UnitOfWork(database, principal, clock) as uow:
        if await repository.published_as(uow.sql, CODE, service.hash_of(wanted)):
            return
        first = await repository.published(uow.sql, CODE, None) is None
        identifier = seed_id("method", f"{CODE}:{NUMBER}") if first else None
        row = await service.draft_method(uow, CODE, wanted, identifier=identifier)
        await service.publish_method(uow, CODE, row["number"], Precondition.at(row["version"]))


def definition() -> Definition:
    """The method as the seed files give it, checked as any draft is."""
    dimensions = read("sji25/dimensions.csv")
    return Definition.model_validate(
        {
            "name": _NAME,
            "target_groups": [
                _present({"code": row["code"], "name": _name(row), "definition": row["definition"]})
                for row in read("sji25/target_groups.csv")
            ],
            "dimensions": [
                {"code": row["code"], "name": _name(row), "weight": float(row["weight"])}
                for row in sorted(dimensions, key=lambda row: int(row["order"]))
            ],
            "indicators": [_indicator(row) for row in read("sji25/indicators.csv")],
            "origin": dimensions[0]["origin"],
            "source": dimensions[0]["source"],
        }
    )


def read(name: str) -> list[dict[str, str]]:
    """The rows of a seed file."""
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _indicator(row: Mapping[str, str]) -> dict[str, Any]:
    copied = ("code", "dimension", "unit", "source_kind", "source_detail", "rollup", "anchor", "derivation")
    return _present(
        {
            **{name: row[name] for name in copied},
            **{name: int(row[name]) for name in ("direction", "validity_months", "minimum_cases")},
            "weight": float(row["weight"]),
            "name": _name(row),
            "working_names": _list(row["working_names"]) or "",
            "goalposts": _present(
                {
                    "low": float(row["goalpost_low"]),
                    "high": float(row["goalpost_high"]),
                    "basis": row["goalpost_basis"],
                }
            ),
            "target_groups": _list(row["target_groups"]),
            "disaggregate_by": _list(row["disaggregate_by"]),
        }
    )


def _name(row: Mapping[str, str]) -> dict[str, str]:
    return {language: row[f"name_{language}"] for language in _LANGUAGES if row[f"name_{language}"]}


def _list(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without the empty ones: what is not known is absent."""
    return {name: value for name, value in fields.items() if value != ""}
