"""What waiting callers are told about where they stand."""

from collections import deque
from datetime import timedelta
from functools import partial

from trunkline.core.ids import QueueId
from trunkline.core.interaction import Stage
from trunkline.core.routing import expected_wait
from trunkline.floor.state import Floor, Moved
from trunkline.ports.call_control import AnnouncementDue, CallControl

_LATELY = 20
"""How many handling times the expected wait is computed from."""


class Waiting:
    """Answers the dialplan's question, just before it speaks: which place, and how long still."""

    def __init__(self, floor: Floor, switch: CallControl) -> None:
        self._floor = floor
        self._switch = switch
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
        position = self._floor.routing.position(interaction.id)
        if position is None:
            return
        entry = interaction.entry
        wait = self.expected(entry.queue, position) if "wait" in entry.announce else None
        place = position if "position" in entry.announce else None
        self._floor.commit(then=partial(self._switch.tell_place, event.call, position=place, wait=wait))

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
