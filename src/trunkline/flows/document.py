"""A centre file as plain values, to be compared and shown: with every default filled in, and as it was written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from trunkline.core.centre import Centre
from trunkline.core.hours import Dates, EachYear, MonthDay
from trunkline.flows.centre import written_centre
from trunkline.flows.problem import Problem, Severity
from trunkline.flows.source import MOST_BYTES, Node, read

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a centre file says. `values` holds every key that there is, `given` only those that were written."""

    values: Mapping[str, Any]
    given: Mapping[str, Any]
    centre: Centre


def bytes_of(path: Path) -> bytes | Problem:
    """Return what a file holds, as far as it can be a centre; or why it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        return Problem(str(path), 1, 1, Severity.ERROR, "file", f"cannot be read: {error.strerror or error}")


def mark_of(path: Path) -> tuple[int, int] | None:
    """Return when a file was last written and how long it is; None when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def document_of(data: bytes, file: str) -> tuple[Document | None, list[Problem]]:
    """Return what a file's bytes say, or None with every problem of them."""
    written, problems = written_centre(data, file)
    if written is None:
        return None, problems
    return Document(plain(written), plain(written, given=True), written.centre()), problems


def loose_values(text: str) -> Mapping[str, Any]:
    """Return the keys and values of a text that need not be a centre by today's rules; empty when it is no YAML."""
    root, _ = read(text.encode()[: MOST_BYTES + 1], "")
    return root.value if root is not None and isinstance(root.value, dict) else {}


def places_of(text: str) -> Mapping[tuple[int, int], Place]:
    """Return to what each place of a text (line and column, from 1) belongs: the way by keys and positions."""
    root, _ = read(text.encode(), "")
    found: dict[tuple[int, int], Place] = {}
    ahead: list[tuple[Place, Node]] = [((), root)] if root is not None else []
    while ahead:
        way, node = ahead.pop()
        # What begins at one place is told of by the innermost.
        found[node.line, node.column] = max(way, found.get((node.line, node.column), ()), key=len)
        for key, named in node.keys.items():
            found[named.line, named.column] = (*way, key)
        ahead += [((*way, key), part) for key, part in node.parts.items()]
    return found


def written(value: Any) -> Any:
    """Return a value as a centre file has it: lengths of time as `20s`, dates as `2026-12-25` and `12-24..01-01`."""
    if value is None or isinstance(value, bool | int | float):
        return value
    match value:
        case timedelta():
            text = _length(value)
        case Dates(first, last):
            text = f"{first.isoformat()}..{last.isoformat()}"
        case EachYear(first, last):
            text = _each_year(first) if first == last else f"{_each_year(first)}..{_each_year(last)}"
        case date():
            text = value.isoformat()
        case Enum():
            text = str(value.value)
        case _:
            text = str(value)
    return text


def plain(value: Any, *, given: bool = False) -> Any:
    """Return a record, with all that is in it, as JSON; `given`: without what holds by default."""
    if isinstance(value, BaseModel):
        # In the order of the record, so that the order in which keys were written is no difference.
        names = [name for name in type(value).model_fields if not given or name in value.model_fields_set]
        return {name: plain(getattr(value, name), given=given) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(each, given=given) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, given=given) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(each, given=given) for each in value)
    return written(value)


def _length(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    # `24h`, not `1d`: days are for rests only.
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds > size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _each_year(day: MonthDay) -> str:
    return f"{day[0]:02}-{day[1]:02}"
