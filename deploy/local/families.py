"""A process and everything it has started. Linux only (`/proc`)."""

from pathlib import Path


def family(pid: int) -> list[int]:
    """`pid` and its descendants that run now, parents first; nothing where it does not run."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid] if _parent(Path(f"/proc/{pid}")) is not None else []
    for member in found:  # it grows while it is gone through
        found += sorted(children.get(member, ()))
    return found


def _parent(entry: Path) -> int | None:
    """None for what has ended; a zombie has."""
    try:
        stat = (entry / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the name in brackets and may itself hold spaces and brackets.
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state in "ZXx" else int(parent)
