"""What every kind of step is: its keys in the file, its ways onward, what it wants done, what it makes of answers."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from trunkline.core.errors import Rejected
from trunkline.flows.evaluate import Known, ValueFault
from trunkline.flows.expression import Expression
from trunkline.flows.talk import Action, Answer, Facts, Prompt, Value
from trunkline.flows.template import Template
from trunkline.flows.words import AnyWords, Words


class UnfitAnswer(Rejected):
    """An answer that the run's present step cannot have; nothing has changed."""

    def __init__(self, where: str, answer: Answer) -> None:
        super().__init__(f"{where} cannot be answered with {type(answer).__name__}")
        self.where, self.answer = where, answer


@dataclass(frozen=True, slots=True)
class Tries:
    """How often the present step has been asked in vain."""

    no_answer: int = 0
    no_match: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a step may know when it decides. `now` is aware."""

    language: str
    facts: Facts
    now: datetime
    tries: Tries
    values: Mapping[str, Value] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    """When the run came to this step."""
    faults: list[str] = field(default_factory=list)
    """What could not be filled in, for the log."""
    articles: Mapping[str, AnyWords] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        """All that an expression can read."""
        return Known(self.values, self.facts, self.language, self.tags, self.now)

    def prompts(self, words: AnyWords) -> tuple[Prompt, ...]:
        """Return what to say."""
        return words.prompts(self.known, self.faults)

    def text(self, template: Template) -> str:
        """Return a text, filled in."""
        return template.filled(self.known, self.faults)

    def value(self, template: Template) -> Value:
        """Return a value, None (and a fault) when it cannot be had."""
        try:
            return template.value(self.known)
        except ValueFault as fault:
            self.faults.append(str(fault))
            return None


@dataclass(frozen=True, slots=True)
class Go:
    """Leave for another step, or (None) end the flow. `answer` is for the path, `save` for the run's values."""

    to: str | None
    answer: str | None = None
    save: Mapping[str, Value] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    language: str | None = None
    runs: str | None = None
    """Another flow that is to run before `to`."""
    rating: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Remain at this step, having tried once more."""

    action: Action
    tries: Tries


Turn = Action | Go | Stay

Loc = tuple[str | int, ...]
"""A place inside a step: `("choices", 2, "go")`."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a step. `to` None ends the flow; `says` reads on as `key 3 goes to "refunds"`.

    `by_itself`: taken without the caller or an agent doing anything, so that a circle of such ways never ends.
    """

    to: str | None
    loc: Loc
    says: str
    by_itself: bool
    media: frozenset[str] | None = None
    """Where it can be taken at all; None: everywhere."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name of the world that a step uses. `noun` is `queue`, `hours`, `skill`, `agent`, `flow` or `article`."""

    noun: str
    name: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class Flaw:
    """A mistake that only the step kind itself can see, given the flow's media and language."""

    loc: Loc
    code: str
    message: str
    hint: str = ""


class Step(BaseModel):
    """One step of a flow. A kind is a subclass with its own `kind`, which is also its first key in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)

    kind: ClassVar[str] = ""
    later: ClassVar[frozenset[str]] = frozenset()
    """Keys that the language has and this version does not: refused as such."""

    title: str | None = None

    def title_for(self, name: str) -> str:
        """Return the step's name as an agent reads it on the path."""
        return self.title or name.replace("_", " ").replace("-", " ").capitalize()

    @abstractmethod
    def enter(self, scene: Scene) -> Turn:
        """Decide what happens on arrival, and again after the service was away."""

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Decide what an answer to the step's action leads to; raises UnfitAnswer."""
        raise UnfitAnswer(f"a step of kind {self.kind}", answer)

    @abstractmethod
    def ways(self) -> Sequence[Way]:
        """List every way out."""

    def mentions(self) -> Sequence[Mention]:
        """List the centre's queues and calendars that the step uses."""
        return ()

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List all that the step can say."""
        return ()

    def saves(self) -> Sequence[str]:
        """List the names under which the step keeps something."""
        return ()

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the texts with values in them that are not words."""
        return ()

    def reads(self) -> Sequence[tuple[Loc, Expression]]:
        """List every expression of the step."""
        said = [(loc, text) for loc, words in self.words() for text in words.all_texts()]
        return [(loc, each) for loc, text in (*said, *self.templates()) for each in text.expressions()]

    def flaws(self, media: Sequence[str], language: str) -> Sequence[Flaw]:
        """List the mistakes beyond shape and names."""
        del media, language
        return ()
