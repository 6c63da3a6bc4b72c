"""What waiting callers are told about where they stand."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from trunkline.core.agent import Agent, Presence
from trunkline.core.call import Call
from trunkline.core.ids import InteractionId, QueueId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.core.waiting import Band, Guesses, QueueWaits, WaitTold
from trunkline.floor.runs import Runs
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor, Moved
from trunkline.flows.place import callback_offer, expected, place_in_line
from trunkline.flows.talk import Enqueue, Prompt
from trunkline.ports.call_control import AnnouncementDue, CallControl

_ABOUT = timedelta(seconds=2)


class Waiting:
    """Answers the dialplan's question, just before it speaks: which place, and how long still."""

    def __init__(self, floor: Floor, switch: CallControl, runs: Runs, speaking: Speaking) -> None:
        self._floor = floor
        self._switch = switch
        self._runs = runs
        self._speaking = speaking
        self._waits: dict[QueueId, QueueWaits] = {}
        self._guesses: dict[InteractionId, Guesses] = {}
        self._working: Counter[QueueId] = Counter()
        floor.foretold = self.foretold
        floor.watchers.append(self.learn)

    def begin(self, lately: Sequence[WaitTold]) -> None:
        """Count who is at work, and learn from those who were served before: after a start."""
        self._working = Counter(queue for each in self._floor.agents.values() for queue in _works_in(each))
        for told in lately:
            self._of(told.queue).served(told.waited, Guesses(told.by_queue_s, told.by_last_s))

    def learn(self, moved: Moved) -> None:
        """Guess for those who come to wait, and learn from those who were served and from contacts that are over."""
        for old_agent, agent in moved.agents:
            if old_agent is not None and _works_alike(old_agent, agent):
                continue
            self._working.subtract(_works_in(old_agent) if old_agent is not None else ())
            self._working.update(_works_in(agent))
        for old, new in moved.interactions:
            stage = old.stage if old is not None else None
            if new.entry is None or stage is new.stage:
                continue
            if new.stage is Stage.WAITING and stage is not Stage.OFFERED:
                self._guess(new.id, new.entry)
            elif new.stage is Stage.TALKING and new.answered_at is not None:
                waited = new.answered_at - new.entry.since
                self._of(new.entry.queue).served(waited, self._guesses.pop(new.id, None))
            elif new.stage is Stage.ENDED:
                self._guesses.pop(new.id, None)
                if stage is Stage.WRAP_UP and new.answered_at is not None and new.ended_at is not None:
                    self._of(new.entry.queue).handled(new.ended_at - new.answered_at)

    def foretold(self, id_: InteractionId) -> Mapping[str, float]:
        """Return what was expected of a wait when it began, for the journal."""
        guesses = self._guesses.get(id_)
        if guesses is None:
            return {}
        told = {"by_queue_s": guesses.by_queue, "by_last_s": guesses.by_last}
        return {name: round(seconds, 1) for name, seconds in told.items() if seconds is not None}

    def announce(self, event: AnnouncementDue) -> None:
        """Tell a caller what their queue's step wants told; nothing that is not known."""
        interaction = self._floor.of_call(event.call.id)
        if interaction is None or interaction.entry is None or interaction.stage is not Stage.WAITING:
            return
        prompts = self._words(interaction, interaction.entry)
        if prompts:
            self._floor.commit(then=partial(self._say, event.call, prompts))

    def _words(self, interaction: Interaction, entry: Entry) -> list[Prompt]:
        """Return what there is to say; a callback is offered once the caller has waited as long as the flow says."""
        prompts: list[Prompt] = []
        position = self._floor.routing.position(interaction.id)
        if position is not None and "position" in entry.announce:
            prompts.append(place_in_line(position, entry.language))
        if position is not None and "wait" in entry.announce:
            band = self.expected(entry, position)
            words = expected(band.low, band.high, entry.language) if band is not None else None
            prompts += [words] if words is not None else []
        if entry.callback_key is not None:
            action = self._runs.present_action(interaction)
            offer = action.offer_callback if isinstance(action, Enqueue) else None
            # The dialplan keeps its own time, to the second.
            if offer is not None and self._floor.clock.now() - entry.since >= offer.after - _ABOUT:
                prompts += callback_offer(offer, entry.language)
        return prompts

    async def _say(self, call: Call, prompts: Sequence[Prompt]) -> None:
        await self._switch.announce(call, await self._speaking.sounds_for(prompts))

    def expected(self, entry: Entry, position: int) -> Band | None:
        """Return how much longer somebody at a place in line will wait; None while that is not known well enough."""
        waited = self._floor.clock.now() - entry.since
        return self._of(entry.queue).band(position, waited, agents=self._working[entry.queue])

    def _guess(self, id_: InteractionId, entry: Entry) -> None:
        position = self._floor.routing.position(id_)
        if position is not None:
            self._guesses[id_] = self._of(entry.queue).guesses(position, agents=self._working[entry.queue])

    def _of(self, queue: QueueId) -> QueueWaits:
        if (waits := self._waits.get(queue)) is None:
            waits = self._waits[queue] = QueueWaits()
        return waits


def _works_alike(one: Agent, other: Agent) -> bool:
    """Whether an agent works in the queues in which they worked before: nearly always, and quickly seen."""
    ready = one.presence is Presence.READY, other.presence is Presence.READY
    return one.queues is other.queues and (ready[0] or bool(one.hands)) is (ready[1] or bool(other.hands))


def _works_in(agent: Agent) -> Iterable[QueueId]:
    """Return the queues that an agent works in at this moment: ready, or with something in hand."""
    return tuple(agent.queues) if agent.presence is Presence.READY or agent.hands else ()
