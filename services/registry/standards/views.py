"""Rows of standards as answers and as event payloads."""

from typing import Any
from uuid import UUID

import asyncpg

from services.registry.legal.views import adopting_act
from services.registry.standards.content import StandardContent
from services.registry.standards.context import passport
from services.registry.standards.differences import differences
from services.registry.standards.passport import problems_of
from services.registry.standards.schemas import (
    DifferencesView,
    DifferenceView,
    DraftProblem,
    DraftView,
    StandardInForce,
    StandardView,
    VersionView,
)
from shared.contracts.registry import StandardVersion, Tier
from shared.contracts.structure import AdoptingAct
from shared.db.database import Connection
from shared.values import Reference

Row = asyncpg.Record


async def draft_view(sql: Connection, head: Row, draft: Row, version: int) -> DraftView:
    content = StandardContent.model_validate(draft["content"])
    found = problems_of(content, await passport(sql, head, content))
    problems = [DraftProblem(pointer=problem.pointer, code=problem.code) for problem in found]
    return DraftView(
        standard_id=head["id"],
        service=_service(head),
        body=_body(head),
        version=version,
        problems=problems,
        updated_at=draft["updated_at"],
        **_content(content),
    )


def version_view(row: Row) -> VersionView:
    return VersionView(**_version(row))


def in_force_view(row: Row) -> StandardInForce:
    return StandardInForce(standard_id=row["standard_id"], **_version(row))


def differences_view(
    standard_id: UUID, before: tuple[int | None, Row | None], after: tuple[int | None, Row]
) -> DifferencesView:
    """Of two rows with a content, each with its number."""
    old = StandardContent.model_validate(before[1]["content"] if before[1] is not None else {})
    found = differences(old, StandardContent.model_validate(after[1]["content"]))
    rows = [
        DifferenceView(row=one.row, change=one.change, before=one.before, after=one.after) for one in found
    ]
    return DifferencesView(standard_id=standard_id, before=before[0], after=after[0], rows=rows)


def standard_view(row: Row, *, staff: bool) -> StandardView:
    return StandardView(
        id=row["id"],
        service=_service(row),
        body=_body(row),
        level=row["level"],
        version=row["version"] if staff else row["sequence"],  # edits of a draft are nobody else's business
        has_draft=row["has_draft"] if staff else None,
        in_force=version_view(row) if row["version_id"] is not None else None,
    )


def version_event(head: Row, row: Row, sequence: int) -> StandardVersion:
    """The version as other services hear of it; `sequence` numbers the standard's events."""
    content = StandardContent.model_validate(row["content"])
    return StandardVersion(
        id=head["id"],
        aggregate_version=sequence,
        version=row["number"],
        version_id=row["version_id"],
        service=_service(head),
        level=head["level"],
        body=_body(head),
        applies_to=content.applies_to,
        tiers=tuple(Tier.model_validate(tier.model_dump()) for tier in content.tiers),
        documents=content.documents,
        refusal_grounds=content.refusal_grounds,
        appeal=content.appeal,
        template_id=content.template_id,
        rows=content.rows,
        legal_basis=content.legal_basis,
        review_on=content.review_on,
        missing=tuple(row["missing"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        recorded_at=row["recorded_at"],
        act=_act(row),
        origin=row["origin"],
        source=row["source"],
    )


def _version(row: Row) -> dict[str, Any]:
    columns = ("version_id", "number", "state", "valid_from", "valid_to", "recorded_at", "origin", "source")
    return {
        **{name: row[name] for name in (*columns, "retroactive_basis")},
        **_content(StandardContent.model_validate(row["content"])),
        "stale": tuple(row["stale"]),
        "missing": tuple(row["missing"]),
        "act": _act(row),
    }


def _content(content: StandardContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in StandardContent.model_fields}


def _act(row: Row) -> AdoptingAct | None:
    return None if row["act_id"] is None else adopting_act(row)


def _service(head: Row) -> Reference:
    return Reference(id=head["service_id"], code=head["service_code"], name=head["service_name"])


def _body(head: Row) -> Reference:
    return Reference(id=head["body_id"], code=head["body_code"], name=head["body_name"])
