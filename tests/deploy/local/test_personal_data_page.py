"""docs/personal-data.md says what the services' tables say, and those name every table of theirs that holds people."""

from deploy.local.personal_data_page import PAGE, page
from deploy.local.services import SPECS
from shared.people.kinds import Holding

NAMES_A_PERSON = ("person_id", "monitor_id", "created_by", "granted_by", "recorded_by")
"""Columns that hold the id of a person."""
ELSEWHERE = {
    "personal_data": "the store",
    "consent": "kept as proof, of every service",
    "erased_person": "the tombstones",
    "erasure": "the erasure itself",
}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m deploy.local.personal_data_page write"


def test_every_table_that_names_a_person_is_declared() -> None:
    for spec in SPECS:
        assert spec.people is not None
        declared = {holding.table for holding in spec.people.holdings if isinstance(holding, Holding)}
        assert declared <= spec.metadata.tables.keys()
        naming = {
            name
            for name, table in spec.metadata.tables.items()
            if any(column.name in NAMES_A_PERSON for column in table.columns)
        }
        assert naming - ELSEWHERE.keys() <= declared, spec.name


def test_every_kind_says_what_it_is_for() -> None:
    for spec in SPECS:
        assert spec.people is not None
        for kind in (*spec.people.kinds, *spec.people.holdings):
            assert kind.what.endswith(".")
            assert kind.purpose.endswith(".")
