"""Setting the floor right after events were missed: after a start, a cut of AMI, a restart of Asterisk."""

import asyncio
import logging
from functools import partial

from trunkline.core import agent as agents
from trunkline.core import reconcile as found
from trunkline.core.agent import Agent, endpoint_owner
from trunkline.core.call import Call, CallerSeen, Picture
from trunkline.core.callback import VISITOR_PHONE
from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.reconcile import Finding, reconcile
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.dispatcher import Dispatcher
from trunkline.floor.intake import Intake
from trunkline.floor.self_service import SelfService
from trunkline.floor.state import Floor
from trunkline.floor.transfer import Transfers
from trunkline.ports.call_control import CallControl, LineOpened, SwitchLost

log = logging.getLogger(__name__)

_TRY_AGAIN_S = 0.5
_NOBODY_ASKS_YET = frozenset({Stage.WAITING, Stage.SCHEDULED})
"""Stages in which neither a flow nor a desk wants to know who it is."""


class Recovery:
    """Takes a picture of the switch, reconciles the floor with it, and opens the floor again."""

    def __init__(
        self,
        floor: Floor,
        switch: CallControl,
        *,
        conversation: Conversation,
        self_service: SelfService,
        callbacks: Callbacks,
        transfers: Transfers,
        intake: Intake,
        dispatcher: Dispatcher,
    ) -> None:
        self._floor = floor
        self._switch = switch
        self._conversation = conversation
        self._self_service = self_service
        self._callbacks = callbacks
        self._transfers = transfers
        self._intake = intake
        self._dispatcher = dispatcher

    def switch_lost(self, _lost: SwitchLost) -> None:
        """Make no offers to a switch that does not answer; talks go on without us."""
        self._floor.settled = False

    async def settle(self) -> None:
        """Reconcile, and serve again. Tries until the switch gives a picture or the task is cancelled."""
        self._floor.settled = False
        while True:
            try:
                picture = await self._switch.picture()
            except Unavailable as fault:
                log.warning("no picture of the switch yet", extra={"why": str(fault)})
                await asyncio.sleep(_TRY_AGAIN_S)
            else:
                break
        findings = reconcile(list(self._floor.interactions.values()), picture, self._self_service.attended())
        self._take_phones(picture)
        for finding in findings:
            try:
                self._mend(finding, picture)
            except Rejected as refusal:
                log.warning("a finding came too late", extra={"kind": type(finding).__name__, "why": str(refusal)})
        self._empty_hands(picture)
        kinds = [type(finding).__name__ for finding in findings]
        entry = JournalEntry(Happened.RECONCILED, picture.at, facts={"asterisk": picture.asterisk, "found": kinds})
        await self._floor.commit(journal=[entry, self._floor.roll_call()])
        self._floor.settled = True
        log.info("floor reconciled", extra={"asterisk": picture.asterisk, "findings": len(findings)})
        self._dispatcher.match_all()
        self._find_profiles()

    def _find_profiles(self) -> None:
        """Find out who everybody is: at once for those whom somebody has before them or talks to, then the others."""
        unknown = [each for each in self._floor.interactions.values() if each.id not in self._floor.profiles]
        for interaction in unknown:
            if interaction.stage not in _NOBODY_ASKS_YET:
                self._intake.identify(interaction.id)
        self._intake.identify_later(each.id for each in unknown if each.stage in _NOBODY_ASKS_YET)

    def _mend(self, finding: Finding, picture: Picture) -> None:
        match finding:
            case found.CallerFound(seen):
                self._floor.commit(then=partial(self._switch.to_flow, self._arrive(seen, picture)))
            case found.CallerGone(id_):
                self._conversation.caller_gone(self._floor.interaction(id_), at=picture.at)
            case found.SendToFlow(_, call):
                self._floor.commit(then=partial(self._switch.to_flow, call))
            case found.SendToWaiting(id_):
                self._self_service.wait(self._floor.interaction(id_))
            case found.OfferLost(id_, None):
                self._conversation.withdraw(self._floor.interaction(id_), at=picture.at)
            case found.OfferLost(id_, offer) if offer is not None:
                self._conversation.withdraw(self._floor.interaction(id_), at=picture.at, offers=[offer])
            case _:
                self._mend_talk(finding, picture)

    def _mend_talk(self, finding: Finding, picture: Picture) -> None:
        match finding:
            case found.Joined(id_, call, offer):
                self._conversation.accept(self._floor.interaction(id_), at=picture.at, call=call, offer=offer)
            case found.AgentOnPhone(id_):
                self._callbacks.on_phone(self._floor.interaction(id_), at=picture.at)
            case found.TakenOutside(id_):
                self._transfers.taken_outside(self._floor.interaction(id_), at=picture.at)
            case found.TalkOver(id_, joined_first):
                self._talk_over(id_, picture, joined_first=joined_first)
            case found.HangUpLeg(offer):
                self._floor.commit(then=partial(self._switch.stop_ringing, offer))
            case found.ServedByFallback(id_):
                self._conversation.served_by_fallback(self._floor.interaction(id_), at=picture.at)

    def _talk_over(self, id_: InteractionId, picture: Picture, *, joined_first: bool) -> None:
        if joined_first:
            self._conversation.accept(self._floor.interaction(id_), at=picture.at)
        self._conversation.talk_over(self._floor.interaction(id_), at=picture.at)

    def _arrive(self, seen: CallerSeen, picture: Picture) -> Call:
        event = LineOpened(
            call=seen.call,
            caller=seen.caller,
            caller_name=seen.caller_name,
            dialled=seen.dialled,
            trunk=seen.trunk,
            at=picture.at,
        )
        self._intake.arrived(event)
        return seen.call

    def _take_phones(self, picture: Picture) -> None:
        for endpoint in self._floor.reachable - picture.reachable:
            self._floor.phone_changed(endpoint, reachable=False)
        for endpoint in picture.reachable:
            if endpoint_owner(endpoint)[0] in self._floor.agents or endpoint.startswith(VISITOR_PHONE):
                self._floor.phone_changed(endpoint, reachable=True)

    def _empty_hands(self, picture: Picture) -> None:
        """An agent cannot be busy with what is not live: such a thing would keep them idle for ever."""
        for agent in list(self._floor.agents.values()):
            for gone in self._not_theirs(agent):
                log.error("an agent was busy with nothing", extra={"agent": agent.id, "interaction": gone})
                present = self._floor.agent(agent.id)
                released = JournalEntry(Happened.RELEASED, picture.at, gone, agent.id, {"why": "not_live"})
                free = agents.release(present, gone, at=picture.at, served=False)
                self._floor.commit(agents=[free], journal=[released])

    def _not_theirs(self, agent: Agent) -> list[InteractionId]:
        """Return what an agent is busy with though it is over, or neither offered to them nor with them."""
        live = self._floor.interactions
        return [
            id_ for id_ in agent.hands if id_ not in live or all(offer.agent != agent.id for offer in live[id_].offers)
        ]
