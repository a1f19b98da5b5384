"""How far the workers of a fleet are, asked of their health servers."""

from collections.abc import Iterable, Sequence
from typing import Any

import httpx

Progress = dict[str, Any]
"""What `/progress` of a worker answers."""


async def progress_of(client: httpx.AsyncClient, url: str) -> Progress | None:
    """None where the worker does not answer, or does not know."""
    try:
        answer = await client.get(f"{url}/progress")
    except httpx.TransportError:
        return None
    found: Progress | None = answer.json() if answer.status_code == 200 else None
    return found


def at_rest(members: Sequence[Progress | None]) -> bool:
    """Whether the workers of one service have published everything and applied everything."""
    told = [member for member in members if member is not None]
    if not told or len(told) < len(members):
        return False
    if any(member["unpublished"] for member in told):
        return False
    consumers: dict[str, list[dict[str, Any]]] = {}
    for member in told:
        for consumer in member["consumers"]:
            consumers.setdefault(consumer["name"], []).append(consumer)
    return all(_group_at_rest(group) for group in consumers.values())


def _group_at_rest(group: Iterable[dict[str, Any]]) -> bool:
    """Each partition is somebody's, and nobody has anything to do. Idle members are none's obstacle."""
    group = list(group)
    held = sum(member["partitions"] for member in group)
    return held == group[0]["of"] and all(
        member["lag"] == 0 and member["consuming"] and not member["retrying"] for member in group
    )
