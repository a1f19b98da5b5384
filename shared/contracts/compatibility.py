"""Whether a changed payload schema still keeps the promise of its major version. Pure; knows no file and no event."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = {
    "$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples", "readOnly",
    "title", "writeOnly",
}  # fmt: skip
_STRUCTURE = {"type", "enum", "properties", "required", "additionalProperties", "items"}
_ABSENT = object()


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What of `new` breaks the contract `old`, one line each; empty when only optional properties were added.

    Both directions count. Consumers that know only `old` read what is published under `new`, so nothing may
    go away or become wider; topics keep everything, so what was published under `old` must stay valid under
    `new`, and nothing may become narrower. A keyword this function does not know may not change at all."""
    return list(_Comparison(old, new).compare("", dict(old), dict(new)))


class _Comparison:
    """One walk through both documents; its generators must be read to their end."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old = old
        self._new = new
        self._open: set[tuple[int, int]] = set()

    def compare(self, path: str, old: Any, new: Any) -> Iterator[str]:
        """Differences between two subschemas at a place in the instance."""
        pair = (id(old), id(new))
        if pair in self._open:
            return  # a recursive model: this pair is being compared further up
        self._open.add(pair)
        resolved_old, resolved_new = _resolve(self._old, old), _resolve(self._new, new)
        before, after = resolved_old.get("default", _ABSENT), resolved_new.get("default", _ABSENT)
        if before != after:
            yield f"{_at(path)}: default changed, and with it the meaning of its absence"
        yield from self._compare_unions(path, self._branches(self._old, old), self._branches(self._new, new))
        self._open.discard(pair)

    def _branches(self, root: Mapping[str, Any], schema: Any) -> list[Schema]:
        """The alternatives of a schema, each with the keywords that stand beside them."""
        resolved = _resolve(root, schema)
        for keyword in ("anyOf", "oneOf"):
            if keyword in resolved:
                rest = {name: value for name, value in resolved.items() if name != keyword}
                inner = [self._branches(root, branch) for branch in resolved[keyword]]
                return [{**rest, **branch} for branches in inner for branch in branches]
        if isinstance(resolved.get("type"), list):
            return [{**resolved, "type": name} for name in resolved["type"]]
        return [resolved]

    def _compare_unions(self, path: str, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        gone, come = [], list(new)
        for branch in old:
            match = next(
                (other for other in come if not list(self._compare_plain(path, branch, other))), None
            )
            if match is None:
                gone.append(branch)
            else:
                come.remove(match)
        if len(gone) == len(come) == 1:
            yield from self._compare_plain(path, gone[0], come[0])
            return
        for branch in gone:
            yield f"{_at(path)}: {_name(branch)} is no longer allowed"
        for branch in come:
            yield f"{_at(path)}: {_name(branch)} is allowed now, which today's consumers refuse"

    def _compare_plain(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        if _kind(old) != _kind(new):
            yield f"{_at(path)}: {_kind(old)} became {_kind(new)}"
            return
        yield from _compare_values(path, _values(old), _values(new))
        yield from self._compare_objects(path, old, new)
        for keyword, place in (("items", "*"), ("additionalProperties", "*")):
            if keyword in old or keyword in new:
                before, after = old.get(keyword, True), new.get(keyword, True)
                yield from self.compare(f"{path}/{place}", before, after)
        for keyword in sorted((old.keys() | new.keys()) - _STRUCTURE - _ANNOTATIONS - {"const"}):
            before, after = old.get(keyword, _ABSENT), new.get(keyword, _ABSENT)
            if before != after:
                yield f"{_at(path)}: {keyword} {_shown(before)} became {_shown(after)}"

    def _compare_objects(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            where = f"{path}/{name}"
            if name not in after:
                yield f"{where}: removed"
                continue
            yield from self.compare(where, before[name], after[name])
            if name in needed_before - needed_after:
                yield f"{where}: may be missing now"
            elif name in needed_after - needed_before:
                yield f"{where}: became required"
        open_before = old.get("additionalProperties", True) is True
        for name in sorted(after.keys() - before.keys()):
            if name in needed_after:
                yield f"{path}/{name}: new and required"
            elif not open_before:
                yield f"{path}/{name}: new where today's consumers allow no other properties"


def _resolve(root: Mapping[str, Any], schema: Any) -> Schema:
    """Follow `$ref` and a lone `allOf`; keywords beside them win."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    found: Schema = dict(schema)
    while "$ref" in found or len(found.get("allOf", ())) == 1:
        target: Any = (
            _lookup(root, found.pop("$ref")) if "$ref" in found else _resolve(root, found.pop("allOf")[0])
        )
        found = {**target, **found}
    return found


def _lookup(root: Mapping[str, Any], reference: str) -> Any:
    if not reference.startswith("#/"):
        raise ValueError(f"only references within the document can be followed, not {reference}")
    found: Any = root
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _compare_values(path: str, old: list[Any] | None, new: list[Any] | None) -> Iterator[str]:
    if old is None or new is None:
        if old is not new:
            yield f"{_at(path)}: enumeration {'added' if old is None else 'removed'}"
        return
    for value in old:
        if value not in new:
            yield f"{_at(path)}: value {_shown(value)} is no longer allowed"
    for value in new:
        if value not in old:
            yield f"{_at(path)}: value {_shown(value)} is allowed now, which today's consumers refuse"


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _kind(schema: Schema) -> str:
    if schema.get("not") == {}:
        return "nothing"
    return str(schema.get("type", "anything"))


def _name(schema: Schema) -> str:
    return str(schema.get("title") or _kind(schema))


def _shown(value: Any) -> str:
    return "(none)" if value is _ABSENT else repr(value)


def _at(path: str) -> str:
    return path or "/"
