"""The one consumer of what the switch tells: events are taken one at a time, in their order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from trunkline.core.errors import Rejected
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.hand_to_flow import HandToFlow
from trunkline.floor.recovery import Recovery
from trunkline.floor.self_service import SelfService
from trunkline.floor.state import Floor
from trunkline.floor.transfer import Transfers
from trunkline.floor.waiting import Waiting
from trunkline.ports.call_control import (
    AgentAnswered,
    AgentJoined,
    AgentLegEnded,
    AgentRinging,
    AnnouncementDue,
    CallEnded,
    CallEvent,
    CallTransferred,
    HoldChanged,
    KeyPressed,
    LineOpened,
    NotReached,
    PhoneChanged,
    SwitchFound,
    SwitchLost,
    TransferEnded,
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
        callbacks: Callbacks,
        transfers: Transfers,
        to_flow: HandToFlow,
        waiting: Waiting,
        recovery: Recovery,
    ) -> None:
        self._floor = floor
        self._conversation = conversation
        self._callbacks = callbacks
        self._to_flow = to_flow
        self._recovery = recovery
        # One line for each kind of event.
        self._uses: Mapping[type, Callable[[Any], None]] = {
            LineOpened: self_service.line_opened,
            CallEnded: conversation.caller_left,
            AgentRinging: conversation.ringing,
            AgentAnswered: self._agent_answered,
            AgentJoined: conversation.joined,
            AgentLegEnded: self._agent_leg_ended,
            HoldChanged: conversation.held,
            AnnouncementDue: waiting.announce,
            KeyPressed: callbacks.key_pressed,
            NotReached: callbacks.not_reached,
            CallTransferred: transfers.taken,
            TransferEnded: transfers.ended,
            PhoneChanged: self._phone_changed,
            SwitchLost: recovery.switch_lost,
        }
        self._doubt = asyncio.Event()
        self._settling = asyncio.Lock()

    def outcome_unknown(self, _why: str) -> None:
        """An act may or may not have happened: reconcile, and never repeat the act."""
        self._doubt.set()

    async def run(self, events: AsyncIterator[CallEvent]) -> None:
        """Take events until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take_all(events))
            tasks.create_task(self._clear_doubts())

    async def _take_all(self, events: AsyncIterator[CallEvent]) -> None:
        async for event in events:
            if isinstance(event, SwitchFound):
                await self._settle()
                continue
            if self._settling.locked():
                async with self._settling:
                    pass  # what is being found out comes before what happened meanwhile
            try:
                self._uses[type(event)](event)
            except Rejected as refusal:
                log.warning("an event came too late", extra={"kind": type(event).__name__, "why": str(refusal)})
            except Exception:
                log.exception("an event was not understood", extra={"kind": type(event).__name__})

    async def _clear_doubts(self) -> None:
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            if self._floor.settled:
                await self._settle()

    async def _settle(self) -> None:
        async with self._settling:
            try:
                await self._recovery.settle()
            except Exception:
                log.exception("the floor could not be reconciled")

    def _agent_answered(self, event: AgentAnswered) -> None:
        self._callbacks.agent_answered(event)
        self._conversation.answered(event)

    def _agent_leg_ended(self, event: AgentLegEnded) -> None:
        self._callbacks.agent_leg_ended(event)
        self._to_flow.agent_leg_ended(event)
        self._conversation.agent_leg_ended(event)

    def _phone_changed(self, event: PhoneChanged) -> None:
        self._floor.phone_changed(event.endpoint, reachable=event.reachable)
