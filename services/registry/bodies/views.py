"""Rows of bodies as answers and as event payloads."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from services.registry.bodies import repository
from services.registry.bodies.schemas import (
    BodyChangeView,
    BodyDetail,
    IdentifierView,
    MandateView,
    PastBody,
    RelatedBody,
    ReorganisationView,
)
from services.registry.legal.views import adopting_act
from shared.contracts.structure import BodyFollowing, BodyState, Identifier, Mandate, ReorganisationState
from shared.db.database import Connection
from shared.values import Reference

Row = asyncpg.Record


async def body_detail(sql: Connection, row: Row, on: date) -> BodyDetail:
    """`on` is the day of mandates and identifiers."""
    identifier = row["id"]
    parent = await repository.names(sql, [row["parent_id"]]) if row["parent_id"] else {}
    related = [
        (
            found["before"],
            RelatedBody(body=reference(found), **{name: found[name] for name in _RELATION}),
        )
        for found in await repository.relatives(sql, identifier)
    ]
    return BodyDetail(
        **dict(row),
        parent=reference(parent[row["parent_id"]]) if parent else None,
        former_codes=await repository.former_codes(sql, identifier),
        mandates=[
            MandateView(**dict(found), act=adopting_act(found))
            for found in await repository.mandates(sql, identifier, on)
        ],
        identifiers=[
            IdentifierView.model_validate(dict(found))
            for found in await repository.identifiers(sql, identifier, on)
        ],
        predecessors=[body for before, body in related if before],
        successors=[body for before, body in related if not before],
        past=[PastBody.model_validate(dict(state)) for state in await repository.past(sql, identifier)],
    )


_RELATION = ("kind", "happened_on", "reorganisation_id")


def reference(row: Row) -> Reference:
    return Reference(id=row["id"], code=row["code"], name=row["name"])


async def reorganisation_views(sql: Connection, rows: Sequence[Row]) -> list[ReorganisationView]:
    """With the present names of the bodies, in one query for all of them."""
    named = {
        UUID(change[side])
        for row in rows
        for change in row["changes"]
        for side in _SIDES
        if change[side] is not None
    }
    known = await repository.names(sql, sorted(named))
    return [
        ReorganisationView(
            **{name: row[name] for name in ("id", "happened_on", "origin", "source", "recorded_at")},
            act=adopting_act(row),
            changes=[_change(change, known) for change in row["changes"]],
        )
        for row in rows
    ]


_SIDES = ("predecessor", "successor")


def _change(change: Mapping[str, Any], known: Mapping[UUID, Row]) -> BodyChangeView:
    sides = {side: reference(known[UUID(change[side])]) for side in _SIDES if change[side] is not None}
    return BodyChangeView(kind=change["kind"], **sides)


def reorganisation_event(view: ReorganisationView) -> ReorganisationState:
    return ReorganisationState(
        id=view.id,
        aggregate_version=1,
        happened_on=view.happened_on,
        act=view.act,
        changes=tuple(BodyFollowing.model_validate(change.model_dump()) for change in view.changes),
        origin=view.origin,
        source=view.source,
    )


async def body_event(sql: Connection, row: Row) -> BodyState:
    """`row` is of the organisation, in the version this event tells of."""
    mandates = await repository.mandates(sql, row["id"], None)
    identifiers = await repository.identifiers(sql, row["id"], None)
    days = ("valid_from", "valid_to")
    return BodyState(
        id=row["id"],
        aggregate_version=row["version"],
        code=row["code"],
        former_codes=tuple(await repository.former_codes(sql, row["id"])),
        name=row["name"],
        mandates=tuple(
            Mandate(act=adopting_act(one), **{name: one[name] for name in ("text", "provision", *days)})
            for one in mandates
        ),
        identifiers=tuple(
            Identifier(**{name: one[name] for name in ("scheme", "value", *days)}) for one in identifiers
        ),
        origin=row["origin"],
    )
