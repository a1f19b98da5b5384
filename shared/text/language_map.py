"""Multilingual text as a pydantic type: a map from BCP-47 tag to text, and what it must hold.

Knows no model, no request and no table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from shared.text.choice import missing
from shared.text.cleaning import REFUSED_CLASS, UNSEEN_CLASS, clean
from shared.text.tags import TAG_LENGTH_LIMIT, TAG_PATTERN, canonical_tag

LANGUAGES_LIMIT = 20
# What `clean` refuses, for the JSON Schema.
_REFUSED_SIGNS = rf"\u0000-\u001f\u007f-\u009f\u2028\u2029{REFUSED_CLASS}"
_ALLOWED_LINE = f"[^{_REFUSED_SIGNS}]"
_ALLOWED_LINES = rf"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f{REFUSED_CLASS}]"


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a language map must hold: ``title: Annotated[dict[str, str], TextRule(max_length=200)]``.

    ``max_length`` counts characters of each text after normalisation; ``required`` languages must be there;
    line breaks and tabs are allowed only if ``multiline``.
    """

    max_length: int = 5_000
    required: tuple[str, ...] = ()
    multiline: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(schema))
        described["propertyNames"] = {"pattern": f"^{TAG_PATTERN}$", "maxLength": TAG_LENGTH_LIMIT}
        allowed = _ALLOWED_LINES if self.multiline else _ALLOWED_LINE
        described["additionalProperties"] = {
            "type": "string",
            "maxLength": self.max_length,
            "pattern": rf"^{allowed}*[^\s{_REFUSED_SIGNS}{UNSEEN_CLASS}]{allowed}*$",
        }
        described |= {"minProperties": 1, "maxProperties": LANGUAGES_LIMIT}
        if self.required:
            described["required"] = list(self.required)
        return described

    def checked(self, value: Mapping[str, str]) -> dict[str, str]:
        """The map with canonical tags and clean texts. Raises ValidationError naming each language at fault."""
        if not 0 < len(value) <= LANGUAGES_LIMIT:
            raise PydanticCustomError(
                "languages_count",
                "A text needs 1 to {maximum} languages.",
                {"maximum": LANGUAGES_LIMIT},
            )
        texts: dict[str, str] = {}
        errors: list[InitErrorDetails] = []
        for tag, text in value.items():
            try:
                self._add(texts, tag, text)
            except PydanticCustomError as error:
                errors.append(InitErrorDetails(type=error, loc=(tag,), input=text))
        if errors:
            raise ValidationError.from_exception_data("LanguageMap", errors)
        absent = missing(texts, self.required)
        if absent:
            raise PydanticCustomError(
                "languages_missing", "The text is missing in: {languages}", {"languages": ", ".join(absent)}
            )
        return texts

    def _add(self, texts: dict[str, str], tag: str, text: str) -> None:
        try:
            canonical = canonical_tag(tag)
        except ValueError:
            raise PydanticCustomError("not_a_language", "This is no BCP-47 language tag.") from None
        if canonical in texts:
            raise PydanticCustomError("language_twice", "This language is given twice.")
        kept = clean(text, multiline=self.multiline)
        if not kept:
            raise PydanticCustomError("text_empty", "The text is empty.")
        if len(kept) > self.max_length:
            raise PydanticCustomError(
                "string_too_long",
                "At most {max_length} characters are allowed.",
                {"max_length": self.max_length},
            )
        texts[canonical] = kept


LanguageMap = Annotated[dict[str, str], TextRule()]
"""Text in any languages, at least one."""

Text = LanguageMap

StateText = Annotated[dict[str, str], TextRule(required=("ky", "ru"))]
"""Text the law asks for in both the state and the official language."""

Name = Annotated[dict[str, str], TextRule(max_length=300, multiline=False)]
"""One line: a name or a title."""

StateName = Annotated[dict[str, str], TextRule(max_length=300, required=("ky", "ru"), multiline=False)]
"""One line in both the state and the official language."""
