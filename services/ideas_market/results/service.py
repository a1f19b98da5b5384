"""Citing a published result: the value an idea answers to, copied with the run it comes from."""

from uuid import UUID

from services.ideas_market.results import repository
from shared.contracts.ideas_market import IndicatorCited
from shared.db.database import Connection
from shared.http.errors import FieldError
from shared.values import Place


async def cite(
    sql: Connection, *, code: str, run_id: UUID, municipality_code: str
) -> IndicatorCited | FieldError:
    """The indicator as the run has it, or what about the citation is not known here; pointers are into
    `indicator`. A missing value can be cited: that nothing could be measured is a finding too."""
    found = await repository.result(sql, run_id, municipality_code, code)
    if not found["run_known"]:
        return FieldError("/indicator/run_id", "No published run with this id is known.", "unknown_run")
    if found["municipality"] is None:
        return FieldError(
            "/indicator/municipality_code", "The run has no result of this municipality.", "unknown_result"
        )
    if found["indicator"] is None:
        return FieldError("/indicator/code", "The result has no such indicator.", "unknown_indicator")
    return IndicatorCited(
        code=code,
        run_id=run_id,
        municipality=Place.model_validate(found["municipality"]),
        normalised=found["indicator"]["normalised"],
        missing_reason=found["indicator"]["missing_reason"],
    )
