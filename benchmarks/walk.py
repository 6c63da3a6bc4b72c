"""One walk through a flow, by the interpreter and by a bare dict, with the same answers."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trunkline.core.centre import Centre
from trunkline.flows.flow import Flow
from trunkline.flows.run import MOST_VISITS, advance, begin
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    CustomerFound,
    Done,
    End,
    Enqueue,
    Facts,
    Fetch,
    Fetched,
    FindCustomer,
    Key,
    Menu,
    Say,
    Send,
    Sent,
    Typed,
)


@dataclass
class Walk:
    """A flow, the answers that lead through all of it, and how many steps that enters."""

    flow: Flow
    facts: Facts
    now: datetime
    answers: list[Answer] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """How many steps are entered."""
        return len(self.passed)

    def ours(self) -> None:
        """Walk by the interpreter."""
        moved = begin(self.flow, self.facts, self.now)
        for answer in self.answers:
            moved = advance(self.flow, moved.run, answer, self.facts, self.now)
        assert moved.run.step == self.passed[-1]

    def peer(self) -> None:
        """Walk over a dict of steps that names the next one; keep a value and the path, and decide nothing."""
        following: Mapping[str, str] = self._following
        values: dict[str, Any] = {}
        path: deque[tuple[str, datetime]] = deque(maxlen=MOST_VISITS)
        step = self.passed[0]
        for _ in range(len(self.passed) - 1):
            path.append((step, self.now))
            values[step] = True
            step = following[step]
        assert step == self.passed[-1]

    @property
    def _following(self) -> Mapping[str, str]:
        return dict(zip(self.passed, self.passed[1:], strict=False))


def walk_of(flow: Flow, centre: Centre, now: datetime) -> Walk:
    """Find the answers that lead from the start to the queue at the end, taking each step once."""
    walk = Walk(flow, Facts("voice", "100", "+447700900123", {}, centre), now)
    moved = begin(flow, walk.facts, now)
    seen = len(moved.run.path)
    walk.passed += [visit.step for visit in moved.run.path]
    while not isinstance(moved.action, Enqueue | End):
        answer = _answer(moved.action)
        before = moved.run.step
        moved = advance(flow, moved.run, answer, walk.facts, now)
        walk.answers.append(answer)
        path = [visit.step for visit in moved.run.path]
        walk.passed += path[path.index(before) + 1 :]
    assert seen
    assert len(set(walk.passed)) == len(walk.passed)
    return walk


def _answer(action: Action) -> Answer:
    """Return an answer that leads on to the next step of the large flow."""
    match action:
        case Say():
            return Done()
        case Menu():
            return Key("2")
        case Ask():
            return Typed("123456")
        case Fetch():
            return Fetched(200, {"status": "sent"})
        case FindCustomer():
            return CustomerFound({"tier": "gold"})
        case Send():
            return Sent()
    raise AssertionError(action)
