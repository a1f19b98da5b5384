"""Problem texts in ky, ru and en, from JSON files keyed by code; a service adds a folder of its own."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.http.errors import FieldError, Problem

LANGUAGES = ("ky", "ru", "en")
KIT_LOCALES = Path(__file__).parent / "locales"


class _Values(dict[str, Any]):
    """Values for a text's gaps, as people write them: a list is an enumeration. A gap without a value stays one."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: _words(value) for name, value in values.items()})

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _words(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


class Catalogue:
    """`{code: {"title": …, "detail": …}}` per language; later folders add to earlier ones."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.texts: dict[str, dict[str, dict[str, str]]] = {language: {} for language in LANGUAGES}
        for folder in (KIT_LOCALES, *folders):
            for language in LANGUAGES:
                file = folder / f"{language}.json"
                if file.exists():
                    self.texts[language].update(json.loads(file.read_text(encoding="utf-8")))

    def title(self, problem: Problem, language: str) -> str:
        entry = self._entry(problem.code, language)
        return entry.get("title") or _sentence(type(problem).__doc__ or problem.code)

    def detail(self, problem: Problem, language: str) -> str:
        """The catalogue's text with the problem's parameters, else the detail given, else the docstring."""
        text = self._entry(problem.code, language).get("detail")
        if text is not None:
            return text.format_map(_Values(problem.parameters))
        return problem.detail or _sentence(type(problem).__doc__ or problem.code)

    def field_error(self, error: FieldError, language: str) -> dict[str, Any]:
        text = self._entry(f"field.{error.code}", language).get("detail")
        if text is None and language != "en":
            text = self._entry("field.invalid_value", language).get("detail")
        detail = text.format_map(_Values(error.parameters)) if text is not None else error.detail
        return {"pointer": error.pointer, "detail": detail, "code": error.code}

    def _entry(self, code: str, language: str) -> dict[str, str]:
        return self.texts[language].get(code, {})


def preferred_language(accept_language: str) -> str:
    """The best of ky, ru, en for an Accept-Language header; malformed parts are passed over."""
    best, best_quality = "en", 0.0
    for part in accept_language[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        quality = _quality(parameters)
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
