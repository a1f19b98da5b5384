"""Bodies of persons and erasures."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.erasure import Effect
from shared.http.schemas import Input, Output


class PersonView(Output):
    id: UUID


class OwnErasure(Input):
    person_id: UUID = Field(description="Your own id, the `sub` of your token: nobody is erased by mistake")


class ErasureView(Output):
    """The id is the receipt: whoever has it may read the report, with no token."""

    id: UUID
    requested_at: datetime
    completed_at: datetime | None = None


class KindView(Output):
    kind: str
    effect: Effect
    count: int
    ground: str | None = Field(None, description="The legal ground of what is kept")


class ServiceReport(Output):
    service: str
    state: Literal["pending", "completed"]
    completed_at: datetime | None = None
    kinds: list[KindView] = []


class ErasureReport(ErasureView):
    state: Literal["pending", "completed"] = Field(description="completed: every service has answered")
    services: list[ServiceReport]
