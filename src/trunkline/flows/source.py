"""YAML into plain values that remember their places; whatever YAML allows and we do not is a problem, never a surprise.

Built on ruamel.yaml's event stream, not its objects: nothing is constructed, anchors cannot multiply, and numbers keep
the digits that were written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import Reader, ReaderError

from trunkline.flows.events import MISHAPS, events
from trunkline.flows.problem import Problem, Severity

MOST_BYTES = 1_000_000
MOST_DEPTH = 12
MOST_PROBLEMS = 100
_UNWRITTEN = ("languages",)
"""Parts of records that no file has: `say: {es: Hola}` is kept as `say languages es`."""
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_FRACTION = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_LOOK_AT = "check quotes, colons and indentation"
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, signs that turn the direction of writing, and halves of characters: no file means them."""
_VANISHING = re.compile(r'(?P<before>^\s*|[{,]\s*|-\s+)(?:(?P<key>[#*])\s*:(?=\s|$)|(?:key|"key"):\s*(?P<value>[#*]))')


@dataclass(slots=True)
class Node:
    """A value and its place. `parts` and `keys` hold the places of what is inside it."""

    line: int
    column: int
    value: object = None
    parts: dict[str | int, "Node"] = field(default_factory=dict)
    keys: dict[str | int, "Node"] = field(default_factory=dict)

    def reach(self, loc: tuple[str | int, ...]) -> tuple["Node", tuple[str | int, ...]]:
        """Return the deepest node on the way to `loc`, and how far that way goes in the file."""
        node, gone = self, 0
        loc = tuple(part for part in loc if part not in _UNWRITTEN or part in node.parts)
        for part in loc:
            if part not in node.parts:
                break
            node, gone = node.parts[part], gone + 1
        return node, loc[:gone]


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """Reading must stop; the problems found so far say why."""


class _Reader:
    """Builds one tree from one file's events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.block_lines: set[int] = set()
        self._open: list[tuple[Node, Node | None]] = []
        """The containers around the present place, each with the key whose value comes next."""
        self._documents = 0

    def problem(self, at: Node, code: str, message: str, hint: str = "") -> None:
        """Note an error."""
        self.problems.append(Problem(self.file, at.line, at.column, Severity.ERROR, code, message, hint))

    def take(self, event: Event) -> None:
        """Take the next event; raises _Unreadable when there is no sense in going on."""
        mark = event.start_mark
        node = Node(mark.line + 1, mark.column + 1)
        match event:
            case ScalarEvent():
                self._refuse_marks(event, node)
                if event.end_mark.line > mark.line:
                    self.block_lines.update(range(mark.line + 2, event.end_mark.line + 2))
                node.value = self._scalar(event, node)
                self._place(node)
            case DocumentStartEvent():
                self._documents += 1
                if event.version or event.tags:
                    self.problem(Node(1, 1), "directive", "lines that begin with % are not for flows", "remove them")
                if self._documents > 1:
                    self.problem(node, "documents", "a file holds one document; everything from here on is ignored")
                    raise _Unreadable
            case MappingStartEvent() | SequenceStartEvent():
                self._refuse_marks(event, node)
                node.value = {} if isinstance(event, MappingStartEvent) else []
                self._place(node)
                self._open.append((node, None))
                if len(self._open) > MOST_DEPTH:
                    self.problem(node, "depth", f"nested more than {MOST_DEPTH} deep", "nothing in a flow is so deep")
                    raise _Unreadable
            case MappingEndEvent() | SequenceEndEvent():
                self._open.pop()
            case AliasEvent():
                self.problem(node, "alias", f"*{event.anchor} is an alias, which flows do not have", "write it out")
                self._place(node)

    def _refuse_marks(self, event: MappingStartEvent | SequenceStartEvent | ScalarEvent, node: Node) -> None:
        """Note anchors and tags."""
        if event.anchor:
            self.problem(node, "anchor", f"&{event.anchor} is an anchor, which flows do not have", "remove it")
        if event.tag:
            self.problem(
                node,
                "tag",
                f"{str(event.tag).replace('tag:yaml.org,2002:', '!!')} is a tag, which flows do not have",
                "remove it",
            )

    def _scalar(self, event: ScalarEvent, node: Node) -> object:
        """Return a scalar's value: only what is unquoted can be anything but text."""
        text = str(event.value)
        if unseen := _UNSEEN.search(text):
            what = f"U+{ord(unseen[0]):04X} is a character that nobody can see or say"
            self.problem(node, "character", what, "remove it")
            text = _UNSEEN.sub(" ", text)
        if event.style or event.tag:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > 1 and text.startswith("0"):
                self.problem(node, "number", f"{text} without quotes is the number {int(text)}", f'write "{text}"')
                return text
            return int(text)
        return float(text) if _FRACTION.fullmatch(text) else text

    def _place(self, node: Node) -> None:
        """Put a node where it belongs: the root, an item, a key, or a key's value."""
        if not self._open:
            self.root = node
            return
        parent, key = self._open[-1]
        if isinstance(parent.value, list):
            parent.parts[len(parent.value)] = node
            parent.value.append(node.value)
        elif key is None:
            self._open[-1] = (parent, node)
        else:
            self._open[-1] = (parent, None)
            self._entry(parent, key, node)

    def _entry(self, parent: Node, key: Node, node: Node) -> None:
        """Put a key and its value into a mapping."""
        name = key.value
        if isinstance(name, int | float) and not isinstance(name, bool):
            self.problem(key, "number", f"{name}: without quotes is a number", f'write "{name}":')
        elif not isinstance(name, str):
            self.problem(key, "key", "a key must be a name", "write a plain word before the colon")
            return
        text = str(name)
        if text == "<<":
            self.problem(key, "merge", "<< copies other keys for YAML, which flows do not have", "write them out")
            return
        if text in parent.keys:
            first = parent.keys[text].line
            self.problem(key, "duplicate", f'"{text}" is here twice, first on line {first}', "remove one, or rename it")
            return
        parent.keys[text], parent.parts[text] = key, node
        assert isinstance(parent.value, dict)  # noqa: S101 - for mypy: only mappings come here
        parent.value[text] = node.value


