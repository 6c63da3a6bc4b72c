"""The one consumer of what the switch tells: events are taken one at a time, in their order."""

import asyncio
import logging
from collections.abc import AsyncIterator

from trunkline.core.errors import Rejected
from trunkline.floor.conversation import Conversation
from trunkline.floor.recovery import Recovery
from trunkline.floor.self_service import SelfService
from trunkline.floor.state import Floor
from trunkline.floor.waiting import Waiting
from trunkline.ports.call_control import (
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    HoldChanged,
    LineOpened,
    PhoneChanged,
    SwitchFound,
    SwitchLost,
)

log = logging.getLogger(__name__)


class Switchboard:
    """Brings each event to its use-case. One that a use-case refuses is logged, and the next one is taken."""

    def __init__(
        self,
        floor: Floor,
        *,
        conversation: Conversation,
        self_service: SelfService,
        waiting: Waiting,
        recovery: Recovery,
    ) -> None:
        self._floor = floor
        self._conversation = conversation
        self._self_service = self_service
        self._waiting = waiting
        self._recovery = recovery
        self._inbox: asyncio.Queue[CallEvent | None] = asyncio.Queue()

    def outcome_unknown(self, _why: str) -> None:
        """An act may or may not have happened: reconcile, in turn, and never repeat the act."""
        self._inbox.put_nowait(None)

    async def run(self, events: AsyncIterator[CallEvent]) -> None:
        """Take events until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fill(events))
            tasks.create_task(self._empty())

    async def _fill(self, events: AsyncIterator[CallEvent]) -> None:
        async for event in events:
            self._inbox.put_nowait(event)

    async def _empty(self) -> None:
        while True:
            event = await self._inbox.get()
            try:
                if event is not None:
                    await self._take(event)
                elif self._floor.settled:
                    await self._recovery.settle()
            except Rejected as refusal:
                log.warning("an event came too late", extra={"kind": type(event).__name__, "why": str(refusal)})
            except Exception:
                log.exception("an event was not understood", extra={"kind": type(event).__name__})

    async def _take(self, event: CallEvent) -> None:  # noqa: C901 - one line for each kind of event
        match event:
            case LineOpened():
                self._self_service.line_opened(event)
            case CallEnded():
                self._conversation.caller_left(event)
            case AgentRinging():
                self._conversation.ringing(event)
            case AgentJoined():
                self._conversation.joined(event)
            case AgentLegEnded():
                self._conversation.agent_leg_ended(event)
            case HoldChanged():
                self._conversation.held(event)
            case AnnouncementDue():
                self._waiting.announce(event)
            case PhoneChanged(endpoint, reachable):
                self._floor.phone_changed(endpoint, reachable=reachable)
            case SwitchFound():
                await self._recovery.settle()
            case SwitchLost():
                self._recovery.switch_lost()
