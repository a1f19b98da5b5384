"""Rows of service points as answers and as event payloads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.registry.service_points.domain import Precision, Visibility, metres, no_distance
from services.registry.service_points.opening import Opening, opening
from services.registry.service_points.schemas import (
    Feature,
    FeatureProperties,
    Geometry,
    NearPointView,
    OpeningView,
    PointView,
)
from shared.calendar import WorkingCalendar
from shared.contracts.service_points import OfferedService, PointHours, ServicePointState
from shared.values import Place, Reference

Row = asyncpg.Record

_AS_THEY_ARE = (
    "id", "code", "kind", "name", "visibility", "latitude", "longitude", "precision", "hours", "phones",
    "languages", "accessibility", "volumes", "missing", "opened_on", "closed_on", "note", "origin", "source",
)  # fmt: skip
_SHOWN = (*_AS_THEY_ARE, "street_address", "coordinates_source", "legal_basis", "version", "updated_at")


def point_view(row: Row, services: Sequence[Row], at: datetime, calendar: WorkingCalendar) -> PointView:
    return PointView(**_shown(row, services, opening_of(row, None, at, calendar)))


def near_view(row: Row, services: Sequence[Row], found: Opening, distance: float | None) -> NearPointView:
    """`distance` is a straight line on the unit sphere, None in groups without one."""
    reason = no_distance(Visibility(row["visibility"]), Precision(row["precision"]))
    told = metres(distance) if reason is None and distance is not None else None
    return NearPointView(**_shown(row, services, found), distance_m=told, no_distance=reason)


def opening_of(row: Row, offered: Row | None, at: datetime, calendar: WorkingCalendar) -> Opening:
    """Of the point, or of a service there that has hours of its own."""
    hours = row["hours"] if offered is None or offered["hours"] is None else offered["hours"]
    return opening(None if hours is None else PointHours.model_validate(hours), at, calendar)


def feature(row: Row, at: datetime, calendar: WorkingCalendar) -> Feature:
    reason = no_distance(Visibility(row["visibility"]), Precision(row["precision"]))
    place = None if reason else Geometry(coordinates=(row["longitude"], row["latitude"]))
    columns = ("code", "kind", "name", "precision", "street_address", "phones", "accessibility")
    properties = FeatureProperties(
        **{name: row[name] for name in (*columns, "languages", "origin")},
        body=_body(row),
        territory=_territory(row),
        no_distance=reason,
        open=opening_of(row, None, at, calendar).open,
    )
    return Feature(id=row["id"], geometry=place, properties=properties)


def point_state(row: Row, services: Sequence[Row]) -> ServicePointState:
    return ServicePointState(
        **{name: row[name] for name in _AS_THEY_ARE},
        aggregate_version=row["version"],
        located_at=row["street_address"],
        body=_body(row),
        territory=_territory(row),
        services=tuple(map(_offered, services)),
    )


def _shown(row: Row, services: Sequence[Row], found: Opening) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _SHOWN},
        "body": _body(row),
        "territory": _territory(row),
        "services": [_offered(offered) for offered in services],
        "opening": OpeningView.model_validate(found),
    }


def _offered(row: Row) -> OfferedService:
    return OfferedService(
        service=Reference(id=row["service_id"], code=row["code"], name=row["name"]),
        hours=row["hours"],
        channel_note=row["channel_note"],
    )


def _body(row: Row) -> Reference:
    return Reference(id=row["body_id"], code=row["body_code"], name=row["body_name"])


def _territory(row: Row) -> Place | None:
    if row["territory_code"] is None:
        return None
    return Place(
        id=row["territory_id"],
        code=row["territory_code"],
        name=row["territory_name"],
        path=tuple(row["territory_path"]),
    )
