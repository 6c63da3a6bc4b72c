"""A text conversation and a flow: each step is durable before it is shown, so that a restart goes on where it was."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trunkline.core.demand import Wanted
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.core.follow_up import about
from trunkline.core.ids import InteractionId, written_id_of
from trunkline.core.interaction import Entry, Interaction, Stage, leave_queue
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import Message
from trunkline.core.outgoing import Outgoing
from trunkline.floor.browser_call import BrowserCalls
from trunkline.floor.callback import Callbacks
from trunkline.floor.conversation import Conversation
from trunkline.floor.errands import Errands
from trunkline.floor.flow_ends import comes_back, ended_in_flow, in_line, overflowed, without_limit
from trunkline.floor.intake import Intake
from trunkline.floor.ledger import Written
from trunkline.floor.outbox import Outbox
from trunkline.floor.places import place_for
from trunkline.floor.runs import Runs, run_of, steps_taken, stored, tell_faults
from trunkline.floor.state import Floor
from trunkline.floor.text_state import (
    MessageLeft,
    Standing,
    action_key,
    at_next,
    begun_by,
    conversation_of,
    is_parked,
    message_of,
    message_shown,
    rest_ends,
    standing_of,
    stored_with,
    undue,
    words_of,
)
from trunkline.floor.text_waiting import offer_due, takes_offer, with_place
from trunkline.floor.text_wish import note_wish
from trunkline.flows.place import callback_offered
from trunkline.flows.render import Shown, rendered, understood
from trunkline.flows.run import Moved, Run
from trunkline.flows.talk import (
    Answer,
    Ask,
    AskCallback,
    CallbackWanted,
    Done,
    End,
    Enqueue,
    Fetch,
    FindCustomer,
    KeepConsent,
    Left,
    Menu,
    Overflowed,
    Pause,
    Rate,
    Resumed,
    Say,
    Send,
    Silence,
    TakeVoicemail,
    Transfer,
    TransferFailed,
    Woke,
)
from trunkline.ports.channel import Channel, Said, Wished
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

MOST_ALONE = 50
"""How many things a flow does for one message. Each text message is paid for: a flow that turns in a circle is not."""


class NothingTaken(Unavailable):
    """What somebody wrote is stored nowhere: it is to be told again."""


class TextTalk:
    """Moves one conversation on by one event. Its caller sees to it that a conversation has one at a time."""

    def __init__(
        self,
        floor: Floor,
        *,
        intake: Intake,
        runs: Runs,
        channels: Mapping[str, Channel],
        store: Store,
        outbox: Outbox,
        errands: Errands,
        callbacks: Callbacks,
        conversation: Conversation,
    ) -> None:
        self._floor = floor
        self._intake = intake
        self._runs = runs
        self._channels = channels
        self._store = store
        self._outbox = outbox
        self._errands = errands
        self._callbacks = callbacks
        self._conversation = conversation
        self.calls: BrowserCalls | None = None

    async def begin(self, said: Said) -> None:
        """Make an interaction of a first message, and begin the flow of its channel.

        A message that stands in a thread already comes again after its conversation has ended: it begins nothing.
        Raises NothingTaken where that cannot be known.
        """
        try:
            known = await self._store.message_interaction(written_id_of(said.conversation.channel, said.message))
        except Unavailable as fault:
            raise NothingTaken(str(fault)) from fault
        if known is not None:
            return
        where, at = said.conversation, self._floor.clock.now()
        interaction = begun_by(said, self._channels[where.channel].medium, self._floor.centre.region, at=at)
        arrived = JournalEntry(Happened.ARRIVED, at, interaction.id, facts={"channel": where.channel})
        # Without waiting: what comes of it is in the same transaction.
        self._floor.commit(
            interactions=[interaction], journal=[arrived], messages=[message_of(interaction, said, hidden=False)]
        )
        self._intake.identify(interaction.id)
        try:
            moved, why = self._runs.enter(interaction), "no flow is for its channel"
        except Misconfigured as fault:
            moved, why = None, str(fault)
        if moved is None:
            await self.to_people(interaction, why)
        else:
            await self._go_on(interaction, None, moved, Standing(turn=1, seen=(said.message,)))

    async def answer(self, interaction: Interaction, said: Said) -> None:
        """Take what was written as the answer to what is asked; in any case it is in the thread.

        While the run rests, or while it waits or an agent has it, that is all. To a question that never went out it is
        no answer either: that question goes out now.
        """
        standing = standing_of(interaction)
        if said.message in standing.seen:
            return
        if interaction.stage is not Stage.IN_FLOW or is_parked(interaction) or said.automatic:
            await self._write_on(interaction, said)
            waits = interaction.stage is Stage.WAITING and not said.automatic
            if waits and takes_offer(interaction, said.text, self._runs.language_for(interaction)):
                await self._call_back(self._floor.interaction(interaction.id))
            return
        moved = self._runs.go_on(interaction, Resumed()) if standing.told else None
        resting = moved.action if moved is not None and isinstance(moved.action, Pause) else None
        if interaction.follows is not None and resting is not None and not resting.listens:
            # We wrote to them, and they have something to say: that is a conversation of theirs.
            await self._over(interaction, by="caller")
            await self.begin(said)
            return
        hidden = moved is not None and isinstance(moved.action, Ask) and moved.action.secret
        written = self._write(message_of(interaction, said, hidden=hidden))
        if not standing.told:
            await self.again(interaction)
            return
        if moved is None:
            await self.to_people(interaction, "its flow is gone")
            return
        answer = understood(moved.action, words_of(said), interaction.medium)
        if answer is None:
            log.info("a message answers nothing", extra={"interaction": interaction.id})
            await written
            return
        standing = replace(standing, seen=(*standing.seen, said.message))
        if isinstance(moved.action, TakeVoicemail) and isinstance(answer, Left) and answer.text is not None:
            standing = replace(standing, left=MessageLeft(moved.action.queue, answer.text))
        await self._answered(interaction, answer, standing)

    async def wish(self, interaction: Interaction | None, wished: Wished) -> None:
        """Somebody wants nothing more on this channel, or something again; what it answers goes to them in any case."""
        await note_wish(self._floor, self._channels[wished.conversation.channel].medium, interaction, wished)
        if interaction is not None and wished.wants_more is False:
            await self.gone(interaction)
        if wished.reply:
            shown, key = Shown((wished.reply,), self._floor.centre.language), f"{wished.message}/reply"
            await self._outbox.send_once(self._outbox.letters(wished.conversation, shown, key=key, anyway=True))

    async def over(self, interaction: Interaction) -> None:
        """The time of the present action is over: nobody answered, or the rest has its end."""
        moved = self._runs.go_on(interaction, Resumed())
        answer = Woke() if moved is not None and isinstance(moved.action, Pause) else Silence()
        await self._answered(interaction, answer, standing_of(interaction))

    async def overflow(self, interaction: Interaction) -> None:
        """The entry has waited as long as its flow allows: the flow goes on from there."""
        moved = self._runs.go_on(interaction, Overflowed())
        if moved is None:
            await self._floor.commit(interactions=[without_limit(interaction)])
            return
        back, left = overflowed(interaction, to=moved.run.step, at=self._floor.clock.now())
        await self._go_on(back, run_of(interaction), moved, at_next(standing_of(interaction)), journal=[left])

    async def offer_callback(self, interaction: Interaction) -> None:
        """Somebody has waited so long that they are offered to be called back."""
        moved, standing = self._runs.go_on(interaction, Resumed()), standing_of(interaction)
        told = replace(interaction, run={**(interaction.run or {}), **undue(interaction)})
        await self._floor.commit(interactions=[told])
        if moved is not None and isinstance(moved.action, Enqueue) and (offer := moved.action.offer_callback):
            language = self._runs.language_of(moved.run)
            await self._show(
                told, callback_offered(offer, told.medium, language), f"{action_key(told.id, standing)}/offer"
            )

    async def _call_back(self, interaction: Interaction) -> None:
        """Somebody who waits asks to be called back: the flow goes on there, and their place is kept."""
        moved = self._runs.go_on(interaction, CallbackWanted())
        if moved is None or interaction.entry is None:
            return
        at, queue = self._floor.clock.now(), interaction.entry.queue
        back = leave_queue(interaction, at=at, keep_place=True)
        wanted = JournalEntry(Happened.CALLBACK_WANTED, at, interaction.id, facts={"queue": queue})
        await self._go_on(back, run_of(interaction), moved, at_next(standing_of(interaction)), journal=[wanted])

    async def again(self, interaction: Interaction) -> None:
        """Take up what was interrupted: the same action, under the same turn."""
        moved = self._runs.go_on(interaction, Resumed())
        if moved is None:
            await self.to_people(interaction, "its flow is gone")
        else:
            await self._go_on(interaction, run_of(interaction), moved, replace(standing_of(interaction), due=None))

    async def gone(self, interaction: Interaction, *, by: str = "caller") -> None:
        """They have left, or are left in peace: the flow is over, nobody waits any more; what they left stays."""
        if interaction.stage is Stage.IN_FLOW:
            await self._over(interaction, by=by)
        elif standing_of(interaction).left is None:
            self._conversation.caller_gone(interaction, at=self._floor.clock.now())
            await self._floor.commit()

    async def _write_on(self, interaction: Interaction, said: Said) -> None:
        """Somebody writes to people: whoever has it reads it, and one who has just closed it has it again."""
        written = self._write(message_of(interaction, said, hidden=False))
        if interaction.stage is Stage.WRAP_UP and not said.automatic:
            self._conversation.reopened(interaction, at=self._floor.clock.now())
        await written

    def _write(self, message: Message, outgoing: Sequence[Outgoing] = ()) -> Written:
        """Put a message into its thread, and what is to go out of it into the outbox, once."""
        if self._floor.has_message(message.interaction, message.id):
            return self._floor.commit()
        return self._floor.commit(messages=[message], outgoing=outgoing)

    # --- from action to action ---

    async def _answered(self, interaction: Interaction, answer: Answer, standing: Standing) -> None:
        moved = self._runs.go_on(interaction, answer)
        if moved is None:
            await self.to_people(interaction, "its flow cannot take the answer")
        else:
            await self._go_on(interaction, run_of(interaction), moved, at_next(standing))

    async def _go_on(
        self,
        interaction: Interaction,
        before: Run | None,
        moved: Moved,
        standing: Standing,
        *,
        journal: Sequence[JournalEntry] = (),
    ) -> None:
        """Do what the flow wants, and what it wants then, until it waits for somebody."""
        for _ in range(MOST_ALONE):
            tell_faults(interaction.id, moved)
            await self._floor.commit(
                interactions=[replace(interaction, run=stored_with(moved.run, standing))],
                journal=[*journal, *steps_taken(interaction.id, before, moved.run, about=about(interaction))],
            )
            journal = ()
            answer = await self._do(interaction.id, moved, standing)
            if answer is None:
                return
            # Looked up anew: who the customer is may have been found meanwhile.
            interaction, before = self._floor.interaction(interaction.id), moved.run
            following = self._runs.go_on(interaction, answer)
            if following is None:
                await self.to_people(interaction, "its flow cannot take the answer")
                return
            moved, standing = following, at_next(standing)
        await self.to_people(interaction, "its flow goes on and on without waiting for anybody")

    async def _do(self, id_: InteractionId, moved: Moved, standing: Standing) -> Answer | None:
        """Show and do what is wanted; return what came of it, None when that is for somebody else to say."""
        await self._tell(id_, moved, standing)
        match moved.action:
            case Say():
                return Done()
            case Menu() | Ask() | Rate() | TakeVoicemail() | Pause():
                await self._rest(id_, moved, standing)
            case Enqueue():
                await self._enqueue(self._floor.interaction(id_), moved.run, moved.action, standing)
            case AskCallback():
                # The callback is a call: how the writing stands is nothing to it.
                asks = replace(self._floor.interaction(id_), run=stored(moved.run))
                return self._callbacks.plan(asks, moved.action)
            case End():
                await self._over(self._floor.interaction(id_), by="flow")
            case Fetch() | FindCustomer() | Send() | KeepConsent():
                return await self._errands.do(id_, moved.run, moved.action, key=action_key(id_, standing))
            case Transfer():
                return TransferFailed("no call")
        return None

    async def _tell(self, id_: InteractionId, moved: Moved, standing: Standing) -> None:
        interaction = self._floor.interaction(id_)
        shown = rendered(moved.action, interaction.medium, self._runs.language_of(moved.run))
        if shown:
            await self._show(interaction, shown, action_key(id_, standing))

    async def _show(self, interaction: Interaction, shown: Shown, key: str) -> None:
        where = conversation_of(interaction)
        message = message_shown(interaction, shown, key, at=self._floor.clock.now())
        self._write(message, self._outbox.letters(where, shown, key=key, interaction=interaction.id))
        channel = self._channels[interaction.dialled]
        if channel.provider is None:
            await channel.send(where, shown, key=key)

    async def _rest(self, id_: InteractionId, moved: Moved, standing: Standing) -> None:
        """Wait for an answer, or for its time: on chat somebody sits there, on sms nobody hurries."""
        interaction = self._floor.interaction(id_)
        due = rest_ends(interaction, moved.action, now=self._floor.clock.now())
        rests = replace(standing, told=True, due=due)
        await self._floor.commit(interactions=[replace(interaction, run=stored_with(moved.run, rests))])

    # --- where the flow's part ends ---

    async def _enqueue(
        self,
        interaction: Interaction,
        run: Run,
        want: Enqueue,
        standing: Standing,
        *,
        journal: Sequence[JournalEntry] = (),
        wanted: Wanted | None = None,
    ) -> None:
        entry = place_for(
            self._floor, interaction, want, language=self._runs.language_of(run), at=self._floor.clock.now()
        )
        key, due = offer_due(want, at=entry.since, may=self._callbacks.can_call(interaction))
        waits = replace(interaction, run=stored_with(run, replace(standing, told=True, due=due)), place=None)
        entry = with_place(interaction, replace(entry, wanted=wanted or entry.wanted, callback_key=key))
        await self._put_in_line(waits, entry, journal=journal)

    async def _put_in_line(
        self, interaction: Interaction, entry: Entry, *, journal: Sequence[JournalEntry] = ()
    ) -> None:
        waits, queued = in_line(interaction, entry, at=self._floor.clock.now())
        lines = [*journal, queued]
        talks = self.calls.instead(waits, journal=lines) if self.calls is not None else None
        await (talks or self._floor.commit(interactions=[waits], journal=lines))

    async def to_people(self, interaction: Interaction, why: str, *, journal: Sequence[JournalEntry] = ()) -> None:
        """The flow is at fault: let somebody see to it, for what was written must not be lost."""
        log.error("a conversation is left to people", extra={"interaction": interaction.id, "why": why})
        await self.to_line(interaction, journal=journal)

    async def to_line(
        self, interaction: Interaction, *, journal: Sequence[JournalEntry] = (), wanted: Wanted | None = None
    ) -> None:
        """Let it wait where its flow would first lead to people, wherever it stands there; `wanted` for one of them."""
        at = self._floor.clock.now()
        if (back := comes_back(self._floor, interaction, at=at)) is not None:
            await self._put_in_line(interaction, replace(back, wanted=wanted or back.wanted), journal=journal)
            return
        moved = self._runs.to_people(interaction)
        if moved is not None and isinstance(moved.action, Enqueue):
            steps = steps_taken(interaction.id, run_of(interaction), moved.run)
            await self._enqueue(
                interaction, moved.run, moved.action, standing_of(interaction), journal=[*journal, *steps],
                wanted=wanted,
            )  # fmt: skip
        else:
            entry = Entry(self._floor.centre.queue_of_fallback, at, wanted=wanted)
            await self._put_in_line(interaction, entry, journal=journal)

    async def _over(self, interaction: Interaction, *, by: str) -> None:
        """End the flow's part: a message that was left becomes work of its queue, all else comes back or ends."""
        at, left = self._floor.clock.now(), standing_of(interaction).left
        back = comes_back(self._floor, interaction, at=at) if by == "flow" else None
        if left is not None:
            facts = {"characters": len(left.text)}
            taken = JournalEntry(Happened.VOICEMAIL_LEFT, at, interaction.id, facts=facts)
            await self._put_in_line(interaction, Entry(left.queue, at), journal=[taken])
        elif back is not None:
            await self._put_in_line(interaction, back)
        else:
            over, ended = ended_in_flow(self._floor, interaction, by=by, at=at)
            await self._floor.commit(interactions=[over], journal=[ended])
