"""Rows of acts as others cite them."""

import asyncpg

from shared.contracts.structure import AdoptingAct


def adopting_act(row: asyncpg.Record) -> AdoptingAct:
    """The act of a row that was joined with it under `act_…`."""
    return AdoptingAct(**{name: row[f"act_{name}"] for name in AdoptingAct.model_fields})
