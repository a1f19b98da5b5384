"""Every problem the registry can answer with speaks Kyrgyz and Russian."""

import importlib
import pkgutil
import re
from pathlib import Path

import services.registry.access
from services.registry.spec import SPEC
from shared.http.catalogue import Catalogue
from shared.http.errors import Problem

ROOT = Path(services.registry.access.__file__).parents[1]
FIELD_CODE = re.compile(r'(?:FieldError|Invalid\.at)\(\s*[^,]+,\s*f?"[^"]*",\s*"([a-z_]+)"', re.DOTALL)


def problem_codes() -> set[str]:
    for module in pkgutil.walk_packages([str(ROOT)], "services.registry."):
        if "migrations" not in module.name and not module.name.endswith("worker"):
            importlib.import_module(module.name)
    found, left = set(), [Problem]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.__module__.startswith("services.registry."):
            found.add(kind.code)
    return found


def test_every_problem_has_a_title_and_a_detail_in_both_languages():
    texts = Catalogue(SPEC.locales).texts
    codes = problem_codes()
    assert {"standard_exists", "act_exists", "foreign_body"} <= codes
    for language in ("ky", "ru"):
        assert codes <= set(texts[language])
        assert all({"title", "detail"} <= set(texts[language][code]) for code in codes)


def test_every_field_error_has_a_text_in_both_languages():
    codes = {
        code for file in ROOT.rglob("*.py") for code in FIELD_CODE.findall(file.read_text(encoding="utf-8"))
    }
    assert {"language_missing", "unknown_service", "outside_year"} <= codes
    texts = Catalogue(SPEC.locales).texts
    for language in ("ky", "ru"):
        assert {f"field.{code}" for code in codes} <= set(texts[language])


def test_the_languages_differ():
    texts = Catalogue(SPEC.locales).texts
    own = problem_codes()
    assert not [code for code in own if texts["ky"][code] == texts["ru"][code]]
