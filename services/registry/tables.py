"""All tables of the registry: imports each feature's, so that the metadata is whole."""

from services.registry.access import tables as access
from services.registry.base import Base

__all__ = ["access", "metadata"]
metadata = Base.metadata
