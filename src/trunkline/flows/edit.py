"""Changes to a YAML text by its keys: what is not touched stays as it was written, comments, order and layout.

The places of all parts come from ruamel.yaml's events; only the text of what changes is written anew. What came out is
read again and compared with what was meant: an edit is as asked, or refused.
"""

import copy
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from trunkline.core.difference import identity
from trunkline.core.errors import Rejected
from trunkline.flows.events import events
from trunkline.flows.source import read

Way = tuple[str, ...]
_LINE_ENDS = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_LONGEST_LINE = 100
_STEP = 2
_PLAIN = re.compile(r"[^\W\d][\w .'()/&+@-]*(?<! )|[0-9]{1,6}[smhd]")
# Several lines of what everybody can see, the first and the last of them not empty.
_LITERAL = re.compile(r"(?![ \t])[^\S\n]*\S[^\n]*(\n[^\n]*)*\n[^\n]*\S")
_NOT_PLAIN = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class CannotEdit(Rejected):
    """The text cannot be changed so, piece by piece."""


@dataclass(frozen=True, slots=True)
class Put:
    """Put a value (JSON) at the end of a way of keys; the items of a list are named by their code, id or name."""

    way: Way
    value: Any


@dataclass(frozen=True, slots=True)
class Remove:
    """Take out what is there."""

    way: Way


@dataclass(frozen=True, slots=True)
class Order:
    """Put the entries of a mapping, or of a list, into this order of their keys."""

    way: Way
    keys: tuple[str, ...]


Edit = Put | Remove | Order


@dataclass(slots=True)
class _Part:
    """A value in the text: from `start` to `end`, behind its key's colon at `lead`.

    `own` is where each entry begins: its key, or (without its dash) an item.
    """

    start: int
    end: int
    column: int
    lead: int
    sort: str = "scalar"
    flow: bool = False
    indent: int | None = None
    """Where lines of its own would begin; None where it stands between brackets."""
    names: list[str] = field(default_factory=list)
    own: list["_Part"] = field(default_factory=list)
    parts: list["_Part"] = field(default_factory=list)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with the edits made one after the other; raises CannotEdit."""
    value = _value(text)
    for edit in edits:
        try:
            meant = _meant(value, edit)
        except (LookupError, TypeError):
            raise CannotEdit(f"there is no {' '.join(edit.way)} (any more)") from None
        text, value = _as_meant(text, value, edit, meant)
    return text


def _as_meant(text: str, value: Any, edit: Edit, meant: Any) -> tuple[str, Any]:
    """Return the text with an edit made, and what it says now: texts of several lines as such, if that comes true."""
    for literal in (True, False):
        editor = _Editor(text, value, literal=literal)
        made = editor.made(edit)
        now, _ = read(made.encode(), "")
        if now is not None and json.dumps(now.value) == json.dumps(meant):
            return made, now.value
        if literal and not editor.wrote_literally:
            break
    raise CannotEdit(f"{' '.join(edit.way)} is written in a way that cannot be changed here: edit the text")


def _value(text: str) -> Any:
    root, problems = read(text.encode(), "")
    if root is None:
        raise CannotEdit(f"the text cannot be read: {problems[0].message}")
    return root.value


# --- what is meant, in plain values ---


def _meant(value: Any, edit: Edit) -> Any:
    value = copy.deepcopy(value)
    if isinstance(edit, Order):
        holder, last = (value, edit.way[-1]) if edit.way else ({"": value}, "")
        for key in edit.way[:-1]:
            holder = holder[_key(holder, key)]
        last_key = _key(holder, last)
        holder[last_key] = _ordered(holder[last_key], edit.keys)
        return value if edit.way else holder[""]
    if not edit.way:
        raise CannotEdit("say what is to be changed")
    holder = value
    for at, key in enumerate(edit.way[:-1]):
        if isinstance(edit, Put) and isinstance(holder, dict) and holder.get(key) is None:
            holder[key] = _nested(edit.way[at + 1 :], edit.value)
            return value
        holder = holder[_key(holder, key)]
    return _meant_at(value, holder, edit)


def _meant_at(value: Any, holder: Any, edit: Put | Remove) -> Any:
    if isinstance(edit, Remove):
        del holder[_key(holder, edit.way[-1])]
    elif isinstance(holder, list) and edit.way[-1] not in _names(holder):
        holder.append(edit.value)
    else:
        holder[_key(holder, edit.way[-1])] = edit.value
    return value


def _key(holder: Any, key: str) -> Any:
    if isinstance(holder, dict):
        return key
    names = _names(holder) if isinstance(holder, list) else []
    if key not in names:
        raise CannotEdit(f"there is no {key} there (any more)")
    return names.index(key)


def _names(items: list[Any]) -> list[str]:
    """Return the names of a list's items; of a list whose items have none, their places."""
    by = identity(items)
    return [item[by] for item in items] if by is not None else [str(at) for at in range(len(items))]


