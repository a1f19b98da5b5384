"""Keeps the committed snapshots of the contracts: `python -m shared.contracts.snapshot write|check`.

`write` refuses a change that breaks a committed schema; such a change needs a new major version of the type."""

import argparse
import json
import sys
import tomllib
from pathlib import Path

from shared.contracts import CONTRACTS
from shared.contracts.compatibility import breaking_changes
from shared.contracts.documents import PLATFORM, asyncapi_documents, examples, payload_schema, rendered
from shared.messaging.asyncapi_page import asyncapi_page

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path("shared/contracts/schemas")
EXAMPLES = Path("shared/contracts/examples")
ASYNCAPI = Path("docs/asyncapi")
PAGE = Path("docs/events.html")


def expected(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file, relative to the root, with the text it has to have."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    schemas = {SCHEMAS / f"{event.name}.json": rendered(payload_schema(event)) for event in CONTRACTS}
    found = asyncapi_documents(version)
    documents = {ASYNCAPI / f"{name}.json": rendered(document) for name, document in found.items()}
    return {**schemas, **documents, PAGE: asyncapi_page(found[PLATFORM], examples())}


def differences(root: Path = ROOT) -> list[str]:
    """What `write` would change, and examples that are missing or left over; empty when all is well."""
    wanted = expected(root)
    found = [f"{path}: missing" for path in wanted if not (root / path).exists()]
    found += [
        f"{path}: differs from the contracts"
        for path, text in wanted.items()
        if (root / path).exists() and (root / path).read_text(encoding="utf-8") != text
    ]
    found += [f"{path}: belongs to no contract" for path in _left_over(root, wanted)]
    examples = {EXAMPLES / f"{event.name}.json" for event in CONTRACTS}
    present = {path.relative_to(root) for path in (root / EXAMPLES).glob("*.json")}
    found += [f"{path}: missing, to be written by hand" for path in sorted(examples - present)]
    found += [f"{path}: belongs to no contract" for path in sorted(present - examples)]
    return found


def breaks(root: Path = ROOT) -> list[str]:
    """What the models break of the schemas on disk."""
    found = []
    wanted = expected(root)
    for path in sorted((root / SCHEMAS).glob("*.json")):
        relative = path.relative_to(root)
        if relative not in wanted:
            found.append(f"{relative.stem}: removed")
            continue
        old = json.loads(path.read_text(encoding="utf-8"))
        changes = breaking_changes(old, json.loads(wanted[relative]))
        found += [f"{relative.stem} {change}" for change in changes]
    return found


def write(root: Path = ROOT) -> list[Path]:
    """Bring the generated files up to date; those that changed."""
    wanted = expected(root)
    changed = _left_over(root, wanted)
    for path in changed:
        (root / path).unlink()
    for path, text in wanted.items():
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _left_over(root: Path, wanted: dict[Path, str]) -> list[Path]:
    present = [path for folder in (SCHEMAS, ASYNCAPI) for path in (root / folder).glob("*.json")]
    return sorted(path.relative_to(root) for path in present if path.relative_to(root) not in wanted)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Exit status: 0 when the snapshots are (now) those of the contracts."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.snapshot", description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    parser.add_argument("--accept-breaks", action="store_true", help="only for types nobody consumes yet")
    options = parser.parse_args(arguments)
    if options.command == "check":
        problems = differences(root)
        _say(problems)
        return 1 if problems else 0
    broken = breaks(root)
    _say(broken)
    if broken and not options.accept_breaks:
        _say(["nothing written: these changes need a new major version of the type"])
        return 1
    _say([f"{path}: written" for path in write(root)])
    return 0


def _say(lines: list[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
