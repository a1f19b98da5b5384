"""Committed versions of the snapshots, read from git: what was once published stays a promise."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


class NoHistory(Exception):
    """This is not a git checkout, or git is not installed."""


@dataclass(frozen=True, slots=True)
class Version:
    """One content a file once had; `blob` is git's id of it."""

    name: str
    blob: str
    text: str


def versions(root: Path, folder: Path) -> list[Version]:
    """Every distinct content that the JSON files of a folder have had in the commits leading to HEAD.

    Raises NoHistory. In a shallow clone the history ends where the clone does."""
    if not (root / ".git").exists():
        raise NoHistory(f"{root} is not a git checkout")
    log = _git(root, "log", "--format=", "--raw", "--no-abbrev", "--no-renames", "-m", "--", str(folder))
    found: dict[tuple[str, str], Version] = {}
    for line in log.splitlines():
        details, path = line.split("\t", 1)
        blob = details.split()[3]
        name = Path(path).stem
        if path.endswith(".json") and set(blob) != {"0"} and (name, blob) not in found:
            found[name, blob] = Version(name, blob, _git(root, "cat-file", "blob", blob))
    return list(found.values())


def environment() -> dict[str, str]:
    """Without what git tells its hooks: GIT_DIR would send every command to the repository being committed to."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no part of it comes from outside
            command, capture_output=True, check=True, encoding="utf-8", env=environment()
        )
    except FileNotFoundError as error:
        raise NoHistory("git is not installed") from error
    except subprocess.CalledProcessError as error:
        raise NoHistory(error.stderr.strip()) from error
    return done.stdout
