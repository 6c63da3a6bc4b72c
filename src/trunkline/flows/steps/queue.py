"""`queue`: wait for an agent."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from trunkline.core.errors import Misconfigured
from trunkline.core.ids import QueueId
from trunkline.flows.fields import Duration, Name
from trunkline.flows.steps.step import Go, Mention, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Enqueue, Overflowed

_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)


def _priority(value: object) -> object:
    """Refuse computed priorities as what they are: still to come."""
    if isinstance(value, str) and "{" in value:
        raise ValueError("{…} is not built yet: write a whole number")
    return value


class WhileWaiting(BaseModel):
    """What a waiting caller hears; what is left out comes from the queue in the centre file."""

    model_config = _CLOSED

    music: Name | None = None
    announce: tuple[Literal["position", "wait"], ...] = Field(default=("position", "wait"), strict=False)
    every: Duration | None = None


class Overflow(BaseModel):
    """Where to go when nobody came in time."""

    model_config = _CLOSED

    after: Duration
    go: Name


class QueueStep(Step):
    """Wait for an agent, and leave for another step when nobody came in time."""

    kind: ClassVar[str] = "queue"
    later: ClassVar[frozenset[str]] = frozenset({"skills", "offer_callback"})

    queue: Name
    priority: Annotated[int, Field(ge=0, le=100), BeforeValidator(_priority)] = 0
    while_waiting: WhileWaiting = WhileWaiting()
    overflow: Overflow | None = None

    def enter(self, scene: Scene) -> Turn:
        """Ask for a place in the queue; raises Misconfigured when the centre file no longer has that queue."""
        name = QueueId(self.queue)
        config = scene.facts.centre.queues.get(name)
        if config is None:
            raise Misconfigured(f'the centre file has no queue "{name}", which a flow leads to')
        waiting = self.while_waiting
        return Enqueue(
            queue=name,
            priority=self.priority,
            music=waiting.music or config.music,
            announce=frozenset(waiting.announce),
            announce_every=(waiting.every or config.announce_every) if waiting.announce else None,
            overflow_after=self.overflow.after if self.overflow else None,
            expects_answer=self.overflow is not None,
        )

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Leave when the time is over."""
        del scene
        if isinstance(answer, Overflowed) and self.overflow is not None:
            return Go(self.overflow.go)
        raise UnfitAnswer("a step of kind queue", answer)

    def ways(self) -> Sequence[Way]:
        """List the overflow. A circle through it is no trap: an agent may come each time."""
        if self.overflow is None:
            return ()
        return (Way(self.overflow.go, ("overflow", "go"), "overflow goes to", by_itself=False),)

    def mentions(self) -> Sequence[Mention]:
        """Name the queue."""
        return (Mention("queue", self.queue, ("queue",)),)
