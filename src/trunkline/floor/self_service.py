"""A caller and a flow: each step is durable before it is spoken, so that a restart goes on where it was."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from trunkline.core.call import Call
from trunkline.core.errors import Unavailable
from trunkline.core.ids import CallId, InteractionId
from trunkline.core.interaction import Entry, Interaction, Stage
from trunkline.core.record import changed
from trunkline.floor.callback import Callbacks
from trunkline.floor.errands import Errands, errand_key
from trunkline.floor.flow_ends import comes_back, ended_in_flow, in_line, overflowed, without_limit
from trunkline.floor.intake import WHO_WITHIN, Intake
from trunkline.floor.losses import Losses
from trunkline.floor.places import place_for
from trunkline.floor.runs import Runs, run_of, steps_taken, stored, tell_faults
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.transfer import Transfers
from trunkline.floor.voicemail import Voicemails
from trunkline.flows.run import Moved, Run
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    AskCallback,
    End,
    Enqueue,
    Fetch,
    FindCustomer,
    KeepConsent,
    Menu,
    Overflowed,
    Pause,
    Prompt,
    Rate,
    Say,
    Send,
    TakeVoicemail,
    Transfer,
)
from trunkline.ports.call_control import CallControl, LineOpened
from trunkline.ports.voice_line import LineGone, VoiceLine

log = logging.getLogger(__name__)

NO_ANNOUNCEMENT = timedelta(seconds=600)
"""How long the dialplan plays music in one piece where nothing is to be announced."""
SORRY = Prompt("We are sorry. Something went wrong on our side. Please call again in a few minutes.", "en-GB")
NOT_IN_SERVICE = Prompt("Thank you for calling. This number is not in service. Goodbye.", "en-GB")
_SETTLE_S = 1.0
_LOST_TOO_OFTEN = 3
_ERRAND_GUARD = timedelta(seconds=15)
"""The longest that an errand takes (a web service has ten seconds), and some more: the caller hears nothing then."""


class SelfService:
    """Runs flows on callers' lines, one task for each line that is open."""

    def __init__(
        self,
        floor: Floor,
        switch: CallControl,
        *,
        intake: Intake,
        runs: Runs,
        speaking: Speaking,
        errands: Errands,
        callbacks: Callbacks,
        transfers: Transfers,
        voicemails: Voicemails,
        lines: Callable[[Call], VoiceLine],
    ) -> None:
        self._floor = floor
        self._switch = switch
        self._intake = intake
        self._runs = runs
        self._speaking = speaking
        self._errands = errands
        self._callbacks = callbacks
        self._transfers = transfers
        self._voicemails = voicemails
        self._lines = lines
        self._tasks: asyncio.TaskGroup | None = None
        self._talking: dict[CallId, asyncio.Task[None]] = {}
        self._losses = Losses(floor)

    async def run(self) -> None:
        """Own the tasks of all open lines until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            await asyncio.Event().wait()

    def line_opened(self, event: LineOpened) -> None:
        """A caller can be talked to: begin the flow, or go on with it."""
        interaction = self._intake.arrived(event)
        if interaction.stage is Stage.WAITING:
            self.wait(interaction)
            return
        if interaction.stage is not Stage.IN_FLOW or self._tasks is None:
            return
        earlier = self._talking.pop(event.call.id, None)
        if earlier is not None:
            earlier.cancel()
        self._intake.identify(interaction.id)
        task = self._tasks.create_task(self._serve(interaction.id, event.call))
        self._talking[event.call.id] = task
        task.add_done_callback(lambda done: self._forget(event.call.id, done))

    def attended(self) -> frozenset[InteractionId]:
        """Return the interactions whose callers are being talked to now."""
        interactions = (self._floor.of_call(call) for call, task in self._talking.items() if not task.done())
        return frozenset(interaction.id for interaction in interactions if interaction is not None)

    def wait(self, interaction: Interaction) -> None:
        """Send a caller who has a place in a queue to where waiting is done."""
        if interaction.entry is not None and interaction.call is not None:
            self._floor.commit(then=partial(self._to_waiting, interaction.id))

    def overflow(self, id_: InteractionId) -> None:
        """The entry has waited as long as its flow allows: the flow goes on from there."""
        interaction = self._floor.interaction(id_)
        moved = self._runs.go_on(interaction, Overflowed())
        if moved is None or interaction.call is None:
            self._floor.commit(interactions=[without_limit(interaction)])
            return
        back, left = overflowed(interaction, to=moved.run.step, at=self._floor.clock.now())
        self._floor.commit(
            interactions=[changed(back, run=stored(moved.run))],
            journal=[left, *steps_taken(id_, run_of(interaction), moved.run)],
            then=partial(self._switch.to_flow, interaction.call),
        )

    # --- one line ---

    def _forget(self, call: CallId, done: asyncio.Task[None]) -> None:
        if self._talking.get(call) is done:
            del self._talking[call]

    async def _serve(self, id_: InteractionId, call: Call) -> None:
        line = self._lines(call)
        try:
            await self._talk(id_, line)
        except (LineGone, NoSuch):
            await self._line_gone(id_, call)
        except Unavailable as fault:
            log.warning("a flow was interrupted", extra={"interaction": id_, "why": str(fault)})
            await self._line_gone(id_, call)
        except Exception:
            log.exception("a flow failed", extra={"interaction": id_})
            await self._apologise(id_, line, SORRY)

    async def _talk(self, id_: InteractionId, line: VoiceLine) -> None:
        interaction = self._floor.interaction(id_)
        before = run_of(interaction)
        if before is None and self._runs.reads_customer(interaction):
            await self._intake.known(id_, within=WHO_WITHIN)
        moved = self._runs.enter(self._floor.interaction(id_))
        if moved is None:
            await self._apologise(id_, line, NOT_IN_SERVICE)
            return
        while not isinstance(moved.action, Enqueue):
            await self._keep(id_, before, moved)
            answer = await self._do(id_, line, moved.run, moved.action)
            if answer is None:
                return
            before, moved = moved.run, self._next(id_, answer)
        await self._enqueue(id_, before, moved.run, moved.action)

    def _next(self, id_: InteractionId, answer: Answer) -> Moved:
        interaction = self._floor.interaction(id_)
        moved = self._runs.advance(interaction, answer)
        if moved is None:
            raise Unavailable(f"the flow of {id_} is gone", retry=False)
        return moved

    async def _do(self, id_: InteractionId, line: VoiceLine, run: Run, action: Action) -> Answer | None:
        """Do what the flow wants; None where the flow's part on this line is over."""
        match action:
            case Say() | Menu() | Ask() | Rate() | Pause():
                return await self._speaking.do(line, action)
            case Fetch() | FindCustomer() | Send() | KeepConsent():
                await line.keep(_ERRAND_GUARD)
                return await self._errands.do(id_, run, action, key=errand_key(id_, run))
            case AskCallback():
                return self._callbacks.plan(self._floor.interaction(id_), action)
            case Transfer():
                return await self._transfers.start(self._floor.interaction(id_), action)
            case TakeVoicemail():
                await self._voicemails.take(id_, line, action)
                return None
            case End():
                await self._end(id_, line)
                return None
            case Enqueue():
                raise AssertionError("enqueueing is not done on the line")

    async def _enqueue(self, id_: InteractionId, before: Run | None, run: Run, want: Enqueue) -> None:
        interaction = self._floor.interaction(id_)
        entry = self._entry(interaction, run, want)
        waits, queued = in_line(interaction, entry, at=entry.since)
        await self._floor.commit(
            interactions=[changed(waits, run=stored(run))],
            journal=[*steps_taken(id_, before, run), queued],
            then=partial(self._to_waiting, id_),
        )

    def _entry(self, interaction: Interaction, run: Run, want: Enqueue) -> Entry:
        offer, every = want.offer_callback, want.announce_every or NO_ANNOUNCEMENT
        number = interaction.address.e164
        # What cannot be kept is not offered.
        offered = offer is not None and number is not None and self._switch.may_call(number)
        return replace(
            place_for(self._floor, interaction, want, language=self._runs.language_of(run), at=self._floor.clock.now()),
            announce_every=min(every, offer.after) if offer is not None and offered else every,
            callback_key=offer.key if offer is not None and offered else None,
        )

    async def _to_waiting(self, id_: InteractionId) -> None:
        interaction = self._floor.interactions.get(id_)
        if interaction is None or interaction.call is None or interaction.entry is None:
            return
        if interaction.stage in (Stage.WAITING, Stage.OFFERED):
            entry = interaction.entry
            await self._switch.to_waiting(interaction.call, music=entry.music, announce_every=entry.announce_every)

    async def _end(self, id_: InteractionId, line: VoiceLine) -> None:
        interaction, at = self._floor.interaction(id_), self._floor.clock.now()
        if (back := comes_back(self._floor, interaction, at=at)) is not None:
            waits, queued = in_line(interaction, back, at=at)
            await self._floor.commit(interactions=[waits], journal=[queued], then=partial(self._to_waiting, id_))
            return
        over, ended = ended_in_flow(self._floor, interaction, by="flow", at=at)
        await self._floor.commit(interactions=[over], journal=[ended])
        await line.hang_up()

    async def _apologise(self, id_: InteractionId, line: VoiceLine, words: Prompt) -> None:
        try:
            await self._speaking.say(line, [words])
            await self._end(id_, line)
        except Unavailable as fault:
            log.info("nobody was left to apologise to", extra={"interaction": id_, "why": str(fault)})

    async def _line_gone(self, id_: InteractionId, call: Call) -> None:
        """The caller hung up (then we hear so at once), or the switch took them to the safe place: fetch them back."""
        await asyncio.sleep(_SETTLE_S)
        interaction = self._floor.interactions.get(id_)
        if interaction is None or interaction.stage is not Stage.IN_FLOW or interaction.call != call:
            return
        if self._losses.count(interaction) < _LOST_TOO_OFTEN:
            await self._floor.commit(then=partial(self._switch.to_flow, call))
        else:
            await self._to_people(interaction, call)

    async def _to_people(self, interaction: Interaction, call: Call) -> None:
        """Nothing can be said to this caller: let an agent, or else end the call rather than try for ever."""
        log.error("a caller was lost too often at one step", extra={"interaction": interaction.id})
        moved = self._runs.to_people(interaction)
        if moved is not None and isinstance(moved.action, Enqueue):
            await self._enqueue(interaction.id, run_of(interaction), moved.run, moved.action)
            return
        over, ended = ended_in_flow(self._floor, interaction, by="fault", at=self._floor.clock.now())
        await self._floor.commit(interactions=[over], journal=[ended], then=partial(self._switch.hang_up, call))

    async def _keep(self, id_: InteractionId, before: Run | None, moved: Moved) -> None:
        tell_faults(id_, moved)
        kept = changed(self._floor.interaction(id_), run=stored(moved.run))
        await self._floor.commit(interactions=[kept], journal=steps_taken(id_, before, moved.run))
