"""Personal data has one way in and out: the kit's store, which asks who is asking."""

import ast

from deploy.local.services import SPECS
from shared.people.tables import PERSON_LOCKS
from tests.architecture.tree import EACH_SERVICE, SPEC_OF, modules

BESIDE_THE_STORE = {
    "services/monitoring/submissions/repository.py": "a row the store has made, stored with its visit in one statement",
    "services/ideas_market/contacts/repository.py": "which donor a contact is told to",
}
"""SQL of services that names the table. None of it reads a value."""


def test_services_reach_personal_data_through_the_store() -> None:
    found = {
        str(module.path): node.value
        for module in modules("services")
        if "migrations" not in module.path.parts
        for node in module.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " personal_data" in node.value
    }
    assert found.keys() <= BESIDE_THE_STORE.keys()
    assert not any("SELECT value" in text for text in found.values())


@EACH_SERVICE
def test_migrations_guard_what_the_tables_guard(service: str) -> None:
    """Triggers are not compared by autogenerate: migrations have to name the same tables as the metadata."""
    folder = SPEC_OF[service].migrations / "versions"
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py"))]
    guarding = [text for text in texts if "GUARDED" in text]
    assert guarding
    assert all(str(PERSON_LOCKS) in text for text in guarding)
    guarded = {
        name
        for name, table in SPEC_OF[service].metadata.tables.items()
        if any(
            "of_nobody_erased" in str(getattr(one, "statement", "")) for one in table.dispatch.after_create
        )
    }
    assert {"consent", "personal_data"} <= guarded
    declared = [
        ast.literal_eval(node.value)
        for text in guarding
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "GUARDED"
    ]
    assert set().union(*declared) == guarded


def test_every_service_has_its_table() -> None:
    for spec in SPECS:
        assert spec.people is not None, spec.name
