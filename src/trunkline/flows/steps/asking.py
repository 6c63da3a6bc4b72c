"""What `menu` and `ask` share: nobody answers, the answer fits nothing, and how often that may happen."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from trunkline.flows.fields import Duration, Name
from trunkline.flows.steps.step import Go, Loc, Scene, Stay, Step, Tries, Turn, Way
from trunkline.flows.talk import Action, Prompt
from trunkline.flows.words import Words

_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)
AnswerWithin = timedelta(seconds=6)
"""For somebody who hears a question with the keys under their fingers."""
READ_AND_WRITTEN_WITHIN = timedelta(minutes=2)
"""For somebody who reads a question, looks something up, and types."""
TimesPut = Annotated[int, Field(ge=1, le=10)]
"""How often a question is put in all."""


class NoAnswer(BaseModel):
    """What to do about silence. `tries` counts how often the question is put in all."""

    model_config = _CLOSED

    after: Duration = AnswerWithin
    tries: TimesPut = 3
    say: Words | None = None
    go: Name | None = None

    def after_on(self, medium: str) -> timedelta:
        """Return how long a medium waits for an answer: as the flow says, else as long as one takes there."""
        return self.after if medium == "voice" or "after" in self.model_fields_set else READ_AND_WRITTEN_WITHIN


class NoMatch(BaseModel):
    """What to do about an answer that fits nothing."""

    model_config = _CLOSED

    tries: TimesPut = 3
    say: Words | None = None
    go: Name | None = None


class AskingStep(Step):
    """A question. Without a `go` of its own, silence leaves where a wrong answer leaves, and the other way round."""

    no_answer: NoAnswer = NoAnswer()
    no_match: NoMatch = NoMatch()

    @abstractmethod
    def question(self, scene: Scene, first: tuple[Prompt, ...] = ()) -> Action:
        """Return the question, with `first` said before it."""

    def enter(self, scene: Scene) -> Turn:
        """Put the question."""
        return self.question(scene)

    def silent(self, scene: Scene) -> Turn:
        """Ask again, or leave after the last try."""
        tries = Tries(scene.tries.no_answer + 1, scene.tries.no_match)
        if tries.no_answer >= self.no_answer.tries:
            return Go(self.no_answer.go or self.no_match.go)
        return Stay(self.question(scene, _said(self.no_answer.say, scene)), tries)

    def mismatched(self, scene: Scene) -> Turn:
        """Ask again, or leave after the last try."""
        tries = Tries(scene.tries.no_answer, scene.tries.no_match + 1)
        if tries.no_match >= self.no_match.tries:
            return Go(self.no_match.go or self.no_answer.go)
        return Stay(self.question(scene, _said(self.no_match.say, scene)), tries)

    def vain_ways(self) -> Sequence[Way]:
        """List the ways out for those who never answer rightly."""
        given = [("no_answer", self.no_answer.go, True), ("no_match", self.no_match.go, False)]
        ways = [Way(go, (key, "go"), f"{key} goes to", by_itself) for key, go, by_itself in given if go]
        if not ways:
            return (Way(None, (), "silence ends", by_itself=True),)
        if self.no_answer.go is None:
            return (*ways, Way(self.no_match.go, ("no_match", "go"), "no_match goes to", by_itself=True))
        return ways

    def vain_words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is said before asking again."""
        given = [("no_answer", self.no_answer.say), ("no_match", self.no_match.say)]
        return [((key, "say"), say) for key, say in given if say]


def _said(words: Words | None, scene: Scene) -> tuple[Prompt, ...]:
    """Return words as prompts, none for none."""
    return scene.prompts(words) if words else ()
