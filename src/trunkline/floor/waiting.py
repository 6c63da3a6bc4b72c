"""What waiting callers are told about where they stand."""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from trunkline.core.call import Call
from trunkline.core.ids import QueueId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.core.waiting import expected_wait
from trunkline.floor.runs import Runs
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor, Moved
from trunkline.flows.place import callback_offer, expected, place_in_line
from trunkline.flows.talk import Enqueue, Prompt
from trunkline.ports.call_control import AnnouncementDue, CallControl

_ABOUT = timedelta(seconds=2)
_LATELY = 20
"""How many handling times the expected wait is computed from."""


class Waiting:
    """Answers the dialplan's question, just before it speaks: which place, and how long still."""

    def __init__(self, floor: Floor, switch: CallControl, runs: Runs, speaking: Speaking) -> None:
        self._floor = floor
        self._switch = switch
        self._runs = runs
        self._speaking = speaking
        self._handled: dict[QueueId, deque[timedelta]] = {}
        floor.watchers.append(self.learn)

    def learn(self, moved: Moved) -> None:
        """Remember how long the last contacts of each queue took, from answer to the end of wrap-up."""
        for old, new in moved.interactions:
            if old is None or old.stage is not Stage.WRAP_UP or new.stage is not Stage.ENDED:
                continue
            if new.entry is not None and new.answered_at is not None and new.ended_at is not None:
                times = self._handled.setdefault(new.entry.queue, deque(maxlen=_LATELY))
                times.append(new.ended_at - new.answered_at)

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
            wait = self.expected(entry.queue, position)
            prompts += [expected(wait, entry.language)] if wait is not None else []
        if entry.callback_key is not None:
            action = self._runs.present_action(interaction)
            offer = action.offer_callback if isinstance(action, Enqueue) else None
            # The dialplan keeps its own time, to the second.
            if offer is not None and self._floor.clock.now() - entry.since >= offer.after - _ABOUT:
                prompts += callback_offer(offer, entry.language)
        return prompts

    async def _say(self, call: Call, prompts: Sequence[Prompt]) -> None:
        await self._switch.announce(call, await self._speaking.sounds_for(prompts))

    def expected(self, queue: QueueId, position: int) -> timedelta | None:
        """Return the wait to expect at a position of a queue; None until enough contacts were handled."""
        times = self._handled.get(queue)
        if times is None or len(times) < 3:
            return None
        agents = sum(
            1
            for agent in self._floor.agents.values()
            if queue in agent.queues and (agent.is_free or agent.busy is not None)
        )
        return expected_wait(position, handling=sum(times, timedelta()) / len(times), agents=agents)
