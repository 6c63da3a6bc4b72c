"""A caller and a flow: each step is durable before it is spoken, so that a restart goes on where it was."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from trunkline.core.call import Call
from trunkline.core.errors import Misconfigured, Rejected, Unavailable
from trunkline.core.ids import CallId, InteractionId
from trunkline.core.interaction import (
    Entry,
    Interaction,
    Outcome,
    Stage,
    Voicemail,
    end,
    enqueue,
    leave_queue,
    take_voicemail,
)
from trunkline.core.journal import Happened, JournalEntry
from trunkline.floor.intake import Intake
from trunkline.floor.losses import Losses
from trunkline.floor.recording import SHORTEST_VOICEMAIL, length_of
from trunkline.floor.runs import Flows, fitted, flow_of, run_of, steps_taken, stored
from trunkline.floor.state import Floor, NoSuch
from trunkline.flows.run import Moved, Run, advance, begin, to_people
from trunkline.flows.talk import (
    Action,
    Answer,
    Ask,
    Done,
    End,
    Enqueue,
    Facts,
    Key,
    Left,
    Menu,
    Overflowed,
    Prompt,
    Resumed,
    Say,
    Silence,
    TakeVoicemail,
    Typed,
)
from trunkline.ports.call_control import CallControl, LineOpened
from trunkline.ports.synthesizer import Synthesizer
from trunkline.ports.voice_line import LineGone, VoiceLine

log = logging.getLogger(__name__)

ANY_KEY = "0123456789*#"
NO_ANNOUNCEMENT = timedelta(seconds=600)
"""How long the dialplan plays music in one piece where nothing is to be announced."""
VOICEMAIL_SILENCE = timedelta(seconds=6)
SORRY = Prompt("We are sorry. Something went wrong on our side. Please call again in a few minutes.", "en-GB")
NOT_IN_SERVICE = Prompt("Thank you for calling. This number is not in service. Goodbye.", "en-GB")
_SETTLE_S = 1.0
_LONGEST_FAREWELL = 10
_LOST_TOO_OFTEN = 3


class SelfService:
    """Runs flows on callers' lines, one task for each line that is open."""

    def __init__(
        self,
        floor: Floor,
        switch: CallControl,
        *,
        intake: Intake,
        flows: Flows,
        sounds: Synthesizer,
        lines: Callable[[Call], VoiceLine],
        recordings: Path,
    ) -> None:
        self._floor = floor
        self._switch = switch
        self._intake = intake
        self._flows = flows
        self._sounds = sounds
        self._lines = lines
        self._recordings = recordings
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
        at = self._floor.clock.now()
        moved = self._overflowed(interaction, at)
        if moved is None or interaction.call is None:
            if interaction.entry is not None:  # nowhere to go on: wait without a limit
                entry = replace(interaction.entry, overflow_at=None)
                self._floor.commit(interactions=[replace(interaction, entry=entry)])
            return
        back = replace(leave_queue(interaction, at=at), run=stored(moved.run))
        queue = interaction.entry.queue if interaction.entry is not None else None
        self._floor.commit(
            interactions=[back],
            journal=[JournalEntry(Happened.OVERFLOWED, at, id_, facts={"queue": queue, "to": moved.run.step})],
            then=partial(self._switch.to_flow, interaction.call),
        )

    def _overflowed(self, interaction: Interaction, at: datetime) -> Moved | None:
        run = run_of(interaction)
        flow = flow_of(self._flows, run) if run is not None else None
        try:
            if run is not None and flow is not None:
                return advance(flow, fitted(run, flow), Overflowed(), self._facts(interaction), at)
            why = "its flow is gone"
        except Misconfigured as fault:
            why = str(fault)
        log.error("a waiting caller cannot go on", extra={"interaction": interaction.id, "why": why})
        return None

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
        moved = self._enter(interaction)
        if moved is None:
            await self._apologise(id_, line, NOT_IN_SERVICE)
            return
        while not isinstance(moved.action, Enqueue):
            await self._keep(id_, before, moved.run)
            answer = await self._do(id_, line, moved.action)
            if answer is None:
                return
            before, moved = moved.run, self._next(id_, moved.run, answer)
        await self._enqueue(id_, before, moved.run, moved.action)

    def _next(self, id_: InteractionId, run: Run, answer: Answer) -> Moved:
        flow = flow_of(self._flows, run)
        if flow is None:
            raise Unavailable(f"flow {run.flow} is gone", retry=False)
        facts = self._facts(self._floor.interaction(id_))
        return advance(flow, fitted(run, flow), answer, facts, self._floor.clock.now())

    def _enter(self, interaction: Interaction) -> Moved | None:
        now = self._floor.clock.now()
        facts = self._facts(interaction)
        run = run_of(interaction)
        if run is not None and (flow := flow_of(self._flows, run)) is not None:
            if run.step in flow.steps or not run.step:
                return advance(flow, fitted(run, flow), Resumed(), facts, now)
            return begin(flow, facts, now)
        flow = self._flows.flow_for(interaction.dialled)
        return begin(flow, facts, now) if flow is not None else None

    async def _do(self, id_: InteractionId, line: VoiceLine, action: Action) -> Answer | None:
        match action:
            case Say(prompts):
                await line.play(await self._sounds_for(prompts))
                return Done()
            case Menu(prompts, _, after, _):
                key = await line.play(await self._sounds_for(prompts), stop_on=ANY_KEY)
                key = key or await line.wait_for_key(after)
                return Key(key) if key is not None else Silence()
            case Ask():
                return await self._ask(line, action)
            case TakeVoicemail():
                await self._take_voicemail(id_, line, action)
                return None
            case End():
                await self._end(id_, line)
                return None
            case Enqueue():
                raise AssertionError("enqueueing is not done on the line")

    async def _ask(self, line: VoiceLine, ask: Ask) -> Answer:
        typed = ""
        key = await line.play(await self._sounds_for(ask.prompts), stop_on=ANY_KEY)
        key = key or await line.wait_for_key(ask.after)
        while key is not None and key not in ask.finish_on:
            typed += key
            if len(typed) >= ask.max_length:
                break
            key = await line.wait_for_key(ask.after)
        return Typed(typed) if typed or key is not None else Silence()

    async def _enqueue(self, id_: InteractionId, before: Run | None, run: Run, want: Enqueue) -> None:
        interaction = self._floor.interaction(id_)
        at = self._floor.clock.now()
        entry = Entry(
            queue=want.queue,
            since=at,
            priority=want.priority,
            overflow_at=at + want.overflow_after if want.overflow_after is not None else None,
            music=want.music,
            announce=want.announce,
            announce_every=want.announce_every or NO_ANNOUNCEMENT,
        )
        facts = {"queue": entry.queue, "priority": entry.priority}
        await self._floor.commit(
            interactions=[replace(enqueue(interaction, entry, at=at), run=stored(run))],
            journal=[*steps_taken(id_, before, run), JournalEntry(Happened.QUEUED, at, id_, facts=facts)],
            then=partial(self._to_waiting, id_),
        )

    async def _to_waiting(self, id_: InteractionId) -> None:
        interaction = self._floor.interactions.get(id_)
        if interaction is None or interaction.call is None or interaction.entry is None:
            return
        if interaction.stage in (Stage.WAITING, Stage.OFFERED):
            entry = interaction.entry
            await self._switch.to_waiting(interaction.call, music=entry.music, announce_every=entry.announce_every)

    async def _take_voicemail(self, id_: InteractionId, line: VoiceLine, want: TakeVoicemail) -> None:
        await line.play(await self._sounds_for(want.prompts))
        await line.record(
            self._voicemail_file(id_), at_most=want.at_most, silence=VOICEMAIL_SILENCE, beep=True, stop_on="#"
        )
        interaction = self._floor.interaction(id_)
        farewell = self._after_voicemail(interaction)
        self.left_flow(interaction, at=self._floor.clock.now())
        await line.play(await self._sounds_for(farewell))
        await line.hang_up()

    def _after_voicemail(self, interaction: Interaction) -> list[Prompt]:
        """Return what the flow says once a voicemail is left: the recording is safe, only words can follow."""
        try:
            return self._farewell(interaction)
        except (Misconfigured, Rejected) as fault:
            log.error("a flow cannot say goodbye", extra={"interaction": interaction.id, "why": str(fault)})
            return []

    def _farewell(self, interaction: Interaction) -> list[Prompt]:
        run, words = run_of(interaction), list[Prompt]()
        answer: Answer = Left()
        while run is not None and (flow := flow_of(self._flows, run)) is not None and len(words) < _LONGEST_FAREWELL:
            moved = advance(flow, fitted(run, flow), answer, self._facts(interaction), self._floor.clock.now())
            if not isinstance(moved.action, Say):
                break
            words += moved.action.prompts
            run, answer = moved.run, Done()
        return words

    def left_flow(self, interaction: Interaction, *, at: datetime) -> None:
        """The caller is off the line, from within a flow: a voicemail that was left becomes work, all else ends."""
        length = length_of(self._voicemail_file(interaction.id))
        want = self._present_action(interaction) if length >= SHORTEST_VOICEMAIL else None
        if isinstance(want, TakeVoicemail):
            voicemail = Voicemail(self._voicemail_file(interaction.id).name, length)
            entry = Entry(queue=want.queue, since=at)
            self._floor.commit(
                interactions=[take_voicemail(interaction, voicemail, entry, at=at)],
                journal=[
                    JournalEntry(
                        Happened.VOICEMAIL_LEFT, at, interaction.id, facts={"seconds": length.total_seconds()}
                    ),
                    JournalEntry(Happened.QUEUED, at, interaction.id, facts={"queue": want.queue, "priority": 0}),
                ],
            )
        else:
            self._floor.commit(
                interactions=[end(interaction, Outcome.ENDED_IN_FLOW, at=at)],
                journal=[JournalEntry(Happened.ENDED_IN_FLOW, at, interaction.id, facts={"by": "caller"})],
            )

    def _present_action(self, interaction: Interaction) -> Action | None:
        run = run_of(interaction)
        if run is None or (flow := flow_of(self._flows, run)) is None or run.step not in flow.steps:
            return None
        facts = self._facts(interaction)
        return advance(flow, fitted(run, flow), Resumed(), facts, self._floor.clock.now()).action

    def _voicemail_file(self, id_: InteractionId) -> Path:
        return self._recordings / f"{id_}.wav"

    async def _end(self, id_: InteractionId, line: VoiceLine) -> None:
        interaction = self._floor.interaction(id_)
        at = self._floor.clock.now()
        await self._floor.commit(
            interactions=[end(interaction, Outcome.ENDED_IN_FLOW, at=at)],
            journal=[JournalEntry(Happened.ENDED_IN_FLOW, at, id_, facts={"by": "flow"})],
        )
        await line.hang_up()

    async def _apologise(self, id_: InteractionId, line: VoiceLine, words: Prompt) -> None:
        try:
            await line.play(await self._sounds_for([words]))
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
        at, run = self._floor.clock.now(), run_of(interaction)
        flow = flow_of(self._flows, run) if run is not None else None
        moved = to_people(flow, fitted(run, flow), self._facts(interaction), at) if run and flow else None
        if moved is not None and isinstance(moved.action, Enqueue):
            await self._enqueue(interaction.id, run, moved.run, moved.action)
            return
        await self._floor.commit(
            interactions=[end(interaction, Outcome.ENDED_IN_FLOW, at=at)],
            journal=[JournalEntry(Happened.ENDED_IN_FLOW, at, interaction.id, facts={"by": "fault"})],
            then=partial(self._switch.hang_up, call),
        )

    # --- what is kept ---

    async def _keep(self, id_: InteractionId, before: Run | None, run: Run) -> None:
        changed = replace(self._floor.interaction(id_), run=stored(run))
        await self._floor.commit(interactions=[changed], journal=steps_taken(id_, before, run))

    def _facts(self, interaction: Interaction) -> Facts:
        profile = self._floor.profiles.get(interaction.id)
        customer = profile.customer if profile is not None else None
        known = {"name": customer.name} if customer is not None and customer.name is not None else {}
        return Facts("voice", interaction.dialled, interaction.address.e164, known, self._floor.centre)

    async def _sounds_for(self, prompts: Sequence[Prompt]) -> list[Path]:
        """Return the sounds that there are: a prompt without one is left out, for a call is worth more than a word."""
        if any(self._sounds.sound_for(prompt) is None for prompt in prompts):
            try:
                await self._sounds.make(prompts)
            except Unavailable as fault:
                log.error("a prompt has no sound", extra={"why": str(fault)})
        found = (self._sounds.sound_for(prompt) for prompt in prompts)
        return [sound for sound in found if sound is not None]
