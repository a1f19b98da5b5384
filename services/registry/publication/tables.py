"""Table of published pages. Rows carry their validity: a version comes into force by date, without a write."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint
from sqlmodel import Field

from services.registry.base import Base


class PublishedService(Base, table=True):
    __tablename__ = "published_service"
    __table_args__ = (
        ExcludeConstraint(
            ("service_id", "="), ("valid", "&&"), name="ex_published_service_one_page", using="gist"
        ),
    )

    service_id: UUID = Field(primary_key=True, foreign_key="service.id")
    valid: Any = Field(sa_column=Column(DATERANGE, primary_key=True))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    etag: str
