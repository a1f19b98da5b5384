"""Table of places: a projection of the registry's units."""

from uuid import UUID

from sqlmodel import Field

from services.notifications.base import Base


class Place(Base, table=True):
    """A unit of the SOATE classifier."""

    __tablename__ = "place"

    id: UUID = Field(primary_key=True)
    version: int
    code: str = Field(index=True)
