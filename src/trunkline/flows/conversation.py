"""A run without a telephone, a database or a network: at a simulated time, with whatever the world answers given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from trunkline.core.centre import Centre
from trunkline.core.errors import Misconfigured
from trunkline.flows.centre import load_centre
from trunkline.flows.check import check_drafts
from trunkline.flows.flow import Flow
from trunkline.flows.follow_ups import check_follow_ups
from trunkline.flows.loader import Draft, draft_from
from trunkline.flows.problem import Problem
from trunkline.flows.reactions import Happening, Reaction, Setting, happening, reactions
from trunkline.flows.render import Shown, rendered
from trunkline.flows.run import Moved, Run, advance, begin
from trunkline.flows.talk import Action, Answer, Done, Facts, Say, Value

CENTRE_FILE = "centre.yaml"
MOST_TURNS_ALONE = 1000
CALLER = "+447700900123"


@dataclass(frozen=True, slots=True)
class World:
    """All that a run stands on: its flow, the flows beside it by name, the centre."""

    flow: Flow
    flows: Mapping[str, Flow]
    centre: Centre

    def facts(self, medium: str, caller: str | None = CALLER, customer: Mapping[str, Value] | None = None) -> Facts:
        """Return what is known of somebody who comes in on a medium."""
        dialled = next(iter(self.flow.numbers), "100")
        return Facts(medium, dialled, caller, customer or {}, self.centre, self)

    def version(self, name: str, version: str) -> Flow | None:
        """Return a flow of the folder if it is that very version."""
        flow = self.flows.get(name)
        return flow if flow is not None and flow.version == version else None

    def begin(self, facts: Facts, now: datetime) -> Moved:
        """Start a run."""
        return begin(self.flow, facts, now)

    def advance(self, run: Run, answer: Answer, facts: Facts, now: datetime) -> Moved:
        """Take an answer."""
        return advance(self.flows.get(run.flow, self.flow), run, answer, facts, now)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of flows with its centre file, read once. `worlds` holds those that are whole, by name."""

    centre: Centre | None
    drafts: Mapping[Path, Draft]
    problems: tuple[Problem, ...]

    def worlds(self) -> Mapping[str, World]:
        """Return a world for each flow that is well shaped, by the flow's name."""
        flows = {flow.name: flow for draft in self.drafts.values() if (flow := draft.flow())}
        if self.centre is None:
            return {}
        return {name: World(flow, flows, self.centre) for name, flow in flows.items()}


def open_folder(folder: Path, centre_file: Path | None = None) -> Folder:
    """Read every flow of a folder and its centre file. Without a centre file there is that problem, and no world."""
    centre, problems = load_centre(centre_file or folder / CENTRE_FILE)
    names = sorted(folder.glob("*.yaml"))
    files = [path for path in names if path.name != CENTRE_FILE and not path.name.endswith(".test.yaml")]
    drafts = {path: draft_from(path) for path in files}
    problems += check_follow_ups(centre, list(drafts.values()), centre_file or folder / CENTRE_FILE)
    return Folder(centre, drafts, tuple(sorted({*problems, *check_drafts(list(drafts.values()), centre)})))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation as it is shown. `who` is flow, caller or world."""

    who: str
    text: str

    def __str__(self) -> str:
        """Return it with its speaker."""
        return f"{self.who:>6}: {self.text}"


class CannotGoOn(Misconfigured):
    """The flow's next move is impossible, for the reason given."""


@dataclass(slots=True)
class Conversation:
    """One run on one medium, once begun. It stands at an action that somebody outside decides on.

    Time moves only by `wait`. `world_answers` answers what no person does (a data dip, a message sent); None leaves the
    action standing.
    """

    world: World
    facts: Facts
    now: datetime
    world_answers: Callable[[Action], Answer | None] = lambda _action: None
    says_done: bool = True
    """Whether everything said is heard to its end by itself; False leaves also that to who is outside."""
    lines: list[Line] = field(default_factory=list)
    happened: list[Happening] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """What was said since the latest answer from outside."""
    shown: list[Shown] = field(default_factory=list)
    """What was shown for each of the flow's moves."""
    moved: Moved = field(init=False)
    waited: timedelta = timedelta()
    """How long the present action has stood."""

    def begin(self) -> None:
        """Let the flow make its first move; to be called once, before all else."""
        self._settle(lambda: self.world.begin(self.facts, self.now))

    @property
    def action(self) -> Action:
        """What the flow waits with."""
        return self.moved.action

    @property
    def reactions(self) -> list[Reaction]:
        """The ways it can go on from here."""
        return reactions(self.action, Setting(self.facts.medium, self.now))

    def answer(self, answer: Answer, says: str = "", who: str = "caller") -> None:
        """Give an answer from outside; raises UnfitAnswer, or CannotGoOn when the flow itself is at fault."""
        self.words = []
        if says:
            self.lines.append(Line(who, says))
        self._settle(partial(self._move, answer))

    def wait(self, length: timedelta) -> None:
        """Let time pass, with all that comes of it by itself."""
        left, words = length, list[str]()
        while own := next((each for each in self.reactions if each.by_itself), None):
            rest = own.takes - self.waited
            if rest > left:
                break
            left -= rest
            self.now += rest
            self.answer(own.answer, own.says)
            words += self.words
        self.words = words
        self.now += left
        self.waited += left

    def _move(self, answer: Answer) -> Moved:
        """Give an answer to the flow."""
        return self.world.advance(self.moved.run, answer, self.facts, self.now)

    def _settle(self, move: Callable[[], Moved]) -> None:
        """Make a move, and all that follow from it without anybody outside."""
        for _ in range(MOST_TURNS_ALONE):
            try:
                self.moved = move()
            except Misconfigured as fault:
                raise CannotGoOn(str(fault)) from fault
            self.waited = timedelta()
            self._note(self.action)
            answer = Done() if self.says_done and isinstance(self.action, Say) else self.world_answers(self.action)
            if answer is None:
                return
            move = partial(self._move, answer)
        raise CannotGoOn(f'it goes round for ever at step "{self.moved.run.step}" without waiting for anybody')

    def _note(self, action: Action) -> None:
        """Write down what an action says and does."""
        run = self.moved.run
        flow = self.world.flows.get(run.flow, self.world.flow)
        shown = rendered(action, self.facts.medium, run.language or flow.language)
        self.shown.append(shown)
        for text in _lines(shown):
            self.words.append(text)
            self.lines.append(Line("flow", text))
        if told := happening(action):
            self.happened.append(told)
            self.lines.append(Line("world", str(told)))


def _lines(shown: Shown) -> list[str]:
    """Return what somebody hears or reads, a line for each; a button with what a click on it says."""
    return [*shown.lines, *(f"[{button.value}] {button.label}" for button in shown.buttons)]