def _ordered(value: Any, keys: Sequence[str]) -> Any:
    present = list(value) if isinstance(value, dict) else _names(value) if isinstance(value, list) else None
    if present is None or sorted(present) != sorted(keys):
        raise CannotEdit("an order names every entry once")
    return {key: value[key] for key in keys} if isinstance(value, dict) else [value[present.index(k)] for k in keys]


def _nested(way: Way, value: Any) -> Any:
    for key in reversed(way):
        value = {key: value}
    return value


# --- what is written ---


class _Editor:
    """Makes one edit in one text."""

    def __init__(self, text: str, values: Any, *, literal: bool) -> None:
        self._text = text
        self._end_of_line = "\r\n" if "\r\n" in text else "\n"
        self._root = _parts(text)
        self._values = values
        self._literal = literal
        self.wrote_literally = False

    def made(self, edit: Edit) -> str:
        """Return the text with the edit in it."""
        part, value, left = self._reach(edit.way)
        if isinstance(edit, Order):
            return self._in_order(part, [self._index(part, value, key) for key in edit.keys])
        if isinstance(edit, Remove):
            holder, inside, _ = self._reach(edit.way[:-1])
            return self._removed(holder, self._index(holder, inside, edit.way[-1]))
        if not left:
            return self._replaced(part, edit.value)
        new = _nested(left[1:], edit.value)
        if value is None or (not part.parts and part.sort != "scalar"):
            # `key:` with nothing behind it, `{}` or `[]`: the new entry is all there is.
            return self._first(
                part, new if isinstance(value, list) else {left[0]: new}, top=len(edit.way) - len(left) < 2
            )
        return self._added(part, left[0], new)

    def _reach(self, way: Way) -> tuple[_Part, Any, Way]:
        """Return the last part on a way that is there, its value, and the rest of the way."""
        part, value = self._root, self._values
        for at, key in enumerate(way):
            names = list(value) if isinstance(value, dict) else _names(value) if isinstance(value, list) else []
            if key not in names:
                return part, value, way[at:]
            index = part.names.index(key) if isinstance(value, dict) else names.index(key)
            part, value = part.parts[index], value[key if isinstance(value, dict) else index]
        return part, value, ()

    def _index(self, part: _Part, value: Any, key: str) -> int:
        return (part.names if isinstance(value, dict) else _names(value)).index(key)

    def _first(self, part: _Part, entry: Any, *, top: bool) -> str:
        """Write the only entry of what was empty: on a line of its own where its neighbours are."""
        if not top or part.sort == "list":
            return self._replaced(part, [entry] if part.sort == "list" else entry)
        return self._text[: part.lead] + self._behind_key(entry, _STEP, block=True) + self._text[part.end :]

    def _replaced(self, part: _Part, value: Any) -> str:
        """Write another value; a block that stood on lines of its own gives way to one behind its key."""
        text, start = self._text, part.start
        if part.sort != "scalar" and not part.flow and part.lead < (first := self._line_start(start)):
            # Comments above the block stay where they are.
            rest = text[part.lead : first].rstrip("\r\n")
            return f"{text[: part.lead]} {_flow(value)}{rest}{text[self._line_end(part.end) :]}"
        lead = " " if text[start - 1 : start] == ":" else ""
        if part.indent is not None and self._has_lines(value):
            # What stands behind it on its line, a comment, stays there.
            end = self._line_end(part.end)
            lines = self._behind_key(value, part.indent, rest=text[part.end : end])
            if isinstance(value, dict):
                return f"{text[: part.lead]}{lines}{text[end:]}"
            return f"{text[:start]}{lines if lead else lines[1:]}{text[end:]}"
        return text[:start] + lead + _flow(value) + text[part.end :]

    def _added(self, part: _Part, key: str, value: Any) -> str:
        entry = value if part.sort == "list" else {key: value}
        last = part.parts[-1].end
        if part.flow:
            inside = _flow(entry)
            return f"{self._text[:last]}, {inside if part.sort == 'list' else inside[1:-1]}{self._text[last:]}"
        at = self._line_end(last)
        if part.sort == "list":
            new = f"- {_flow(value)}"
        elif part.parts[-1].flow or part.parts[-1].sort == "scalar":
            new = f"{_scalar(key)}:{self._behind_key(value, part.column + _STEP)}"
        else:
            new = f"{_scalar(key)}:{self._behind_key(value, part.column + _STEP, block=True)}"
        return self._text[:at] + self._end_of_line + " " * part.column + new + self._text[at:]

    def _removed(self, part: _Part, index: int) -> str:
        text, own, end = self._text, part.own[index], part.parts[index].end
        if len(part.parts) == 1:
            return self._replaced(part, [] if part.sort == "list" else {})
        following = part.own[index + 1].start if index + 1 < len(part.own) else None
        if part.flow:
            start = own.start if following is not None else part.parts[index - 1].end
            return text[:start] + text[end if following is None else following :]
        start = self._line_start(own.start)
        before = text[start : own.start]
        if following is not None and (before.strip(" -") or (part.sort == "map" and "-" in before)):
            # It shares its line with the dash of what it is in: the next one moves up.
            return text[: own.start] + text[following:]
        stop = self._line_end(end)
        newline = _LINE_ENDS.match(text, stop)
        return text[:start] + text[newline.end() if newline else stop :]

    def _in_order(self, part: _Part, order: Sequence[int]) -> str:
        """Write the entries in another order; what stands between them stays where it is."""
        spans = [(own.start, value.end) for own, value in zip(part.own, part.parts, strict=True)]
        if not part.flow:
            spans = [(start, self._line_end(end)) for start, end in spans]
        pieces, at = [], 0
        for place, index in enumerate(order):
            pieces += [self._text[at : spans[place][0]], self._text[slice(*spans[index])]]
            at = spans[place][1]
        return "".join(pieces) + self._text[at:]

    def _behind_key(self, value: Any, indent: int, *, block: bool = False, rest: str = "") -> str:
        """Return a value behind its key, on lines of its own where it needs them; `rest` is a comment at the first."""
        several = self._has_lines(value)
        if isinstance(value, dict) and value and (block or several or len(_flow(value)) + indent > _LONGEST_LINE):
            lines = (f"{_scalar(key)}:{self._behind_key(each, indent + _STEP)}" for key, each in value.items())
            return rest + "".join(f"{self._end_of_line}{' ' * indent}{line}" for line in lines)
        if several and isinstance(value, str):
            self.wrote_literally = True
            lines = (f"{' ' * indent}{line}" if line else "" for line in value.split("\n"))
            return f" |-{rest}{self._end_of_line}{self._end_of_line.join(lines)}"
        return f" {_flow(value)}{rest}"

    def _has_lines(self, value: Any) -> bool:
        """Whether a value is, or holds behind its keys, a text of several lines that can be written as such."""
        if not self._literal:
            return False
        if isinstance(value, dict):
            return any(map(self._has_lines, value.values()))
        return isinstance(value, str) and _LITERAL.fullmatch(value) is not None

    def _line_start(self, at: int) -> int:
        ends = [match.end() for match in _LINE_ENDS.finditer(self._text, 0, at)]
        return ends[-1] if ends else 0

    def _line_end(self, at: int) -> int:
        match = _LINE_ENDS.search(self._text, at)
        return match.start() if match else len(self._text)


