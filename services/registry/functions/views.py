"""Rows of the Register of Functions as answers and as event payloads."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.functions.domain import Change, Decision, FinancedFrom, Function, FunctionLevel, Ruling
from services.registry.functions.schemas import DecisionView, FunctionView, OrphanView, RegisterView
from services.registry.legal.views import adopting_act
from shared.contracts.structure import AdoptingAct, FunctionState
from shared.values import Reference

Row = asyncpg.Record


def function_view(row: Row) -> FunctionView:
    columns = ("code", "name", "level", "financed_from", "provision", "services", "register_number", "origin")
    return FunctionView(
        id=row["function_id"],
        body=_body(row),
        act=_act(row),
        **{name: row[name] for name in (*columns, "source", "version")},
    )


def register_view(row: Row) -> RegisterView:
    return RegisterView(**dict(row), act=_act(row))


def decision_view(row: Row) -> DecisionView:
    target = row["target_id"]
    return DecisionView(
        **dict(row),
        target=Reference(id=target, code=row["target_code"], name=row["target_name"]) if target else None,
    )


def orphan_view(row: Row) -> OrphanView:
    return OrphanView(**dict(row) | {"body": _body(row) if row["body_id"] else None})


def function_of(row: Row) -> Function:
    return Function(
        row["function_id"],
        row["code"],
        row["body_id"],
        row["name"],
        FunctionLevel(row["level"]),
        FinancedFrom(row["financed_from"]) if row["financed_from"] else None,
        row["act_id"],
        row["provision"],
        tuple(row["services"]),
    )


def ruling_of(row: Row) -> Ruling:
    change: Mapping[str, Any] | None = row["change"]
    return Ruling(Decision(row["decision"]), row["target_id"], _change(change) if change else None)


def _change(kept: Mapping[str, Any]) -> Change:
    level, paid = kept.get("level"), kept.get("financed_from")
    return Change(
        kept.get("name"),
        FunctionLevel(level) if level else None,
        FinancedFrom(paid) if paid else None,
        kept.get("provision"),
    )


def function_event(row: Row, since: date, decision: str, codes: Mapping[UUID, str]) -> FunctionState:
    """`codes` holds those of services; a function that was dropped ends on the first day of the version."""
    return FunctionState(
        id=row["function_id"],
        aggregate_version=row["register_number"],
        code=row["code"],
        name=row["name"],
        body=_body(row),
        level=row["level"],
        financed_from=row["financed_from"],
        act=_act(row),
        provision=row["provision"],
        services=tuple(Reference(id=found, code=codes.get(found)) for found in row["services"]),
        decision=decision,
        valid_from=since,
        valid_to=since if row["dropped"] else None,
        origin=row["origin"],
    )


def _body(row: Row) -> Reference:
    return Reference(id=row["body_id"], code=row["body_code"], name=row["body_name"])


def _act(row: Row) -> AdoptingAct | None:
    return None if row["act_id"] is None else adopting_act(row)
