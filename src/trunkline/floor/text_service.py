"""Text conversations: what is written in each is taken in its order, and nothing that rests is forgotten."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from trunkline.core.demand import Wanted
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, InteractionId, MessageId
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Side
from trunkline.floor.browser_call import BrowserCalls
from trunkline.floor.follow_up import FollowUps
from trunkline.floor.intake import WHO_WITHIN, Intake
from trunkline.floor.reading import Reading
from trunkline.floor.state import Floor, Moved
from trunkline.floor.text_state import conversation_of, is_parked, standing_of
from trunkline.floor.text_talk import NothingTaken, TextTalk
from trunkline.ports.channel import Channel, ChannelEvent, ConversationId, Gone, Said, Wished
from trunkline.ports.clock import Timer

log = logging.getLogger(__name__)

_OVER = frozenset({Stage.WRAP_UP, Stage.ENDED})
_NOT_UNDER_WAY = _OVER | {Stage.SCHEDULED}
TRY_AGAIN = timedelta(seconds=30)
"""When a channel or the database did not do its part."""
TAKEN_WITHIN = timedelta(minutes=1)
"""How long what somebody takes out of a flow is kept for them, in case they do not come to take it."""


@dataclass(frozen=True, slots=True)
class _Over:
    """The present action's time is over, if it is still the one of that turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class _Overflow:
    """The entry has waited as long as its flow allows, if it is still the one since then."""

    since: datetime


@dataclass(frozen=True, slots=True)
class _Again:
    """Something was interrupted."""


@dataclass(frozen=True, slots=True)
class _Call:
    """Its visitor's call by the browser has moved, or is wanted."""


@dataclass(frozen=True, slots=True)
class _FollowsUp:
    """The time of a follow-up has come."""

    id: InteractionId


@dataclass(frozen=True, slots=True)
class _ToPeople:
    """Somebody here takes it out of its flow."""

    wanted: AgentId


_Event = ChannelEvent | _Over | _Overflow | _Again | _ToPeople | _FollowsUp | _Call


