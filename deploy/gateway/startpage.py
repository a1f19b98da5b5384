"""The start page and its files as direct responses: they are part of the configuration, no server behind."""

import base64
import hashlib
import mimetypes
import re
from pathlib import Path

from deploy.gateway.protos import JsonObject, header

INDEX = "index.html"
_TEXT_TYPES = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


def files(folder: Path) -> dict[str, Path]:
    """Path below `/start/` → file. Raises FileNotFoundError without an index.html."""
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(folder / INDEX)
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path for path in found}


def page_routes(folder: Path) -> list[JsonObject]:
    found = files(folder)
    places = [("/", INDEX), ("/start", INDEX), ("/start/", INDEX)]
    places += [(f"/start/{name}", name) for name in found]
    return [_route(place, found[name]) for place, name in places]


def largest(folder: Path) -> int:
    """Bytes of the largest file: Envoy's default limit for a direct response is 4,096."""
    return max(path.stat().st_size for path in files(folder).values())


def content_security_policy(page: str) -> str:
    """Nothing from outside, and inline only what stands in this very page (by hash)."""
    scripts, styles = (_hashes(tag, page) for tag in ("script", "style"))
    rules = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": styles,
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hashes(tag: str, page: str) -> str:
    blocks = re.findall(rf"<{tag}(?:\s[^>]*)?>(.*?)</{tag}>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks)
    return " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)])


def _route(place: str, file: Path) -> JsonObject:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    headers = [
        header("content-type", f"{kind}; charset=utf-8" if kind.startswith(_TEXT_TYPES) else kind),
        header("cache-control", "public, max-age=300"),
    ]
    if kind == "text/html":
        headers += [
            header("content-security-policy", content_security_policy(file.read_text(encoding="utf-8"))),
            header("referrer-policy", "no-referrer"),
        ]
    return {
        "match": {"path": place, "headers": [READS]},
        "direct_response": {"status": 200, "body": _body(kind, file)},
        "response_headers_to_add": headers,
    }


def _body(kind: str, file: Path) -> JsonObject:
    """In the configuration itself, so that it is one file that can be carried anywhere."""
    if kind.startswith(_TEXT_TYPES):
        return {"inline_string": file.read_text(encoding="utf-8")}
    return {"inline_bytes": base64.b64encode(file.read_bytes()).decode()}


READS: JsonObject = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}
