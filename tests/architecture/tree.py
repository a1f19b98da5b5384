"""The source as the architecture tests read it: files under version control, parsed modules, the five specs."""

import ast
import functools
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.gateway.settings import SERVICES
from deploy.local.services import SPECS
from shared.contracts.history import environment
from shared.service import ServiceSpec

ROOT = Path(__file__).parents[2]
SPEC_OF: dict[str, ServiceSpec] = {spec.name: spec for spec in SPECS}

EACH_SERVICE = pytest.mark.parametrize("service", SERVICES)


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed source file; `path` is relative to the root."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return ".".join(self.path.with_suffix("").parts)

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Files under version control and those about to be: all that is not ignored."""
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    command.append("--exclude-standard")
    found = subprocess.run(command, check=True, capture_output=True, env=environment()).stdout.decode()
    return tuple(sorted(Path(name) for name in set(found.split("\0")) if name and (ROOT / name).is_file()))


@functools.cache
def modules(*folders: str) -> tuple[Module, ...]:
    """The Python files below these folders, generated migrations left out."""
    return tuple(
        parsed(path)
        for path in tracked()
        if path.suffix == ".py" and path.parts[0] in folders and "versions" not in path.parts
    )


@functools.cache
def parsed(path: Path) -> Module:
    text = (ROOT / path).read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text))


def called(call: ast.Call) -> str:
    """The dotted name of what is called, as far as it is one: `datetime.now`, `.commit` after anything else."""
    parts: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))
