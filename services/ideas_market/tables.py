"""All tables of the ideas market: imports each feature's, so that the metadata is whole."""

from services.ideas_market.base import Base
from services.ideas_market.ideas import tables as ideas
from services.ideas_market.interest import tables as interest
from services.ideas_market.organisations import tables as organisations
from services.ideas_market.results import tables as results

__all__ = ["ideas", "interest", "metadata", "organisations", "results"]
metadata = Base.metadata
