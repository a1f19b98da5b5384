"""Rows of territories as answers."""

from collections.abc import Sequence

import asyncpg

from services.registry.legal.views import adopting_act
from services.registry.territories.schemas import (
    EditionView,
    PastUnit,
    RelatedUnit,
    TerritoryChangeView,
    TerritoryDetail,
)

Row = asyncpg.Record


def detail(row: Row, relatives: Sequence[Row], past: Sequence[Row]) -> TerritoryDetail:
    related = [(found["before"], RelatedUnit.model_validate(dict(found))) for found in relatives]
    return TerritoryDetail(
        **dict(row),
        predecessors=[unit for before, unit in related if before],
        successors=[unit for before, unit in related if not before],
        past=[PastUnit.model_validate(dict(state)) for state in past],
    )


def edition_view(row: Row | None) -> EditionView | None:
    """None where no edition is recorded."""
    return None if row is None else EditionView.model_validate(dict(row))


def change_view(row: Row) -> TerritoryChangeView:
    return TerritoryChangeView(**dict(row), act=adopting_act(row))
