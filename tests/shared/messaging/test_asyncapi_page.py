"""The page of events: everything of the document is on it, every link leads somewhere, nothing comes from outside."""

from html.parser import HTMLParser

import pytest

from shared.contracts import CONTRACTS
from shared.contracts.documents import PLATFORM, asyncapi_documents, examples
from shared.messaging.asyncapi_page import asyncapi_page, fields


class Page(HTMLParser):
    """Ids, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.tags.add(tag)
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [value for name, value in attributes if name in {"href", "src"} and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def squeezed(text: str) -> str:
    return " ".join(text.split())


DOCUMENTS = asyncapi_documents("1.2.3")


@pytest.fixture(params=sorted(DOCUMENTS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_type_field_and_example_is_shown(name: str) -> None:
    document = DOCUMENTS[name]
    page = Page(asyncapi_page(document, examples()))
    shown = [event for event in CONTRACTS if name in {PLATFORM, event.service}]
    assert shown
    for event in shown:
        assert event.name in page.ids
        assert event.description in page.text
    for schema in document["components"]["schemas"].values():
        for field in fields(schema):
            assert field.name in page.text
            assert squeezed(field.description.replace("`", "")) in squeezed(page.text)


def test_links_lead_somewhere_and_nothing_comes_from_outside(name: str) -> None:
    page = Page(asyncapi_page(DOCUMENTS[name], examples()))
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not page.tags & {"script", "link", "img", "iframe"}


def test_what_documents_say_is_escaped() -> None:
    document = {**DOCUMENTS["scoring"]}
    document["info"] = {**document["info"], "title": "<script>alert(1)</script>"}
    assert "<script>" not in asyncapi_page(document, {})


def test_types_are_named_in_words() -> None:
    schema = {
        "required": ["a"],
        "properties": {
            "a": {"type": "array", "items": {"$ref": "#/components/schemas/Fee"}, "description": "d"},
            "b": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
            "c": {"enum": ["x", "y"]},
        },
    }
    a, b, c = fields(schema)
    assert (a.type, a.target, a.required, a.description) == ("list of Fee", "Fee", True, "d")
    assert (b.type, b.target, b.required, b.bounds) == ("string or null", None, False, "default null")
    assert c.type == '"x" | "y"'
