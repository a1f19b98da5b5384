"""Bodies of invitations."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.registry.invitations.domain import InvitationState
from shared.http.schemas import Code, Input, Output


class InvitationDraft(Input):
    organisation_id: UUID
    role: Code
    valid_from: date
    valid_to: date | None = None
    expires_at: AwareDatetime | None = Field(
        None, description="Until when it can be taken; two weeks where it is absent, a month at most"
    )


class InvitationView(Output):
    id: UUID
    organisation_id: UUID
    role: str
    valid_from: date
    valid_to: date | None
    state: InvitationState
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    membership_id: UUID | None
    revoked_at: datetime | None


class InvitationShown(InvitationView):
    code: str = Field(description="Shown this once; whoever signs in and shows it takes the role")


class Acceptance(Input):
    code: Annotated[str, Field(min_length=1, max_length=100)]
