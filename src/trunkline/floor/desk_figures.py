"""The figures on desks that are gathered rather than pushed: they change with every call of everybody."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from trunkline.core.customer import DayFigures
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.permission import Deed
from trunkline.floor import view
from trunkline.floor.at_steps import AtSteps
from trunkline.floor.state import Floor
from trunkline.floor.view import Json
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

QUEUES_EVERY_S = 0.25
"""Figures of queues and flows are sent at most this often."""
TODAY_EVERY_S = 0.25
"""Agents' own figures are computed at most this often, then for all who need them together."""
CONVERSATIONS_EVERY_S = 1.0
"""Supervisors are told at most this often that conversations are others."""
FIGURES_PER_S = 400
"""So many desks are told of queues in a second, a tenth of a core's work: with more of them, each less often."""


class Strip(Protocol):
    """Returns a queue's figures as those see them whose queue it is, or those whose it is not."""

    def __call__(self, queue: QueueId, *, mine: bool) -> Json:
        """Return them."""


class OpenTo(Protocol):
    """Returns whose picture is kept, of those who may do something."""

    def __call__(self, deed: Deed | None = None) -> Sequence[AgentId]:
        """Return them."""


class DeskFigures:
    """Sends the figures of queues, of flows and of agents' days, each as often as it is worth."""

    def __init__(
        self,
        floor: Floor,
        store: Store,
        at_steps: AtSteps,
        *,
        zone: tzinfo,
        emit: Callable[[AgentId, Json], None],
        tell: Callable[[AgentId, Json], None],
        strip: Strip,
        open_to: OpenTo,
    ) -> None:
        self._floor = floor
        self._store = store
        self._at_steps = at_steps
        self.zone = zone
        """In which a day begins."""
        self._emit = emit
        self._tell = tell
        self._strip = strip
        self._open_to = open_to
        self._queues: set[QueueId] = set()
        self._queues_changed = asyncio.Event()
        self._steps_changed = asyncio.Event()
        self._conversations_changed = asyncio.Event()
        self._today: asyncio.Queue[AgentId] = asyncio.Queue()
        at_steps.changed = self._steps_changed.set

    def queues_changed(self, queues: Collection[QueueId]) -> None:
        """These queues' figures are others."""
        self._queues |= set(queues)
        self._queues_changed.set()

    def conversations_changed(self) -> None:
        """Something was written, or a conversation is elsewhere: who looks at all of them fetches them again."""
        self._conversations_changed.set()

    def today_changed(self, agent: AgentId) -> None:
        """An agent's day has other figures."""
        self._today.put_nowait(agent)

    async def run(self) -> None:
        """Send them until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_queues())
            tasks.create_task(self._send_steps())
            tasks.create_task(self._send_today())
            tasks.create_task(self._send_conversations())

    async def _send_queues(self) -> None:
        while True:
            await self._queues_changed.wait()
            self._queues_changed.clear()
            touched, self._queues = self._queues, set()
            for queue in sorted(touched & self._floor.centre.queues.keys()):
                # One event for all who see the same: each of them keeps its latest five hundred.
                events = {mine: {"kind": "queue", "queue": self._strip(queue, mine=mine)} for mine in (True, False)}
                for agent in self._open_to():
                    self._emit(agent, events[queue in self._floor.agents[agent].queues])
            await asyncio.sleep(max(QUEUES_EVERY_S, len(self._open_to()) / FIGURES_PER_S))

    async def _send_steps(self) -> None:
        while True:
            await self._steps_changed.wait()
            self._steps_changed.clear()
            flows = self._at_steps.take_changes()
            for agent in self._open_to(Deed.SEE_FLOWS):
                self._emit(agent, {"kind": "at_steps", "flows": flows})
            await asyncio.sleep(QUEUES_EVERY_S)

    async def _send_conversations(self) -> None:
        while True:
            await self._conversations_changed.wait()
            self._conversations_changed.clear()
            for agent in self._open_to(Deed.HELP):
                self._tell(agent, {"type": "conversations"})
            await asyncio.sleep(CONVERSATIONS_EVERY_S)

    async def _send_today(self) -> None:
        while True:
            agents = {await self._today.get()}
            while not self._today.empty():
                agents.add(self._today.get_nowait())
            for agent, figures in (await self.of(agents)).items():
                self._emit(agent, {"kind": "today", "today": view.today(figures)})
            await asyncio.sleep(TODAY_EVERY_S)

    async def of(self, agents: Collection[AgentId]) -> Mapping[AgentId, DayFigures]:
        """Return the figures of these agents' day; nothing where they cannot be had."""
        now = self._floor.clock.now().astimezone(self.zone)
        midnight = datetime(now.year, now.month, now.day, tzinfo=self.zone)
        try:
            async with asyncio.timeout(5):
                return await self._store.day_figures(agents, since=midnight)
        except (Unavailable, TimeoutError) as fault:
            log.warning("agents' figures are not known", extra={"agents": len(agents), "why": str(fault)})
            return {}