def _flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float) and math.isfinite(value):
        return format(value, "f").rstrip("0") + ("0" if value == int(value) else "")
    if not isinstance(value, str):
        raise CannotEdit("a value is text, a number, true or false, a list, or keys and values")
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN:
        return value
    return json.dumps(value, ensure_ascii=False)


def _parts(text: str) -> _Part:
    """Return the parts of a text that reads well."""
    starts = [0, *(match.end() for match in _LINE_ENDS.finditer(text))]
    root: _Part | None = None
    around: list[_Part] = []
    for event in events(text):
        if not isinstance(
            event, ScalarEvent | MappingStartEvent | SequenceStartEvent | MappingEndEvent | SequenceEndEvent
        ):
            continue
        start = starts[event.start_mark.line] + event.start_mark.column
        end = starts[event.end_mark.line] + event.end_mark.column
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            closed = around.pop()
            closed.end = end if closed.flow or not closed.parts else closed.parts[-1].end
            continue
        part = _Part(start, end, event.start_mark.column, start)
        if isinstance(event, ScalarEvent):
            part.end = start + len(text[start:end].rstrip())
        else:
            part.sort, part.flow = ("map" if isinstance(event, MappingStartEvent) else "list"), bool(event.flow_style)
        root = root or part
        if around:
            _place(around[-1], part, event, text)
            holder = around[-1]
            between = holder.flow or (holder.indent is None and len(around) > 1)
            part.indent = None if between or holder.sort == "list" else holder.column + _STEP
        if not isinstance(event, ScalarEvent):
            around.append(part)
    assert root is not None  # noqa: S101 - for mypy: whoever asks has read the text
    return root


def _place(holder: _Part, part: _Part, event: Any, text: str) -> None:
    if holder.sort == "list":
        holder.own.append(part)
        holder.parts.append(part)
    elif len(holder.own) == len(holder.parts):
        holder.own.append(part)
        holder.names.append(str(event.value) if isinstance(event, ScalarEvent) else "")
    else:
        part.lead = text.index(":", holder.own[-1].end) + 1
        if isinstance(event, ScalarEvent) and part.start == part.end:
            part.start = part.end = part.lead  # nothing is written there; its mark is wherever the next word begins
        holder.parts.append(part)
