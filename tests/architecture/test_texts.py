"""Every problem and every field error speaks Kyrgyz, Russian and English, with the same places to fill in."""

import ast
import functools
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.gateway.settings import SERVICES
from services.notifications.notices.texts import sentence
from shared.http.catalogue import KIT_LOCALES, LANGUAGES, Catalogue
from shared.http.errors import Problem
from shared.http.openapi import operations, scopes_of
from tests.architecture.tree import EACH_SERVICE, SPEC_OF, Module, called, modules

KIT = "shared"
PLACES = ("", *SERVICES)
"""The kit ("") and each service have their own texts; a service has the kit's too."""
EACH_PLACE = pytest.mark.parametrize("place", PLACES, ids=lambda place: place or KIT)
PLACEHOLDER = re.compile(r"\{(\w+)\}")

RAISED_BY_CODE = {"FieldError": 2, "Invalid.at": 2, "PydanticCustomError": 0}
"""Where the code of a field error stands among the positional arguments."""


def of_place(place: str) -> list[Module]:
    if place:
        return [module for module in modules("services") if module.path.parts[1] == place]
    return list(modules("shared"))


def catalogue(place: str) -> Catalogue:
    return Catalogue(SPEC_OF[place].locales if place else ())


def own_texts(place: str, language: str) -> dict[str, dict[str, str]]:
    """What the file of this place says."""
    [folder] = SPEC_OF[place].locales if place else (KIT_LOCALES,)
    found: dict[str, dict[str, str]] = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def problem_classes() -> frozenset[type[Problem]]:
    """Every kind of problem of kit and services, whichever modules other tests have imported."""
    for module in modules("services", "shared"):
        if "migrations" not in module.path.parts:
            importlib.import_module(module.name.removesuffix(".__init__"))
    found: set[type[Problem]] = set()
    left: list[type[Problem]] = [Problem]
    while left:
        kind = left.pop()
        found.add(kind)
        left += kind.__subclasses__()
    return frozenset(found)


def lives_in(kind: type[Problem], place: str) -> bool:
    prefix = f"services.{place}." if place else "shared."
    return kind.__module__.startswith(prefix)


def codes_given(place: str) -> Iterator[tuple[str, str]]:
    """(code, where) of `Forbidden(code="…")` and the like: a code without a class of its own."""
    names = {kind.__name__ for kind in problem_classes()}
    for module in of_place(place):
        for node in module.nodes:
            if isinstance(node, ast.Call) and called(node).split(".")[-1] in names:
                for keyword in node.keywords:
                    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                        yield str(keyword.value.value), module.at(node)


def problem_codes(place: str) -> dict[str, str]:
    """Code → where it comes from."""
    own = {
        kind.code: f"{kind.__module__}.{kind.__name__}" for kind in problem_classes() if lives_in(kind, place)
    }
    return own | dict(codes_given(place))


def field_codes(place: str) -> dict[str, str]:
    """Code → where it is raised, for codes written as such."""
    found = {}
    for module in of_place(place):
        for node in module.nodes:
            if not isinstance(node, ast.Call):
                continue
            for name, position in RAISED_BY_CODE.items():
                if called(node) == name and len(node.args) > position:
                    for code in constants(node.args[position]):
                        found[code] = module.at(node)
    return found


def constants(node: ast.expr) -> Iterator[str]:
    """The texts an argument may be: one constant, or either of two."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


@EACH_PLACE
@pytest.mark.parametrize("language", ["ky", "ru"])
def test_every_problem_has_title_and_detail(place: str, language: str) -> None:
    texts = catalogue(place).texts[language]
    codes = problem_codes(place)
    missing = {
        code: where for code, where in codes.items() if not {"title", "detail"} <= texts.get(code, {}).keys()
    }
    assert missing == {}
    assert codes


@EACH_PLACE
def test_every_problem_can_speak_english(place: str) -> None:
    """From the catalogue, or a class with this very code whose docstring says it."""
    texts = catalogue(place).texts["en"]
    described = {kind.code for kind in problem_classes() if kind.__doc__ and "code" in vars(kind)}
    missing = {
        code: where for code, where in problem_codes(place).items() if code not in texts.keys() | described
    }
    assert missing == {}


@EACH_PLACE
@pytest.mark.parametrize("language", ["ky", "ru"])
def test_every_field_error_has_a_text(place: str, language: str) -> None:
    texts = catalogue(place).texts[language]
    missing = {code: where for code, where in field_codes(place).items() if f"field.{code}" not in texts}
    assert missing == {}
    assert "field.invalid_value" in texts, "what others fall back to"


@EACH_PLACE
def test_languages_fill_in_the_same(place: str) -> None:
    """A parameter that one language shows and another does not is one of them lacking information."""
    texts = {language: own_texts(place, language) for language in LANGUAGES}
    assert texts["ky"].keys() == texts["ru"].keys()
    assert texts["en"].keys() <= texts["ky"].keys()
    for code, entry in texts["ky"].items():
        for language in set(LANGUAGES) - {"ky"}:
            other = texts[language].get(code)
            if other is not None:
                wanted = set(PLACEHOLDER.findall(entry["detail"]))
                assert set(PLACEHOLDER.findall(other["detail"])) == wanted, f"{code} in {language}"


@EACH_PLACE
@pytest.mark.parametrize("language", ["ky", "ru"])
def test_texts_are_in_their_language(place: str, language: str) -> None:
    other = own_texts(place, "ru" if language == "ky" else "ky")
    for code, entry in own_texts(place, language).items():
        for text in entry.values():
            plain = PLACEHOLDER.sub("", text)
            assert re.search(r"[а-яёөүң]", plain), f"{code}: {text}"
            assert text.strip() == text, code
            assert text[0].isupper() or text[0] in "{«", f"{code}: {text}"
        assert entry["detail"] != other[code]["detail"], f"{code} says the same in ky and ru"


@EACH_SERVICE
def test_no_text_is_left_over(service: str) -> None:
    """A code in the catalogue that no source names any more."""
    source = "".join(module.text for module in modules("services", "shared"))
    for language in LANGUAGES:
        for code in own_texts(service, language):
            name = code.removeprefix("field.")
            assert f'"{name}"' in source, f"services/{service}/locales/{language}.json: {code}"


def test_locale_folders_hold_nothing_else() -> None:
    for service in SERVICES:
        [folder] = SPEC_OF[service].locales
        assert {path.name for path in Path(folder).glob("*.json")} == {f"{name}.json" for name in LANGUAGES}


def test_notices_of_findings_know_whether_there_is_a_route_to_answer(
    documents: dict[str, dict[str, Any]],
) -> None:
    """With the first route that takes an answer, the sentence that says there is none has to go."""
    scopes = [scopes_of(operation) or [] for _, _, operation in operations(documents["monitoring"])]
    answerable = any("monitoring:findings:answer" in found for found in scopes)
    assert answerable != (
        "cannot be answered on the platform"
        in sentence("finding.answer", dict.fromkeys(("addressee", "campaign", "code", "due"), ""))["en"]
    )
