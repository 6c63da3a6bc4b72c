"""What is different between two documents of plain values (JSON), in terms of their keys, and making it so.

A list whose items all carry a code, an id or a name of their own is gone over by these, not by its positions.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Path = tuple[str, ...]
_IDENTITIES = ("code", "id", "name")


class Kind(StrEnum):
    """What happened to a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The same keys in another order; `before` and `after` are the keys."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is other; `path` leads to it by keys. `before` of what was added is None."""

    path: Path
    kind: Kind
    before: Any = None
    after: Any = None


def identity(items: Sequence[Any]) -> str | None:
    """Return by which key the items of a list are told apart, None when by their places only."""
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for name in _IDENTITIES:
        own = [item.get(name) for item in items]
        if all(isinstance(each, str) for each in own) and len(set(own)) == len(own):
            return name
    return None


def differences(old: Any, new: Any, path: Path = ()) -> list[Difference]:
    """Return what turns `old` into `new`, by path; empty when they mean the same."""
    before, after = _entries(old, new)
    if before is None or after is None:
        same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
        return [] if same else [Difference(path, Kind.CHANGED, old, new)]
    found = [Difference((*path, key), Kind.REMOVED, before[key]) for key in before if key not in after]
    for key in before:
        if key in after:
            found += differences(before[key], after[key], (*path, key))
    found += [Difference((*path, key), Kind.ADDED, None, after[key]) for key in after if key not in before]
    kept = [key for key in before if key in after]
    if isinstance(new, Mapping):
        # Where a new key stands among those of a mapping says nothing.
        moved = kept != [key for key in after if key in before]
    else:
        moved = [*kept, *(key for key in after if key not in before)] != list(after)
    if moved:
        found.append(Difference(path, Kind.MOVED, list(before), list(after)))
    return found


def applied(old: Any, found: Sequence[Difference]) -> Any:
    """Return a document with differences made; they must be such as `differences` found on this very document."""
    document = copy.deepcopy(old)
    for each in found:
        if not each.path:
            document = _put_in_order(document, each.after) if each.kind is Kind.MOVED else copy.deepcopy(each.after)
            continue
        holder = document
        for key in each.path[:-1]:
            holder = _inside(holder, key)
        _apply(holder, each)
    return document


def _entries(old: Any, new: Any) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Return two values by their keys; None for both when one of them has to be taken as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old, new
    if isinstance(old, list) and isinstance(new, list):
        name = identity(old)
        if name is not None and name == identity(new):
            return {item[name]: item for item in old}, {item[name]: item for item in new}
    return None, None


def _inside(holder: Any, key: str) -> Any:
    return holder[key] if isinstance(holder, dict) else holder[_place(holder, key)]


def _place(items: list[Any], key: str) -> int:
    name = identity(items)
    return next(at for at, item in enumerate(items) if name is not None and item[name] == key)


def _apply(holder: Any, each: Difference) -> None:
    key = each.path[-1]
    if each.kind is Kind.REMOVED:
        del holder[key if isinstance(holder, dict) else _place(holder, key)]
    elif each.kind is Kind.ADDED and isinstance(holder, list):
        holder.append(copy.deepcopy(each.after))
    else:
        at = key if isinstance(holder, dict) else _place(holder, key)
        holder[at] = _put_in_order(holder[at], each.after) if each.kind is Kind.MOVED else copy.deepcopy(each.after)


def _put_in_order(value: Any, keys: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {key: value[key] for key in keys}
    return [value[_place(value, key)] for key in keys]
