"""The start page as the gateway serves it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from deploy.gateway.settings import SERVICES
from deploy.gateway.startpage import content_security_policy
from tests.deploy.gateway.conftest import StartGateway, connect

LANGUAGES = ("ky", "ru", "en")


class Outline(HTMLParser):
    """Attributes of every element, and the text under each `lang`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.languages: list[str] = []
        self.text: dict[str, list[str]] = {language: [] for language in LANGUAGES}
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.languages += [value or "" for name, value in attrs if name == "lang" and tag in {"p", "span"}]

    def urls(self) -> list[str]:
        named = {"src", "href", "srcset", "action", "data", "poster"}
        return [value for _, name, value in self.attributes if name in named]


@pytest.fixture
def page(client: httpx.Client) -> str:
    return client.get("/").text


@pytest.mark.parametrize("path", ["/", "/start", "/start/", "/start/index.html"])
def test_served_whole(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 4096 < len(answer.content) < 40_000
    assert answer.text.endswith("</html>\n")


def test_head(client: httpx.Client) -> None:
    answer = client.head("/", headers={"accept-encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_security_policy_allows_only_what_is_in_the_page(client: httpx.Client, page: str) -> None:
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'self'"
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'self' 'sha256-[A-Za-z0-9+/]{43}='", rules[kind])
    assert content_security_policy(page.replace("const TITLES", "const Titles")) != policy


def test_nothing_from_outside(page: str) -> None:
    outline = Outline(page)
    assert not re.findall(r"(?i)https?:|url\((?!#)|@import|(?<=[\"'])//", page)
    assert all(url.startswith(("#", "data:", "/")) for url in outline.urls())


def test_nothing_the_policy_would_block(page: str) -> None:
    names = {name for _, name, _ in Outline(page).attributes}
    assert "style" not in names
    assert not {name for name in names if name.startswith("on")}


def test_every_text_in_three_languages(page: str) -> None:
    found = Outline(page).languages
    counts = {language: found.count(language) for language in LANGUAGES}
    assert len(set(counts.values())) == 1
    assert counts["ky"] > 30


def test_all_services_with_state_and_documentation(page: str) -> None:
    shown = [value for _, name, value in Outline(page).attributes if name == "data-service"]
    assert tuple(shown) == SERVICES
    for path in ("readyz", "version", "docs", "openapi.json"):
        assert f'"{path}"' in page


def test_no_cookies(client: httpx.Client, page: str) -> None:
    assert "set-cookie" not in client.get("/").headers
    assert "document.cookie" not in page
    assert "Storage" not in page


def test_own_folder(start_gateway: StartGateway, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>Өз барагы</title>")
    (tmp_path / "img").mkdir()
    picture = bytes(range(256)) * 100
    (tmp_path / "img" / "a.png").write_bytes(picture)
    (tmp_path / ".hidden").write_text("secret")
    with connect(start_gateway(start_folder=tmp_path)) as client:
        assert "Өз барагы" in client.get("/").text
        answer = client.get("/start/img/a.png")
        assert (answer.headers["content-type"], answer.content) == ("image/png", picture)
        assert client.get("/start/.hidden").status_code == 404
