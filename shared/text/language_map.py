"""Multilingual text as a pydantic type: a map from BCP-47 tag to text, and what it must hold.

Knows no model, no request and no table.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.text.choice import missing
from shared.text.tags import TAG_LENGTH_LIMIT, TAG_PATTERN, canonical_tag

LANGUAGES_LIMIT = 20
_LINE_BREAKS = re.compile("\r\n?|[\u2028\u2029\u0085]")
_REFUSED = {
    "Cc": "control characters",
    "Cs": "lone surrogates",
    "Zl": "line separators",
    "Zp": "paragraph separators",
}
# They reorder the text around them, so that it reads other than it is stored.
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# The same for the JSON Schema, in the syntax that ECMAScript and Python share.
_REFUSED_SIGNS = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_ALLOWED_LINE = f"[^{_REFUSED_SIGNS}]"
_ALLOWED_LINES = (
    r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069]"
)


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
            "pattern": rf"^{allowed}*[^\s{_REFUSED_SIGNS}]{allowed}*$",
        }
        described |= {"minProperties": 1, "maxProperties": LANGUAGES_LIMIT}
        if self.required:
            described["required"] = list(self.required)
        return described

    def checked(self, value: Mapping[str, str]) -> dict[str, str]:
        """The map with canonical tags and normalised texts. Raises ValueError naming the language at fault."""
        if not 0 < len(value) <= LANGUAGES_LIMIT:
            raise ValueError(f"a text needs 1 to {LANGUAGES_LIMIT} languages, not {len(value)}")
        texts: dict[str, str] = {}
        for tag, text in value.items():
            canonical = canonical_tag(tag)
            if canonical in texts:
                raise ValueError(f"the language {canonical} is given twice")
            texts[canonical] = self._clean(text, canonical)
        absent = missing(texts, self.required)
        if absent:
            raise ValueError(f"the text is missing in: {', '.join(absent)}")
        return texts

    def _clean(self, text: str, tag: str) -> str:
        joined = _LINE_BREAKS.sub("\n", text) if self.multiline else text
        clean = unicodedata.normalize("NFC", joined).strip()
        if not clean:
            raise ValueError(f"the text in {tag} is empty")
        if len(clean) > self.max_length:
            raise ValueError(
                f"the text in {tag} has {len(clean)} characters, at most {self.max_length} are allowed"
            )
        for sign in clean:
            if sign in _DIRECTION_OVERRIDES:
                raise ValueError(f"the text in {tag} contains direction overrides")
            reason = _REFUSED.get(unicodedata.category(sign))
            if reason and not (self.multiline and sign in "\n\t"):
                raise ValueError(f"the text in {tag} contains {reason}")
        return clean


LanguageMap = Annotated[dict[str, str], TextRule()]
"""Text in any languages, at least one."""

Text = LanguageMap

StateText = Annotated[dict[str, str], TextRule(required=("ky", "ru"))]
"""Text the law asks for in both the state and the official language."""

Name = Annotated[dict[str, str], TextRule(max_length=300, multiline=False)]
"""One line: a name or a title."""

StateName = Annotated[dict[str, str], TextRule(max_length=300, required=("ky", "ru"), multiline=False)]
"""One line in both the state and the official language."""
