"""The tests that admins keep beside a flow (`main.test.yaml`): the language, and every mistake in it at its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from trunkline.flows.conversation import World
from trunkline.flows.fields import Name, duration
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read

ENDING = ".test.yaml"
OFFICE_HOURS = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
"""The time of a test that gives none: a Monday morning."""
LONGEST_WAIT = timedelta(days=400)
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)


def moment(value: object) -> datetime:
    """Read `2026-11-23T10:00:00+00:00`; raises ValueError."""
    try:
        read_as = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        read_as = None
    if read_as is None or read_as.tzinfo is None:
        raise ValueError("is not a moment: write 2026-11-23T10:00:00+00:00, with the difference to UTC")
    return read_as


def long_while(value: object) -> timedelta:
    """Read `20s`, `5m`, `1h` or `3d`; raises ValueError."""
    if isinstance(value, str) and value.endswith("d") and value[:-1].isdigit():
        length = timedelta(days=int(value[:-1][:6]))
        if timedelta() < length <= LONGEST_WAIT:
            return length
    return duration(value)


def _listed(value: object) -> object:
    """Read one for a list of one."""
    return [value] if isinstance(value, str) else value


def _some(value: object) -> object:
    """Refuse a list of nothing, before what is wrong inside it makes it look empty."""
    if value == []:
        raise ValueError("must not be empty")
    return value


class Reply(BaseModel):
    """What a web service answers in a test: a body, a status, or nothing in time."""

    model_config = _CLOSED

    get: str | None = None
    post: str | None = None
    status: Annotated[int, Field(ge=100, le=599)] = 200
    body: Any = None
    fails: str | None = None

    @model_validator(mode="after")
    def _one_address(self) -> "Reply":
        """Refuse replies to nothing."""
        if (self.get is None) == (self.post is None):
            raise ValueError("needs the address: get, or post")
        return self

    def is_for(self, method: str, url: str) -> bool:
        """Say whether this answers that request; a `*` at the end of the address stands for anything."""
        address = self.get if method == "GET" else self.post
        if address is None:
            return False
        return url.startswith(address[:-1]) if address.endswith("*") else url == address


class Item(BaseModel):
    """One line of a test's talk: something the caller does, or something that is to be."""

    model_config = _CLOSED

    hears: str | None = None
    chooses: str | None = None
    enters: str | None = None
    rates: Literal["1", "2", "3", "4", "5"] | None = None
    silent: Literal[True] | None = None
    after: Annotated[timedelta, BeforeValidator(long_while)] | None = None
    queued: str | dict[str, Any] | None = None
    voicemail: str | dict[str, Any] | None = None
    transferred: str | dict[str, Any] | None = None
    callback: str | dict[str, Any] | None = None
    sent: str | dict[str, Any] | None = None
    ended: Literal[True] | None = None
    knows: dict[str, Any] | None = None
    tagged: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Item":
        """Refuse nothing, and two things at once."""
        given = list(self.model_fields_set)
        if len(given) != 1:
            raise ValueError("must be one thing: " + ", ".join(type(self).model_fields))
        return self

    @property
    def verb(self) -> str:
        """Which of them it is."""
        return next(iter(self.model_fields_set))


class Test(BaseModel):
    """One test."""

    model_config = _CLOSED

    name: str
    at: Annotated[datetime, BeforeValidator(moment)] = OFFICE_HOURS
    media: (
        Annotated[tuple[Literal["voice", "chat", "sms", "email"], ...], BeforeValidator(_some), Field(strict=False)]
        | None
    ) = None
    caller: str | None = "+447700900123"
    customer: dict[str, Any] = Field(default_factory=dict)
    http: Annotated[tuple[Reply, ...], Field(strict=False)] = ()
    fails: Annotated[tuple[Literal["transfer", "send"], ...], BeforeValidator(_listed), Field(strict=False)] = ()
    callback_planned: bool = False
    talk: Annotated[tuple[Item, ...], BeforeValidator(_some), Field(strict=False)]


class _Tests(BaseModel):
    """A file of tests."""

    model_config = _CLOSED

    flow: Name
    tests: Annotated[tuple[Test, ...], BeforeValidator(_some), Field(strict=False)]


@dataclass(frozen=True, slots=True)
class Script:
    """One test on one medium. `lines` are where its talk stands in the file, item by item."""

    file: str
    line: int
    medium: str
    test: Test
    lines: Sequence[int]
    world: World


@dataclass(frozen=True, slots=True)
class Scripts:
    """What a file of tests holds: each test once for each of its media, or all that is wrong with the file."""

    scripts: tuple[Script, ...]
    problems: tuple[Problem, ...]


def scripts_from(path: Path, worlds: Mapping[str, World]) -> Scripts:
    """Read a file of tests for the flows of its folder."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        return Scripts((), (Problem(str(path), 1, 1, Severity.ERROR, "file", message),))
    return scripts_of(data, str(path), worlds)


def scripts_of(data: bytes, file: str, worlds: Mapping[str, World]) -> Scripts:
    """Read the bytes of a file of tests; never raises."""
    root, problems = read(data, file)
    if root is None:
        return Scripts((), tuple(problems))
    if not isinstance(root.value, dict):
        message = "a file of tests is keys and values"
        shape = Problem(file, root.line, root.column, Severity.ERROR, "shape", message, 'begin with "flow: name"')
        return Scripts((), (*problems, shape))
    tests, found = shaped(_Tests, root, file)
    problems += found
    if tests is None:
        return Scripts((), tuple(sorted(problems)))
    world = worlds.get(tests.flow)
    if world is None:
        at, _ = root.reach(("flow",))
        hint = Guesser(sorted(worlds)).hint(tests.flow) or "run `trunkline flow check` on the folder"
        message = f'no whole flow beside this file is called "{tests.flow}"'
        problems.append(Problem(file, at.line, at.column, Severity.ERROR, "no-flow", message, hint))
        return Scripts((), tuple(sorted(problems)))
    problems += _impossible(tests, world, root, file)
    made = [script for at, test in enumerate(tests.tests) for script in _on_each(test, at, root, file, world)]
    return Scripts(() if problems else tuple(made), tuple(sorted(problems)))


def _on_each(test: Test, at: int, root: Node, file: str, world: World) -> list[Script]:
    """Return a test for each of its media."""
    node, _ = root.reach(("tests", at))
    lines = [node.reach(("talk", number))[0].line for number in range(len(test.talk))]
    media = test.media or world.flow.media
    return [Script(file, node.line, medium, test, lines, world) for medium in media]


def _impossible(tests: _Tests, world: World, root: Node, file: str) -> list[Problem]:
    """Find media that the flow does not serve, and two tests of one name."""
    found = []
    names: dict[str, int] = {}
    for at, test in enumerate(tests.tests):
        node, _ = root.reach(("tests", at))
        first = names.setdefault(test.name, node.line)
        if first != node.line:
            message = f'there are two tests "{test.name}", the first on line {first}'
            found.append(Problem(file, node.line, node.column, Severity.ERROR, "duplicate", message, "rename one"))
        for medium in test.media or ():
            if medium not in world.flow.media:
                where, _ = node.reach(("media",))
                message = f'test "{test.name}": flow "{world.flow.name}" does not serve {medium}'
                hint = f"it serves {', '.join(world.flow.media)}"
                found.append(Problem(file, where.line, where.column, Severity.ERROR, "medium", message, hint))
    return found
