"""Running a program to its end in bounded time; what it said is what an error says."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_SHOWN_CHARACTERS = 4000


class CommandFailed(RuntimeError):
    """A program ended with an error or not in time; the message holds the end of what it said."""


def run(
    command: Sequence[str | Path],
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """What it wrote to standard output. Raises CommandFailed."""
    shown = " ".join(map(str, command))[:300]
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise CommandFailed(f"{command[0]} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(f"not done within {timeout:.0f} s: {shown}") from error
    if done.returncode != 0:
        said = f"{done.stdout}\n{done.stderr}".strip()[-_SHOWN_CHARACTERS:]
        raise CommandFailed(f"{shown} ended with {done.returncode}:\n{said}")
    return done.stdout
