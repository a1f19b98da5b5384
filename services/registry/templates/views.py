"""Rows of templates as answers and as event payloads."""

from typing import Any

import asyncpg

from services.registry.templates.domain import Template, row_of
from services.registry.templates.schemas import TemplateView
from shared.contracts.registry import TemplateVersion
from shared.contracts.structure import AdoptingAct

Row = asyncpg.Record


def template_of(row: Row) -> Template:
    """What drafts are held against."""
    return Template(row["id"], tuple(row_of(entry) for entry in row["rows"]), row["review_months"])


def template_view(row: Row) -> TemplateView:
    return TemplateView(template_id=row["template_id"], **{**_version(row), "id": row["id"]})


def template_event(row: Row) -> TemplateVersion:
    version = _version(row)
    return TemplateVersion(
        **{**version, "id": row["template_id"], "version_id": row["id"], "aggregate_version": row["number"]}
    )


def _version(row: Row) -> dict[str, Any]:
    names = (
        "code",
        "number",
        "title",
        "rows",
        "review_months",
        "valid_from",
        "recorded_at",
        "origin",
        "source",
    )
    act = AdoptingAct(**{name: row[f"act_{name}"] for name in AdoptingAct.model_fields})
    return {**{name: row[name] for name in names}, "act": act}
