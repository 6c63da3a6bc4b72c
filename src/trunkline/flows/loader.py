"""A flow file into a flow: its head, then each step by its own kind, with every mistake at its line and column."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from trunkline.flows.articles import articles_from
from trunkline.flows.expression import names
from trunkline.flows.fields import DialledNumber, Language, Name
from trunkline.flows.fields import name as checked_name
from trunkline.flows.flow import Flow
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read
from trunkline.flows.steps import KINDS
from trunkline.flows.steps.step import Step

VERSION_LENGTH = 12
MOST_GUESSES = 100
"""How many unknown kinds of step one file gets a guess for."""
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)
_KEYS_OF_STEPS = frozenset(field.alias or key for kind in KINDS.values() for key, field in kind.model_fields.items())


class Entry(BaseModel):
    """What leads into a flow."""

    model_config = _CLOSED
    numbers: tuple[DialledNumber, ...] = Field(default=(), strict=False)
    any_other_number: bool = False
    channels: tuple[Name, ...] = Field(default=(), strict=False)


class Head(BaseModel):
    """A flow file without its steps."""

    model_config = _CLOSED
    later: ClassVar[frozenset[str]] = frozenset({"channels"})

    flow: Name
    title: str | None = None
    media: Annotated[tuple[Literal["voice", "chat", "sms", "email"], ...], Field(min_length=1, strict=False)] = (
        "voice",
    )
    language: Language = "en-GB"
    languages: tuple[Language, ...] = Field(default=(), strict=False)
    entry: Entry = Entry()
    for_agents: bool = False
    start: Name

    @property
    def spoken(self) -> tuple[str, ...]:
        """Every language that the flow speaks, its main one first."""
        return tuple(dict.fromkeys((self.language, *self.languages)))


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as far as it could be read. `steps` holds the well-shaped ones; `nodes` the places of all of them."""

    file: str
    folder: Path
    node: Node | None
    head: Head | None
    steps: Mapping[str, Step]
    nodes: Mapping[str, Node]
    names: Mapping[str, Node]
    """Where each step's name is written."""
    data: bytes
    problems: tuple[Problem, ...]

    @property
    def version(self) -> str:
        """The short hash of the file's bytes."""
        return hashlib.sha256(self.data).hexdigest()[:VERSION_LENGTH]

    def flow(self) -> Flow | None:
        """Return the flow when every part of it is well shaped; whether it makes sense, `check` says."""
        head = self.head
        if head is None or self.steps.keys() != self.nodes.keys():
            return None
        return Flow(
            name=head.flow,
            title=head.title or head.flow,
            version=self.version,
            media=head.media,
            language=head.language,
            numbers=head.entry.numbers,
            any_other_number=head.entry.any_other_number,
            channels=head.entry.channels,
            start=head.start,
            steps=self.steps,
            languages=head.spoken,
            articles=articles_from(self.folder, self._told()),
            reads_customer=any(
                name.path[0] == "customer"
                for step in self.steps.values()
                for _, expression in step.reads()
                for name in names(expression)
            ),
            for_agents=head.for_agents,
            inner=frozenset(m.name for step in self.steps.values() for m in step.mentions() if m.noun == "flow"),
        )

    def _told(self) -> list[str]:
        """Return the articles that the steps tell."""
        return [m.name for step in self.steps.values() for m in step.mentions() if m.noun == "article"]


def draft_of(data: bytes, file: str, folder: Path = Path()) -> Draft:
    """Read a flow file's bytes. Never raises: whatever is wrong is in the draft's problems."""
    root, problems = read(data, file)
    if root is None or not isinstance(root.value, dict):
        if root is not None:
            problems.append(_error(file, root, "shape", "a flow is keys and values", 'begin with "flow: name"'))
        return Draft(file, folder, None, None, {}, {}, {}, data, tuple(problems))
    steps_node = root.parts.get("steps")
    top = Node(root.line, root.column, {k: v for k, v in root.value.items() if k != "steps"}, root.parts, root.keys)
    head, found = shaped(Head, top, file)
    problems += found
    steps: dict[str, Step] = {}
    nodes: dict[str, Node] = {}
    names: dict[str, Node] = {}
    if steps_node is None:
        problems.append(_error(file, root, "missing", 'needs the key "steps"'))
    elif not isinstance(steps_node.value, dict) or not steps_node.value:
        problems.append(_error(file, steps_node, "shape", "steps must be keys and values", "name each step"))
    else:
        kinds = Guesser(sorted(KINDS), most=MOST_GUESSES)
        for key, name_node in steps_node.keys.items():
            name, node = str(key), steps_node.parts[key]
            nodes[name], names[name] = node, name_node
            step, found = _step(name, name_node, node, file, kinds)
            problems += found
            if step is not None:
                steps[name] = step
    return Draft(file, folder, root, head, steps, nodes, names, data, tuple(problems))


def draft_from(path: Path) -> Draft:
    """Read a flow file from disk; one that cannot be read is a draft with that problem."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        problem = _error(str(path), Node(1, 1), "file", f"cannot be read: {error.strerror or error}")
        return Draft(str(path), path.parent, None, None, {}, {}, {}, b"", (problem,))
    return draft_of(data, str(path), path.parent)


def _step(name: str, name_node: Node, node: Node, file: str, kinds: Guesser) -> tuple[Step | None, list[Problem]]:
    """Read one step by its kind."""
    try:
        checked_name(name)
    except ValueError as error:
        return None, [_error(file, name_node, "name", f"step {error}")]
    if not isinstance(node.value, dict):
        message = f'step "{name}" must be keys and values'
        return None, [_error(file, name_node, "shape", message, f"the first key says what it does: {_kinds()}")]
    found = [str(key) for key in node.keys if key in KINDS]
    kind = _kind(found)
    if kind is None:
        return None, [_unclear_kind(name_node, node, found, file, kinds)]
    placed = Node(name_node.line, name_node.column, node.value, node.parts, node.keys)
    return shaped(KINDS[kind], placed, file, f'{kind} "{name}": ')


def _kind(found: list[str]) -> str | None:
    """Return the kind among a step's keys: the one that knows all the others as keys of its own."""
    for kind in found:
        others = set(found) - {kind}
        if others <= set(KINDS[kind].model_fields):
            return kind
    return None


def _unclear_kind(name_node: Node, node: Node, found: list[str], file: str, kinds: Guesser) -> Problem:
    """Say that a step does nothing we know, or two things at once."""
    name = name_node.value
    if found:
        message = f'step "{name}" is both {" and ".join(found)}'
        return _error(file, node.keys[found[1]], "two-kinds", message, "make two steps of it")
    odd = [str(key) for key in node.keys if key not in _KEYS_OF_STEPS]
    guess = next((hint for key in odd[:5] if (hint := kinds.hint(key))), "")
    message = f'step "{name}": no key says what it does'
    return _error(file, name_node, "no-kind", message, guess or f"one of {_kinds()}")


def _kinds() -> str:
    """List the kinds of step there are."""
    return ", ".join(sorted(KINDS))


def _error(file: str, at: Node, code: str, message: str, hint: str = "") -> Problem:
    """Make an error."""
    return Problem(file, at.line, at.column, Severity.ERROR, code, message, hint)
