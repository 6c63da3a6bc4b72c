"""A voicemail: what a caller leaves becomes a work item of a queue, also when they just hang up after speaking."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from trunkline.core.errors import Misconfigured, Rejected
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Entry, Interaction, Voicemail, take_voicemail
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.record import changed
from trunkline.core.roll_call import entry_facts
from trunkline.floor.flow_ends import ended_in_flow
from trunkline.floor.recording import SHORTEST_VOICEMAIL, length_of
from trunkline.floor.runs import Runs, run_of, stored
from trunkline.floor.speaking import Speaking
from trunkline.floor.state import Floor
from trunkline.flows.talk import Answer, Done, Left, Prompt, Say, TakeVoicemail
from trunkline.ports.voice_line import VoiceLine

log = logging.getLogger(__name__)

SILENCE = timedelta(seconds=6)
"""So long a silence ends a message."""
_LONGEST_FAREWELL = 10


class Voicemails:
    """Records what callers leave, and makes work of it."""

    def __init__(self, floor: Floor, runs: Runs, speaking: Speaking, recordings: Path) -> None:
        self._floor = floor
        self._runs = runs
        self._speaking = speaking
        self._recordings = recordings

    async def take(self, id_: InteractionId, line: VoiceLine, want: TakeVoicemail) -> None:
        """Ask for the message, record it, say what the flow says after it, and hang up; raises LineGone.

        Who was cut off in the middle of it, because we were away, is asked again and goes on where they were.
        """
        await self._speaking.say(line, want.prompts)
        begun = length_of(self._file(id_))
        kept = begun if begun >= SHORTEST_VOICEMAIL else timedelta()
        left = max(want.at_most - kept, SHORTEST_VOICEMAIL)
        await line.record(self._file(id_), at_most=left, silence=SILENCE, beep=True, stop_on="#", after=kept)
        interaction = self._floor.interaction(id_)
        farewell = self._after(interaction)
        self.left_flow(interaction, at=self._floor.clock.now())
        await self._speaking.say(line, farewell)
        await line.hang_up()

    def left_flow(self, interaction: Interaction, *, at: datetime) -> None:
        """The caller is off the line, from within a flow: a voicemail that was left becomes work, all else ends."""
        length = length_of(self._file(interaction.id))
        want = self._runs.present_action(interaction) if length >= SHORTEST_VOICEMAIL else None
        if isinstance(want, TakeVoicemail):
            voicemail = Voicemail(self._file(interaction.id).name, length)
            entry = Entry(queue=want.queue, since=at)
            self._floor.commit(
                interactions=[take_voicemail(interaction, voicemail, entry, at=at)],
                journal=[
                    JournalEntry(
                        Happened.VOICEMAIL_LEFT, at, interaction.id, facts={"seconds": length.total_seconds()}
                    ),
                    JournalEntry(Happened.QUEUED, at, interaction.id, facts=entry_facts(entry, interaction.medium)),
                ],
            )
        else:
            over, ended = ended_in_flow(self._floor, interaction, by="caller", at=at)
            self._floor.commit(interactions=[over], journal=[ended])

    def _after(self, interaction: Interaction) -> list[Prompt]:
        """Return what the flow says once a voicemail is left: the recording is safe, only words can follow."""
        try:
            return self._farewell(interaction)
        except (Misconfigured, Rejected) as fault:
            log.error("a flow cannot say goodbye", extra={"interaction": interaction.id, "why": str(fault)})
            return []

    def _farewell(self, interaction: Interaction) -> list[Prompt]:
        words: list[Prompt] = []
        answer: Answer = Left()
        while run_of(interaction) is not None and len(words) < _LONGEST_FAREWELL:
            moved = self._runs.advance(interaction, answer)
            if moved is None or not isinstance(moved.action, Say):
                break
            words += moved.action.prompts
            interaction, answer = changed(interaction, run=stored(moved.run)), Done()
        return words

    def _file(self, id_: InteractionId) -> Path:
        return self._recordings / f"{id_}.wav"
