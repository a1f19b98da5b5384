"""Consents over HTTP, the same in every service: the texts, one's own consents, and taking one back."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from shared.http.dependencies import PUBLIC, Caller, Reader, Uow, reply, requires
from shared.http.errors import NotFound
from shared.http.pages import Page, PageParams, cut, render_page
from shared.http.problems import problem_responses
from shared.http.schemas import Output
from shared.people import consents
from shared.people.kinds import People

OWN = requires("people:consents:write")


class ConsentTextView(Output):
    purpose: str
    version: str
    text: dict[str, str]
    current: bool = Field(description="Whether this is the version to agree to now")


class ConsentTexts(Output):
    items: list[ConsentTextView]


class ConsentView(Output):
    """Who agreed to which text. Persons are ids here."""

    id: UUID
    person_id: UUID
    purpose: str
    text_version: str
    channel: str = Field(description="own: given here by the person; desk: taken down for the person")
    recorded_by: UUID
    object_id: UUID | None = Field(description="What was entered with it")
    given_at: datetime
    withdrawn_at: datetime | None


def add_consents(router: APIRouter, service: str, people: People) -> None:
    """Mount the routes of a service."""
    last = {text.purpose: text.version for text in people.texts}

    @router.get(
        "/v1/consents/texts",
        operation_id=f"{service}_consent_texts",
        openapi_extra=PUBLIC,
        summary="What people are asked to agree to, in every version",
    )
    async def texts() -> ConsentTexts:
        return ConsentTexts(
            items=[
                ConsentTextView(
                    purpose=text.purpose,
                    version=text.version,
                    text=dict(text.text),
                    current=last[text.purpose] == text.version,
                )
                for text in people.texts
            ]
        )

    @router.get(
        "/v1/consents",
        operation_id=f"{service}_list_consents",
        dependencies=[OWN],
        summary="Your consents, and at a desk those your organisation has taken down for people without internet",
    )
    async def listed(sql: Reader, caller: Caller, page: PageParams) -> Page[ConsentView]:
        after = page.values(UUID)
        rows = await consents.of_caller(sql, caller, people, after[0] if after else None, page.limit + 1)
        found, cursor = cut(rows, page, lambda row: (row["id"],))
        return render_page(page, [ConsentView.model_validate(dict(row)) for row in found], cursor)

    @router.post(
        "/v1/consents/{consent_id}/withdraw",
        operation_id=f"{service}_withdraw_consent",
        response_model=ConsentView,
        dependencies=[OWN],
        responses=problem_responses(NotFound),
        summary="Take a consent back: what rests on it is removed at once",
    )
    async def withdrawn(consent_id: UUID, uow: Uow) -> Response:
        row = await consents.withdraw(uow, people, consent_id)
        if row is None:
            raise NotFound
        return reply(uow, ConsentView.model_validate(dict(row)))
