"""`queue`: wait for an agent."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from trunkline.core.demand import Relaxed
from trunkline.core.errors import Misconfigured
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.fields import Duration, Name, TelephoneKey
from trunkline.flows.steps.step import Go, Loc, Mention, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import (
    Answer,
    AskCallback,
    CallbackOffer,
    CallbackPlanned,
    CallbackRefused,
    CallbackWanted,
    Enqueue,
    ForOne,
    Overflowed,
)
from trunkline.flows.template import Priority, Template
from trunkline.flows.words import Words

Levels = dict[Name, Annotated[int, Field(ge=1, le=10)]]
"""Skills, each with the least level, 1 to 10."""
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)


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


class OfferCallback(BaseModel):
    """Offer a waiting caller to be called back without losing the place."""

    model_config = _CLOSED

    after: Duration
    key: TelephoneKey
    say: Words | None = None
    go: Name | None = None


class Relax(BaseModel):
    """What is still asked of an agent after a while; without skills, nothing."""

    model_config = _CLOSED

    after: Duration
    skills: Levels = Field(default_factory=dict)


class ForAgent(BaseModel):
    """The agent whom the caller is kept for, before others or without them."""

    model_config = _CLOSED

    name: Template
    wait: Duration | None = None


class QueueStep(Step):
    """Wait for an agent, and leave for another step when nobody came in time."""

    kind: ClassVar[str] = "queue"

    queue: Name
    priority: Priority = 0
    skills: Levels = Field(default_factory=dict)
    prefer: tuple[Name, ...] = Field(default=(), strict=False)
    relax: tuple[Relax, ...] = Field(default=(), strict=False)
    agent: ForAgent | None = None
    while_waiting: WhileWaiting = WhileWaiting()
    overflow: Overflow | None = None
    offer_callback: OfferCallback | None = None

    def enter(self, scene: Scene) -> Turn:
        """Ask for a place in the queue; raises Misconfigured when the centre file no longer has that queue."""
        name = QueueId(self.queue)
        config = scene.facts.centre.queues.get(name)
        if config is None:
            raise Misconfigured(f'the centre file has no queue "{name}", which a flow leads to')
        waiting = self.while_waiting
        return Enqueue(
            queue=name,
            priority=self._priority(scene),
            music=waiting.music or config.music,
            announce=frozenset(waiting.announce),
            announce_every=(waiting.every or config.announce_every) if waiting.announce else None,
            overflow_after=self.overflow.after if self.overflow else None,
            expects_answer=self.overflow is not None or self.offer_callback is not None,
            skills=self.skills,
            prefer=frozenset(self.prefer),
            agent=self._agent(scene),
            relax=tuple(
                Relaxed(each.after, frozenset(each.skills.items()))
                for each in sorted(self.relax, key=attrgetter("after"))
            ),
            offer_callback=self._offer(scene),
        )

    def _agent(self, scene: Scene) -> ForOne | None:
        """Return whom the caller is kept for; nobody of whom the centre file does not know."""
        if self.agent is None:
            return None
        name = scene.text(self.agent.name).strip().lower()
        if AgentId(name) not in scene.facts.centre.agents:
            if name:
                scene.faults.append(f'the centre file has no agent "{name}"')
            return None
        return ForOne(AgentId(name), self.agent.wait)

    def _priority(self, scene: Scene) -> int:
        """Return the priority, 0 where it cannot be reckoned; numbers beyond 0 and 100 come to these."""
        worth = scene.value(self.priority) if isinstance(self.priority, Template) else self.priority
        if isinstance(worth, bool) or not isinstance(worth, int | float):
            scene.faults.append("a priority is not a number")
            return 0
        return max(0, min(100, round(worth)))

    def _offer(self, scene: Scene) -> CallbackOffer | None:
        """Return what is offered to who waits; where people type, the key is what they answer. Mails wait for mails."""
        offer = self.offer_callback
        if offer is None or scene.facts.medium == "email":
            return None
        asks_first = offer.go is not None
        return CallbackOffer(offer.after, offer.key, scene.prompts(offer.say) if offer.say else (), asks_first)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Leave when the time is over."""
        offer = self.offer_callback
        match answer:
            case Overflowed() if self.overflow is not None:
                return Go(self.overflow.go)
            case CallbackWanted() if offer is not None and offer.go:
                return Go(offer.go, "callback")
            case CallbackWanted() if offer is not None:
                return AskCallback(scene.facts.caller, QueueId(self.queue), keep_place=True)
            case CallbackPlanned() if offer is not None:
                return Go(None, "callback planned")
            case CallbackRefused() if offer is not None:
                return self.enter(scene)  # nothing was promised: they wait on
        raise UnfitAnswer("a step of kind queue", answer)

    def ways(self) -> Sequence[Way]:
        """List the overflow and the callback. A circle through it is no trap: an agent may come each time."""
        given = (("overflow", self.overflow), ("offer_callback", self.offer_callback))
        return [
            Way(other.go, (key, "go"), f"{key} goes to", by_itself=False) for key, other in given if other and other.go
        ]

    def mentions(self) -> Sequence[Mention]:
        """Name the queue, the skills, and the agent where it is always the same."""
        skills = [Mention("skill", skill, ("skills", skill)) for skill in self.skills]
        skills += [Mention("skill", skill, ("prefer", at)) for at, skill in enumerate(self.prefer)]
        for at, stage in enumerate(self.relax):
            skills += [Mention("skill", skill, ("relax", at, "skills", skill)) for skill in stage.skills]
        named = self.agent.name.plain if self.agent else None
        agent = [Mention("agent", named, ("agent", "name"))] if named else []
        return (Mention("queue", self.queue, ("queue",)), *skills, *agent)

    def words(self) -> Sequence[tuple[Loc, Words]]:
        """List what is offered."""
        return (
            ((("offer_callback", "say"), self.offer_callback.say),)
            if self.offer_callback and self.offer_callback.say
            else ()
        )

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the priority and the agent."""
        priority = [(("priority",), self.priority)] if isinstance(self.priority, Template) else []
        return [*priority, *([(("agent", "name"), self.agent.name)] if self.agent else [])]
