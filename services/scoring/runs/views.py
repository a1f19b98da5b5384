"""Rows of runs as they are shown: scores rounded as the method says, what they are computed from as it is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.scoring.methods.domain import Method
from services.scoring.runs.lifecycle import RunState
from services.scoring.runs.lineage import steps
from services.scoring.runs.schemas import (
    DimensionView,
    IndicatorUsed,
    IndicatorView,
    Lineage,
    MethodUsed,
    Municipality,
    ObservationUsed,
    ResultSummary,
    ResultView,
    RunView,
    StepView,
    VisitView,
)
from services.scoring.runs.service import shown
from shared.contracts.monitoring import Verdict

Row = asyncpg.Record


def run_view(row: Row) -> RunView:
    live = provisional(row)
    return RunView(
        **{**dict(row), "edition": None if live else row["edition"]},
        method=_method(row),
        provisional=live,
    )


def provisional(run: Row) -> bool:
    return bool(run["state"] == RunState.PROVISIONAL)


def _method(run: Row) -> MethodUsed:
    return MethodUsed(code=run["method_code"], version=run["method_number"], content_hash=run["method_hash"])


def result_summary(run: Row, row: Row) -> ResultSummary:
    return ResultSummary(**_result(run, row))


def result_view(run: Row, row: Row) -> ResultView:
    return ResultView(
        **_result(run, row),
        unrounded_score=row["score"],
        run_id=run["id"],
        provisional=provisional(run),
        indicators=[IndicatorView(**found) for found in row["indicators"]],
        input_hash=row["input_hash"],
    )


def _result(run: Row, row: Row) -> dict[str, Any]:
    decimals = run["decimals"]
    return {
        "municipality": _municipality(row),
        "score": shown(row["score"], decimals),
        "rank": row["rank"],
        "dimensions": [
            DimensionView(**{**found, "score": shown(found["score"], decimals)})
            for found in row["dimensions"]
        ],
    }


def _municipality(row: Row) -> Municipality:
    return Municipality(
        id=row["municipality_id"], code=row["municipality_code"], name=row["name"], path=row["path"]
    )


def lineage(
    run: Row,
    document: Mapping[str, Any],
    result: Row,
    code: str,
    *,
    observation: Row | None = None,
    visits: Sequence[Row] | None = None,
    next_cursor: str | None = None,
) -> Lineage:
    method = Method.of(run["method_code"], run["method_number"], run["method_hash"], document)
    defined = next(found for found in document["indicators"] if found["code"] == code)
    found = next(found for found in result["indicators"] if found["code"] == code)
    dimension = next(it for it in result["dimensions"] if it["code"] == defined["dimension"])
    return Lineage(
        run_id=run["id"],
        provisional=provisional(run),
        method=_method(run),
        municipality=_municipality(result),
        indicator=IndicatorUsed(**defined),
        **{name: found[name] for name in ("value", "missing_reason", "numerator", "denominator", "origin")},
        steps=[
            StepView.model_validate(step)
            for step in steps(method, code, result["indicators"], result["dimensions"])
        ],
        dimension_score=dimension["score"],
        score=result["score"],
        observation=ObservationUsed(**dict(observation)) if observation else None,
        visits=None if visits is None else [_visit(row) for row in visits],
        next_cursor=next_cursor,
    )


def _visit(row: Row) -> VisitView:
    return VisitView(**dict(row), counted=_decided(row))


def _decided(row: Mapping[str, Any] | Row) -> bool:
    """As `visits.repository.DECIDED`: a verdict on every criterion."""
    return all(check["verdict"] != Verdict.UNDETERMINED for check in row["checks"] or ()) and (
        row["verdict"] != Verdict.UNDETERMINED
    )
