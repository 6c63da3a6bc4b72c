"""Talking by the browser: who writes in a chat may talk instead, at their place in line or with their agent.

The call is an interaction of its own, of the kind of a callback: an agent is asked first, and then the visitor's
browser is rung. While it waits, the chat waits for nobody by itself; it goes to whoever takes the call, and back to
its place when there is none any more.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from trunkline.core import agent as agents
from trunkline.core import callback
from trunkline.core.agent import Agent
from trunkline.core.demand import Wanted
from trunkline.core.errors import Unavailable
from trunkline.core.ids import InteractionId, OfferId, new_id
from trunkline.core.interaction import (
    BrowserPhone,
    Entry,
    Interaction,
    Offer,
    Outcome,
    Stage,
    end,
    leave_queue,
    pass_on,
    take_over,
)
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import entry_facts
from trunkline.floor.conversation import Conversation
from trunkline.floor.flow_ends import in_line
from trunkline.floor.ledger import Written
from trunkline.floor.places import next_move
from trunkline.floor.state import Floor, Moved
from trunkline.floor.text_state import conversation_of, is_parked, parked, unparked
from trunkline.ports.channel import CallStage, ConversationId, VisitorCall, WhyNoCall
from trunkline.ports.clock import Timer
from trunkline.ports.store import Change

log = logging.getLogger(__name__)

COMES_WITHIN = timedelta(seconds=30)
"""How long a browser may take to register, or to come back after a reload: then nobody sits there any more."""
KEPT_FOR = timedelta(minutes=2)
"""How long the agent who writes with somebody is the only one who is asked to talk to them."""
MOST_AT_ONCE = 100
"""Browsers of all visitors that wait to be rung, or talk."""
_CAN_TALK = frozenset({Stage.WAITING, Stage.TALKING})
_WAITS = frozenset({Stage.SCHEDULED, Stage.WAITING})
_TO_COME = _WAITS | {Stage.OFFERED}
_UNDER_WAY = _TO_COME | {Stage.TALKING}


class BrowserCalls:
    """Plans these calls, follows the browsers, and keeps each chat with its call."""

    def __init__(
        self, floor: Floor, conversation: Conversation, phone_for: Callable[[InteractionId], BrowserPhone]
    ) -> None:
        self._floor = floor
        self._conversation = conversation
        self._phone_for = phone_for
        self._calls: dict[ConversationId, InteractionId] = {}
        self._endpoints: dict[str, InteractionId] = {}
        self._wanted: set[ConversationId] = set()
        self._absent: dict[InteractionId, Timer] = {}
        self._shown: dict[InteractionId, Stage] = {}
        self.chat_of: Callable[[ConversationId], Interaction | None] = lambda _: None
        """Finds the live interaction of a conversation in writing."""
        self.look_at: Callable[[ConversationId], object] = lambda _: None
        """Has `settle` called where the conversation's other events are taken; raises Unavailable before it serves."""
        self.told: Callable[[ConversationId, VisitorCall], None] = lambda _conversation, _call: None
        """Tells the visitor's pages how their call stands, once that is durable."""
        floor.watchers.append(self._watch)
        floor.phone_watchers.append(self._phone_changed)

    def know_all(self) -> None:
        """Take note of those that are under way already: after a start."""
        for interaction in self._floor.interactions.values():
            self._know(interaction)

    # --- for the channel ---

    def ask(self, conversation: ConversationId) -> WhyNoCall | None:
        """Somebody who writes wants to talk by their browser; return why they cannot, if so. Raises Unavailable.

        What becomes of it is told to their pages. Where a flow still asks them something, or an agent is just being
        rung for the chat, it begins as soon as that is over.
        """
        if conversation in self._calls:
            return None
        chat = self.chat_of(conversation)
        if chat is None or chat.stage is Stage.WRAP_UP:
            return WhyNoCall.WRITE_FIRST
        if len(self._calls) + len(self._wanted) >= MOST_AT_ONCE:
            return WhyNoCall.TOO_MANY
        self.look_at(conversation)
        self._wanted.add(conversation)
        return None

    def hang_up(self, conversation: ConversationId) -> None:
        """They do not want to talk any more; who talks already hangs up by the phone."""
        self._wanted.discard(conversation)
        call = self._call_of(conversation)
        if call is not None and call.stage in _TO_COME:
            self._give_up(call)

    def of(self, conversation: ConversationId) -> VisitorCall | None:
        """Return how somebody's call stands, None where there is none."""
        call = self._call_of(conversation)
        if call is not None:
            return _standing(call)
        return VisitorCall(CallStage.ASKED) if conversation in self._wanted else None

    # --- the chat and its call ---

    def instead(self, chat: Interaction, *, journal: Sequence[JournalEntry]) -> Written | None:
        """Plan the call of a chat that is about to wait, where its visitor wants to talk: no chat is offered first.

        `journal` is what is to be told of the chat. None where they write on.
        """
        conversation = conversation_of(chat)
        if conversation not in self._wanted or chat.entry is None:
            return None
        self._wanted.discard(conversation)
        return self._plan(chat, chat.entry, journal)

    def settle(self, conversation: ConversationId, chat: Interaction | None) -> None:
        """Make a conversation and its call agree, whatever has happened to either: `chat` None when it is over."""
        call = self._call_of(conversation)
        if chat is None or chat.stage is Stage.WRAP_UP:
            self._wanted.discard(conversation)
            if call is not None and call.stage in _TO_COME:
                self._give_up(call)
        elif is_parked(chat) and call is not None and call.agent is not None:
            self._goes_along(chat, call)
        elif is_parked(chat) and call is None:
            self._back_in_line(chat)
        elif conversation in self._wanted and call is None and chat.stage in _CAN_TALK and chat.entry is not None:
            self._wanted.discard(conversation)
            self._plan(chat, chat.entry)

    def _plan(self, chat: Interaction, entry: Entry, journal: Sequence[JournalEntry] = ()) -> Written:
        at, id_ = self._floor.clock.now(), InteractionId(new_id())
        lines, freed = list(journal), None
        if chat.agent is not None:
            moves = next_move(self._floor.centre.queue(entry.queue), at=at)
            entry = replace(entry, since=at, wanted=Wanted(chat.agent, at + KEPT_FOR), moves=moves)
            if (freed := self._freed(chat, at=at)) is not None:
                facts = {"from": entry.queue, "to": entry.queue, "talk_s": (at - chat.stage_since).total_seconds()}
                lines.append(JournalEntry(Happened.PASSED_ON, at, chat.id, chat.agent, {**facts, "by": "browser"}))
                chat = pass_on(chat, entry, at=at)
        aside = chat.stage is Stage.WAITING
        if aside:
            facts = {"queue": entry.queue, "by": "browser"}
            lines.append(JournalEntry(Happened.CALLBACK_WANTED, at, chat.id, facts=facts))
            chat = parked(leave_queue(chat, at=at, keep_place=True), call=id_)
        planned = callback.plan_browser(id_, chat, self._phone_for(id_), entry, at=at)
        facts = {
            "of": chat.id, **entry_facts(entry, planned.medium), "since": entry.since.isoformat(),
            "due_at": at.isoformat(), "by": "browser",
        }  # fmt: skip
        lines.append(JournalEntry(Happened.CALLBACK_PLANNED, at, id_, facts=facts))
        if (profile := self._floor.profiles.get(chat.id)) is not None:
            self._floor.profiles[id_] = profile
        return self._floor.commit(
            interactions=[*([chat] if aside else []), planned], agents=[freed] if freed is not None else [],
            journal=lines,
        )  # fmt: skip

    def _freed(self, chat: Interaction, *, at: datetime) -> Agent | None:
        """Return the agent of a chat without it, where they can be asked to talk only so; they have it back then."""
        assert chat.agent is not None  # noqa: S101 - somebody writes in it
        agent = self._floor.agent(chat.agent)
        freed = agents.release(agent, chat.id, at=at, served=True)
        can = "voice" in freed.room and "voice" not in agent.room
        return freed if can else None

    def _goes_along(self, chat: Interaction, call: Interaction) -> None:
        """Give a chat to the agent who talks with its visitor."""
        assert chat.place is not None  # noqa: S101 - a parked chat has its place
        assert call.agent is not None  # noqa: S101 - somebody talks
        at, agent = self._floor.clock.now(), call.agent
        waits, queued = in_line(chat, chat.place, at=at)
        taken = take_over(waits, Offer(OfferId(new_id()), agent, at, at), at=at)
        with_it = JournalEntry(Happened.TAKEN_OVER, at, chat.id, agent, {"from": None, "with": call.id})
        self._floor.commit(
            interactions=[unparked(taken)],
            agents=[agents.take(self._floor.agent(agent), chat.id, chat.medium, at=at)],
            journal=[queued, with_it],
        )

    def _back_in_line(self, chat: Interaction) -> None:
        """Let a chat wait by itself again, where it waited."""
        assert chat.place is not None  # noqa: S101 - a parked chat has its place
        waits, queued = in_line(chat, chat.place, at=self._floor.clock.now())
        self._floor.commit(interactions=[unparked(waits)], journal=[queued])

    # --- the browser ---

    def _phone_changed(self, endpoint: str, reachable: bool) -> None:
        id_ = self._endpoints.get(endpoint)
        call = self._floor.interactions.get(id_) if id_ is not None else None
        if call is None:
            return
        if reachable and call.stage is Stage.SCHEDULED:
            at = self._floor.clock.now()
            there = callback.come_due(call, at=at)
            self._floor.commit(
                interactions=[there],
                journal=[JournalEntry(Happened.CALLBACK_DUE, at, call.id, facts={"by": "browser"})],
            )
        self._expect(self._floor.interaction(call.id), endpoint)

    def _expect(self, call: Interaction, endpoint: str) -> None:
        """Give the call up where its browser does not come, or come back, in time."""
        waited_for = call.stage in _WAITS and endpoint not in self._floor.reachable
        if waited_for and call.id not in self._absent:
            when = self._floor.clock.now() + COMES_WITHIN
            self._absent[call.id] = self._floor.clock.at(when, partial(self._nobody_there, call.id))
        elif not waited_for and (timer := self._absent.pop(call.id, None)) is not None:
            timer.cancel()

    def _nobody_there(self, id_: InteractionId) -> None:
        self._absent.pop(id_, None)
        call = self._floor.interactions.get(id_)
        if call is not None and call.stage in _WAITS:
            log.info("a visitor who wanted to talk has gone", extra={"interaction": id_})
            self._give_up(call)

    def _give_up(self, call: Interaction) -> None:
        at = self._floor.clock.now()
        if call.stage is Stage.SCHEDULED:
            given_up = JournalEntry(Happened.ABANDONED, at, call.id, facts={"outcome": Outcome.ABANDONED.value})
            self._floor.commit(interactions=[end(call, Outcome.ABANDONED, at=at)], journal=[given_up])
        else:
            self._conversation.caller_gone(call, at=at)

    # --- what has moved ---

    def _watch(self, moved: Moved) -> None:
        for old, interaction in moved.interactions:
            if interaction.callback is not None and interaction.callback.phone is not None:
                self._know(interaction)
                if old is None or old.stage is not interaction.stage:
                    self._look_at(conversation_of(interaction))
            elif interaction.is_written and (old is None or old.stage is not interaction.stage):
                conversation = conversation_of(interaction)
                if conversation in self._wanted or conversation in self._calls:
                    self._look_at(conversation)

    def published(self, change: Change) -> None:
        """Tell pages what has become of their calls: an account that is in the database, the switch knows too."""
        for call in change.interactions:
            if call.callback is None or call.callback.phone is None or self._shown.get(call.id) is call.stage:
                continue
            if call.is_live:
                self._shown[call.id] = call.stage
            else:
                self._shown.pop(call.id, None)
            if call.stage in _UNDER_WAY:
                self.told(conversation_of(call), _standing(call))
            elif call.stage is Stage.WRAP_UP or call.outcome is not Outcome.HANDLED:
                reached = call.outcome is not Outcome.NOT_REACHED
                self.told(conversation_of(call), VisitorCall(CallStage.OVER if reached else CallStage.NOT_REACHED))

    def _know(self, interaction: Interaction) -> None:
        phone = interaction.callback.phone if interaction.callback is not None else None
        if phone is None:
            return
        conversation = conversation_of(interaction)
        if interaction.stage in _UNDER_WAY:
            self._calls[conversation] = self._endpoints[phone.endpoint] = interaction.id
        elif self._calls.get(conversation) == interaction.id:
            # Wrapped up by the agent, or over: they may ask for another.
            del self._calls[conversation]
        if not interaction.is_live:
            self._endpoints.pop(phone.endpoint, None)
        self._expect(interaction, phone.endpoint)

    def _call_of(self, conversation: ConversationId) -> Interaction | None:
        id_ = self._calls.get(conversation)
        return self._floor.interactions.get(id_) if id_ is not None else None

    def _look_at(self, conversation: ConversationId) -> None:
        with suppress(Unavailable):  # then the start looks at all
            self.look_at(conversation)


def _standing(call: Interaction) -> VisitorCall:
    phone = call.callback.phone if call.callback is not None else None
    return VisitorCall(CallStage.TALKS if call.stage is Stage.TALKING else CallStage.WAITS, phone)