class TextService:
    """Runs flows for text conversations, one task for each that has something to take."""

    def __init__(
        self, floor: Floor, talk: TextTalk, intake: Intake, channels: Mapping[str, Channel], reading: Reading
    ) -> None:
        self._floor = floor
        self._reading = reading
        self._channels = channels
        self._talk = talk
        self._intake = intake
        self.follow_ups: FollowUps | None = None
        self.calls: BrowserCalls | None = None
        self.customer_writes: Callable[[AgentId, InteractionId], None] = lambda _agent, _id: None
        self._tasks: asyncio.TaskGroup | None = None
        self._inboxes: dict[ConversationId, deque[tuple[_Event, asyncio.Future[None]]]] = {}
        self._live: dict[ConversationId, InteractionId] = {}
        self._later: dict[ConversationId, Timer] = {}
        self._timers: dict[InteractionId, tuple[tuple[datetime, int], Timer]] = {}
        floor.watchers.append(self._follow)

    async def run(self) -> None:
        """Take up what was under way, and own the tasks of all conversations until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                for interaction in list(self._floor.interactions.values()):
                    self._take_up(interaction)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # a group that ends takes no task any more

    def told(self, event: ChannelEvent) -> asyncio.Future[None]:
        """Take what a channel tells; the future is done once what came of it is durable.

        What is told before `run`, or whose future is never done or raises Unavailable, is to be told again. Raises
        Unavailable then.
        """
        return self._put(event.conversation, event)

    def writing(self, conversation: ConversationId) -> None:
        """The customer is writing: worth a moment on the desk of whoever has it, and nothing to keep."""
        interaction = self.of(conversation)
        if interaction is not None and interaction.stage is Stage.TALKING and interaction.agent is not None:
            self.customer_writes(interaction.agent, interaction.id)

    def reads(self, conversation: ConversationId, message: MessageId) -> None:
        """The customer has read up to a message: kept by and by, where it is one of a conversation that goes on."""
        interaction = self.of(conversation)
        if interaction is not None:
            self._reading.note(interaction.id, Side.CUSTOMER, message)

    def overflow(self, id_: InteractionId) -> None:
        """The entry has waited as long as its flow allows: the flow goes on from there, at `run` if not now."""
        interaction = self._floor.interaction(id_)
        since = _waits_since(interaction)
        if self._tasks is not None and since is not None:
            self._put(conversation_of(interaction), _Overflow(since))

    def follow_up(self, id_: InteractionId) -> None:
        """The time of a follow-up has come: it begins, at `run` if not now."""
        planned = self._floor.interaction(id_)
        if self._tasks is not None and planned.follows is not None:
            self._put(conversation_of(planned), _FollowsUp(id_))

    def of(self, conversation: ConversationId) -> Interaction | None:
        """Return the live interaction of a conversation."""
        id_ = self._live.get(conversation)
        return self._floor.interactions.get(id_) if id_ is not None else None

    def look_at_call(self, conversation: ConversationId) -> None:
        """Its visitor's call has moved, or is wanted: a chat and its call go together. Raises Unavailable."""
        self._put(conversation, _Call())

    async def to_people(self, id_: InteractionId, *, wanted: AgentId) -> None:
        """Take a conversation out of its flow and into a line, for one agent; returns once it is there.

        Raises Unavailable.
        """
        await self._put(conversation_of(self._floor.interaction(id_)), _ToPeople(wanted))

    # --- one conversation ---

    def _put(self, conversation: ConversationId, event: _Event) -> asyncio.Future[None]:
        if self._tasks is None:
            raise Unavailable("text conversations are not served now")
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        inbox = self._inboxes.get(conversation)
        if inbox is None:
            inbox = self._inboxes[conversation] = deque()
            self._tasks.create_task(self._work(conversation, inbox))
        inbox.append((event, taken))
        return taken

    async def _work(self, conversation: ConversationId, inbox: deque[tuple[_Event, asyncio.Future[None]]]) -> None:
        """Take one thing after the other: what was written second must not overtake a slow answer to the first."""
        while inbox:
            event, taken = inbox.popleft()
            try:
                await self._take(conversation, event)
            except NothingTaken as fault:
                if not taken.done():
                    taken.set_exception(fault)
            if not taken.done():
                taken.set_result(None)
        del self._inboxes[conversation]

    async def _take(self, conversation: ConversationId, event: _Event) -> None:
        try:
            await self._happen(conversation, event)
        except NothingTaken:
            raise
        except Unavailable as fault:
            log.warning("a conversation was interrupted", extra={"channel": conversation.channel, "why": str(fault)})
            self._try_later(conversation)
        except Exception:
            log.exception("a conversation failed", extra={"channel": conversation.channel})
            await self._leave_to_people(conversation)

    async def _leave_to_people(self, conversation: ConversationId) -> None:
        interaction = self.of(conversation)
        if interaction is not None and interaction.stage is Stage.IN_FLOW:
            try:
                await self._talk.to_people(interaction, "a fault of ours")
            except Exception:
                log.exception("a conversation could not be left to people", extra={"interaction": interaction.id})

    async def _happen(self, conversation: ConversationId, event: _Event) -> None:
        interaction = await self._known(conversation)
        match event:
            case _FollowsUp(id_):
                await self._follow_up(id_, in_touch=interaction is not None)
            case Wished():
                await self._talk.wish(interaction, event)
            case Said(begins=begins) if interaction is None:
                if begins:
                    await self._talk.begin(event)
            case _Call():
                if self.calls is not None:
                    self.calls.settle(conversation, interaction)
            case _ if interaction is None:
                return
            case Said():
                await self._talk.answer(interaction, event)
            case Gone():
                await self._talk.gone(interaction)
            case _:
                await self._move(interaction, event)

    async def _move(self, interaction: Interaction, event: _Event) -> None:
        """Let happen what comes from here, not from the customer, if it still means this moment."""
        match event:
            case _Over(turn) if interaction.stage is Stage.WAITING and standing_of(interaction).turn == turn:
                await self._talk.offer_callback(interaction)
            case _Over(turn) if interaction.stage is Stage.IN_FLOW and standing_of(interaction).turn == turn:
                await self._rest_over(interaction, turn)
            case _Overflow(since) if interaction.stage is Stage.WAITING and _waits_since(interaction) == since:
                await self._talk.overflow(interaction)
            case _ToPeople(wanted) if interaction.stage is Stage.IN_FLOW:
                await self._talk.to_line(interaction, wanted=Wanted(wanted, self._floor.clock.now() + TAKEN_WITHIN))
            case _Again() if interaction.stage is Stage.IN_FLOW and not standing_of(interaction).told:
                await self._talk.again(interaction)

    async def _rest_over(self, interaction: Interaction, turn: int) -> None:
        """Go on after a rest: what we began ourselves only where it is still wanted, and by the channel's hours."""
        if interaction.follows is None or self.follow_ups is None:
            await self._talk.over(interaction)
            return
        try:
            why, later = await self.follow_ups.ends(interaction), self.follow_ups.opens(interaction)
        except Unavailable:
            why, later = None, self._floor.clock.now() + TRY_AGAIN
        if why is not None:
            await self._talk.gone(interaction, by=why)
        elif later is not None:
            self._floor.clock.at(later, partial(self._time_over, conversation_of(interaction), turn))
        else:
            await self._talk.over(interaction)

    def _follow_up_again(self, id_: InteractionId) -> None:
        if id_ in self._floor.interactions:
            self.follow_up(id_)

    async def _follow_up(self, id_: InteractionId, *, in_touch: bool) -> None:
        planned = self._floor.interactions.get(id_)
        if self.follow_ups is None or planned is None or planned.stage is not Stage.SCHEDULED:
            return
        self._intake.identify(id_)
        await self._intake.known(id_, within=WHO_WITHIN)
        try:
            begun = await self.follow_ups.come_due(self._floor.interaction(id_), in_touch=in_touch)
        except Unavailable as fault:
            log.warning("a follow-up waits", extra={"interaction": id_, "why": str(fault)})
            self._floor.clock.at(self._floor.clock.now() + TRY_AGAIN, partial(self._follow_up_again, id_))
            return
        if begun is not None:
            await self._talk.again(self._floor.interaction(id_))

    async def _known(self, conversation: ConversationId) -> Interaction | None:
        """Return the live interaction of a conversation, once it is known whose it is, or cannot be told soon."""
        interaction = self.of(conversation)
        if interaction is not None:
            await self._intake.known(interaction.id, within=WHO_WITHIN)
        return self.of(conversation)

    def _try_later(self, conversation: ConversationId) -> None:
        """Try again once, however often it went wrong meanwhile."""
        if conversation in self._later:
            self._later[conversation].cancel()
        when = self._floor.clock.now() + TRY_AGAIN
        self._later[conversation] = self._floor.clock.at(when, partial(self._try_again, conversation))

    def _try_again(self, conversation: ConversationId) -> None:
        del self._later[conversation]
        if self._tasks is not None:
            self._put(conversation, _Again())

    # --- what rests ---

    def _take_up(self, interaction: Interaction) -> None:
        """Go on with what was under way at the start: an action that was not done yet is done now."""
        if not interaction.is_written:
            return
        if interaction.stage is Stage.SCHEDULED:
            if interaction.follows is not None and interaction.follows.due_at <= self._floor.clock.now():
                self.follow_up(interaction.id)
            return
        self._note(interaction)
        self._intake.identify(interaction.id)
        entry, now = interaction.entry, self._floor.clock.now()
        if is_parked(interaction):
            self._put(conversation_of(interaction), _Call())
        elif interaction.stage is Stage.IN_FLOW and not standing_of(interaction).told:
            self._put(conversation_of(interaction), _Again())
        elif entry is not None and entry.overflow_at is not None and entry.overflow_at <= now:
            self.overflow(interaction.id)

    def _follow(self, moved: Moved) -> None:
        for old, interaction in moved.interactions:
            if interaction.is_written and interaction.stage is not Stage.SCHEDULED:
                self._note(interaction)
                if old is not None and old.stage is Stage.TALKING and interaction.stage is Stage.IN_FLOW:
                    self._hand_over(interaction)
                channel = self._channels.get(interaction.dialled)
                begun = old is not None and old.stage not in _NOT_UNDER_WAY
                if channel is not None and begun and interaction.stage in _OVER:
                    channel.over(conversation_of(interaction))

    def _hand_over(self, interaction: Interaction) -> None:
        """An agent has handed it to a flow, which begins now, or at `run`."""
        if self._tasks is not None:
            self._put(conversation_of(interaction), _Again())

    def _note(self, interaction: Interaction) -> None:
        """Remember whose conversation it is, and keep one timer for each that ends by itself."""
        conversation, standing = conversation_of(interaction), standing_of(interaction)
        if interaction.is_live:
            self._live[conversation] = interaction.id
        elif self._live.get(conversation) == interaction.id:
            del self._live[conversation]
        when = standing.due if interaction.stage in (Stage.IN_FLOW, Stage.WAITING) else None
        due = (when, standing.turn) if when is not None else None
        known = self._timers.get(interaction.id)
        if known is not None and known[0] == due:
            return
        if known is not None:
            known[1].cancel()
            del self._timers[interaction.id]
        if due is not None:
            over = partial(self._time_over, conversation, standing.turn)
            self._timers[interaction.id] = (due, self._floor.clock.at(due[0], over))

    def _time_over(self, conversation: ConversationId, turn: int) -> None:
        if self._tasks is not None:
            self._put(conversation, _Over(turn))


def _waits_since(interaction: Interaction) -> datetime | None:
    return interaction.entry.since if interaction.entry is not None else None
