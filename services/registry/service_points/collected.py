"""Rows of the seeds as points: what a row says is taken, what it does not say stays missing."""

from typing import Any

from services.registry.service_points.schemas import CollectedFact, CollectedPoint
from shared.ids import seed_id

Row = dict[str, str]


def collected_point(row: Row) -> CollectedPoint:
    plain = ("code", "kind", "body_code", "territory_code", "opened_on", "note", "origin", "source")
    return CollectedPoint.model_validate(
        {
            **{name: row[name] for name in plain if row[name]},
            "name": {"ru": row["name_ru"]},
            "street_address": _russian(row["street_address_ru"]),
            "hours": _hours(row) if row["rrule"] else None,
            "phones": [
                {"number": number, "note": _russian(row["phone_note_ru"])} for number in row["phones"].split()
            ],
            "services": [{"service_id": seed_id("service", code)} for code in row["services"].split()],
        }
    )


def collected_fact(row: Row) -> CollectedFact:
    return CollectedFact.model_validate({name: text for name, text in row.items() if text})


def _hours(row: Row) -> dict[str, Any]:
    pause = {"opens": row["break_opens"], "closes": row["break_closes"]}
    rule = {name: row[name] for name in ("rrule", "opens", "closes")}
    breaks = [pause] if row["break_opens"] else []
    return {"rules": [{**rule, "breaks": breaks}], "public_holidays": row["public_holidays"]}


def _russian(text: str) -> dict[str, str] | None:
    return {"ru": text} if text else None
