"""Boundaries: recorded as GeoJSON, sent as they were recorded, with today's names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from services.registry.territories import boundary_repository
from services.registry.territories.geometry import geometry_problem
from services.registry.territories.schemas import BoundarySource
from shared.contracts.registry import BOUNDARY_RECORDED
from shared.contracts.structure import BoundaryState
from shared.db.unit_of_work import UnitOfWork
from shared.http.schemas import Code
from shared.ids import seed_id
from shared.values import Reference

Row = asyncpg.Record


async def record_boundaries(
    uow: UnitOfWork, source: BoundarySource, geometries: Mapping[Code, dict[str, Any]]
) -> int:
    """Record geometries by the codes of their units; returns how many were new or different.

    Raises ValueError naming the unit whose geometry is no boundary."""
    for code, geometry in geometries.items():
        problem = geometry_problem(geometry)
        if problem is not None:
            raise ValueError(f"{code}: {problem}")
    known = source.model_dump()
    changed = await boundary_repository.put_boundaries(
        uow.sql,
        [{**known, "code": code, "geometry": orjson.dumps(shape)} for code, shape in geometries.items()],
    )
    for row in await boundary_repository.boundaries(uow.sql, source.level):
        if row["code"] in changed:
            _announce(uow, row)
    return len(changed)


def _announce(uow: UnitOfWork, row: Row) -> None:
    identifier = seed_id("territory_boundary", f"{row['code']}/{row['level']}")
    facts = ("level", "tolerance_metres", "edition", "licence", "licence_url", "origin", "source")
    uow.emit(
        BOUNDARY_RECORDED,
        BoundaryState(
            id=identifier,
            aggregate_version=row["version"],
            territory=Reference(id=row["id"], code=row["code"], name=row["name"]),
            **{name: row[name] for name in facts},
        ),
    )
    after = {"territory": row["code"], "level": row["level"], "version": row["version"]}
    uow.audit("territory.record_boundary", "territory_boundary", identifier, after=after)


_PROPERTIES = (
    "code",
    "kind",
    "name",
    "p_code",
    "level",
    "tolerance_metres",
    "edition",
    "licence",
    "licence_url",
    "origin",
    "source",
)


def feature(row: Row) -> bytes:
    """One GeoJSON feature. The geometry is not parsed again."""
    properties = {name: row[name] for name in _PROPERTIES if row[name] is not None}
    geometry: bytes = row["geometry"]
    return (
        b'{"type":"Feature","id":'
        + orjson.dumps(row["code"])
        + b',"properties":'
        + orjson.dumps(properties)
        + b',"geometry":'
        + geometry
        + b"}"
    )


def collection(rows: Sequence[Row]) -> bytes:
    return b'{"type":"FeatureCollection","features":[' + b",".join(map(feature, rows)) + b"]}"


def geometries_of(document: str) -> dict[str, dict[str, Any]]:
    """Geometries of a FeatureCollection by the property `code` of their features."""
    features: Iterable[dict[str, Any]] = orjson.loads(document)["features"]
    return {found["properties"]["code"]: found["geometry"] for found in features}