def read(data: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """Read a file's bytes; None when it holds nothing usable, which the problems then explain. Never raises."""
    reader = _Reader(file)
    start = Node(1, 1)
    text = _decoded(data, reader)
    if text is None:
        return None, reader.problems
    complaint: tuple[Node, str, str] | None = None
    try:
        for event in events(text):
            reader.take(event)
    except _Unreadable:
        reader.root = None
    except YAMLError as error:
        reader.root = None
        complaint = _complaint(error, text)
    except MISHAPS:
        reader.root = None
        complaint = (start, "this is not YAML", _LOOK_AT)
    vanishing = list(_vanishing(text, file, reader.block_lines))
    if complaint and not vanishing:
        reader.problem(complaint[0], "yaml", *complaint[1:])
    elif reader.root is None and not reader.problems and not vanishing:
        reader.problem(start, "empty", "the file is empty")
    return reader.root, _cut(sorted([*reader.problems, *vanishing]), file)


def _decoded(data: bytes, reader: _Reader) -> str | None:
    """Return the text, None when it is too long or not UTF-8."""
    start = Node(1, 1)
    if len(data) > MOST_BYTES:
        reader.problem(start, "size", f"the file is larger than {MOST_BYTES // 1_000_000} MB", "make several flows")
        return None
    if b"\0" in data[:4]:
        reader.problem(start, "encoding", "this is not UTF-8: it looks like UTF-16 or UTF-32", "save the file as UTF-8")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reader.problem(Node(line, 1), "encoding", "this line is not UTF-8", "save the file as UTF-8")
        return None


def _complaint(error: YAMLError, text: str) -> tuple[Node, str, str]:
    """Return where YAML's own grammar is broken, how, and what to do."""
    if isinstance(error, ReaderError):
        # Its position counts from where it began to look.
        at = next((found.start() for found in Reader.NON_PRINTABLE.finditer(text)), 0)
        line = text.count("\n", 0, at)
        where = Node(line + 1, at - text.rfind("\n", 0, at))
        return where, f"U+{ord(text[at]):04X} is a character that cannot be in a file", "remove it"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or "this is not YAML"
    return (Node(mark.line + 1, mark.column + 1) if mark else Node(1, 1)), f"this is not YAML: {what}", _LOOK_AT


def _vanishing(text: str, file: str, inside: set[int]) -> Iterator[Problem]:
    """Find unquoted # and * where a telephone key is meant: YAML drops the one and takes the other for an alias."""
    for number, line in enumerate(text.splitlines(), start=1):
        if number in inside or ("#" not in line and "*" not in line):
            continue
        match = _VANISHING.search(line)
        if match is None:
            continue
        key = match["key"] or match["value"]
        group = "key" if match["key"] else "value"
        fate = "begins a comment and vanishes" if key == "#" else "is an alias for YAML"
        cure = f'"{key}":' if group == "key" else f'key: "{key}"'
        column = match.start(group) + 1
        yield Problem(file, number, column, Severity.ERROR, "quotes", f"{key} without quotes {fate}", f"write {cure}")


def _cut(problems: list[Problem], file: str) -> list[Problem]:
    """Keep the first hundred problems."""
    if len(problems) <= MOST_PROBLEMS:
        return problems
    last = problems[MOST_PROBLEMS - 1]
    more = f"and {len(problems) - MOST_PROBLEMS} more problems"
    return [*problems[:MOST_PROBLEMS], Problem(file, last.line, last.column, Severity.ERROR, "more", more)]
