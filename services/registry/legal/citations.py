"""Citations of provisions: a value any row of the register may hold, checked and listed when what it rests on falls."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.registry.legal import citations_repository, repository
from shared.db.database import Connection
from shared.db.unit_of_work import UnitOfWork
from shared.http.errors import FieldError
from shared.http.schemas import Input
from shared.text import TextRule

MOST_CITATIONS = 20
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-zА-Яа-яЁё][0-9A-Za-zА-Яа-яЁё.,()\-]{0,29}$")]
"""Of an article, part or point as the act writes it: "15-1", "2.1", "а"."""
Quote = Annotated[dict[str, str], TextRule(max_length=2_000)]


class Citation(Input):
    """A provision of a recorded act. `quote` is its wording by language, as it stands in the act."""

    act_id: UUID
    article: Number | None = None
    part: Number | None = None
    point: Number | None = None
    quote: Quote | None = None


Citations = Annotated[list[Citation], Field(max_length=MOST_CITATIONS)]


async def citation_problems(sql: Connection, citations: Sequence[Citation], pointer: str) -> list[FieldError]:
    """Citations of acts nobody recorded, and those that stand there twice."""
    if not citations:
        return []
    known = await repository.known(sql, [citation.act_id for citation in citations])
    found = []
    seen: set[tuple[UUID, str | None, str | None, str | None]] = set()
    for index, citation in enumerate(citations):
        provision = (citation.act_id, citation.article, citation.part, citation.point)
        if citation.act_id not in known:
            found.append(FieldError(f"{pointer}/{index}/act_id", "There is no such act.", "unknown_act"))
        elif provision in seen:
            found.append(
                FieldError(f"{pointer}/{index}", "This provision is cited twice.", "citation_repeated")
            )
        seen.add(provision)
    return found


async def keep_citations(
    uow: UnitOfWork, object_type: str, object_id: UUID, citations: Sequence[Citation], pointer: str
) -> None:
    """What a row cites from now on, in the place of what it cited; checked before with `citation_problems`."""
    kept = [
        {**citation.model_dump(mode="json"), "place": f"{pointer}/{index}", "quote": citation.quote or {}}
        for index, citation in enumerate(citations)
    ]
    await citations_repository.replace(uow.sql, object_type, object_id, kept)
