"""Bodies of sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared.http.schemas import Output


class SessionView(Output):
    id: UUID
    issuer: str = Field(description="The provider the person signed in with")
    created_at: datetime
    used_at: datetime = Field(description="When it last gave an access token")
    expires_at: datetime = Field(description="When the person has to sign in again, whatever is done before")
    current: bool = Field(description="Whether the asking token comes from it")
