"""Messages that callers left in the switch's static fallback, while nobody served them: they become voicemails.

The folder is the only list of them, so that nothing is lost: a file stays in it until its work item is durable, and the
work item's id is derived from the caller's channel, so that no second one can come of the same file.
"""

import asyncio
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trunkline.core.call import Picture
from trunkline.core.centre import Centre
from trunkline.core.errors import Unavailable
from trunkline.core.ids import CallId, InteractionId, interaction_id_of, message_id_of
from trunkline.core.interaction import Entry, Interaction, Stage, Voicemail, Work
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.phone import address_of
from trunkline.core.roll_call import entry_facts
from trunkline.floor.intake import Intake
from trunkline.floor.recording import SHORTEST_VOICEMAIL, header_mended, length_of
from trunkline.floor.state import Floor
from trunkline.ports.call_control import CallControl
from trunkline.ports.store import Store

log = logging.getLogger(__name__)

LOOK_S = 4.0
_NAME = re.compile(r"([A-Za-z0-9_.-]+?)(?:_([0-9+]*)_([0-9a-zA-Z+*#]*))?\.wav")


@dataclass(frozen=True, slots=True)
class Message:
    """One recording of the fallback, as its file tells of it: the dialplan names it `<uniqueid>_<caller>_<dialled>`."""

    file: Path
    uniqueid: str
    caller: str
    dialled: str
    left_at: datetime
    length: timedelta


def message_in(file: Path, *, written_at: datetime, length: timedelta) -> Message | None:
    """Return the message of a file; None for a file of another name."""
    match = _NAME.fullmatch(file.name)
    if match is None:
        return None
    return Message(file, match[1], match[2] or "", match[3] or "", written_at, length)


def due(now: Sequence[Message], before: Sequence[Message], picture: Picture) -> list[Message]:
    """Return the messages that are whole, oldest first: they grow no more, and nobody is on the line to add to them."""
    on_the_line = {seen.call.id.uniqueid for seen in picture.callers}
    whole = [message for message in now if message in before and message.uniqueid not in on_the_line]
    return sorted(whole, key=lambda message: (message.left_at, message.uniqueid))


def work_of(message: Message, call: CallId, earlier: Interaction | None, centre: Centre, now: datetime) -> Interaction:
    """Return a message as work in the centre's fallback queue.

    Who called is better known from the interaction that the caller had before, where there was one.
    """
    id_, at = message_id_of(call), min(message.left_at, now)
    work = Interaction(
        id=id_, medium="voice", address=address_of(message.caller, centre.region), caller_name="",
        dialled=message.dialled, trunk="", arrived_at=at, stage=Stage.WAITING, stage_since=now, work=Work.VOICEMAIL,
        voicemail=Voicemail(f"{id_}.wav", message.length), entry=Entry(centre.queue_of_fallback, since=at),
    )  # fmt: skip
    if earlier is None:
        return work
    return replace(
        work, address=earlier.address, caller_name=earlier.caller_name, dialled=earlier.dialled, trunk=earlier.trunk,
        customer=earlier.customer,
    )  # fmt: skip


class FallbackMessages:
    """Looks at the fallback's folder every few seconds, and makes work of what was left there."""

    def __init__(
        self, floor: Floor, switch: CallControl, store: Store, *, intake: Intake, left_in: Path, kept_in: Path
    ) -> None:
        self._floor = floor
        self._switch = switch
        self._store = store
        self._intake = intake
        self._left_in = left_in
        self._kept_in = kept_in
        self._before: Sequence[Message] = ()
        self._given_up: set[Path] = set()
        self._told: str | None = None

    async def run(self) -> None:
        """Look until cancelled. A switch or a database that is away is no loss: the files wait."""
        while True:
            try:
                await self.look()
                self._told = None
            except Unavailable as fault:
                if str(fault) != self._told:
                    log.warning("messages of the fallback wait in their folder", extra={"why": str(fault)})
                self._told = str(fault)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Make work of each message that is whole; raises Unavailable, and the rest waits."""
        now = await asyncio.to_thread(self._messages)
        before, self._before = self._before, now
        if not any(message in before for message in now):
            return
        if not os.access(self._left_in, os.W_OK | os.X_OK):
            raise Unavailable(f"we may not move files out of {self._left_in}")
        picture = await self._switch.picture()
        for message in due(now, before, picture):
            try:
                await self._take(message, CallId(picture.asterisk, message.uniqueid))
            except Unavailable:
                raise
            except Exception as fault:
                # One bad file must not keep the others from being heard. Its name holds the caller's number.
                self._given_up.add(message.file)
                why = fault.strerror if isinstance(fault, OSError) else repr(fault)
                log.error("a message of the fallback stays in its folder", extra={"call": message.uniqueid, "why": why})

    async def _take(self, message: Message, call: CallId) -> None:
        id_ = message_id_of(call)
        if await self._known(id_) is None:
            if message.length < SHORTEST_VOICEMAIL:
                log.info("a message of the fallback holds nothing", extra={"call": message.uniqueid})
                message.file.unlink(missing_ok=True)
                return
            await self._commit(message, call)
        # Only now: a file that has left the folder is looked for by nobody.
        await asyncio.to_thread(self._keep, message.file, self._kept_in / f"{id_}.wav")

    async def _known(self, id_: InteractionId) -> Interaction | None:
        """Return an interaction, live or over."""
        return self._floor.interactions.get(id_) or await self._store.interaction(id_)

    async def _commit(self, message: Message, call: CallId) -> None:
        earlier = await self._known(interaction_id_of(call))
        at = self._floor.clock.now()
        work = work_of(message, call, earlier, self._floor.centre, at)
        assert work.entry is not None  # noqa: S101 - work_of gives it one
        facts = {"seconds": message.length.total_seconds(), "in": "fallback", "after": earlier.id if earlier else None}
        queued = entry_facts(work.entry, work.medium)
        durable = self._floor.commit(
            interactions=[work],
            journal=[
                JournalEntry(Happened.VOICEMAIL_LEFT, at, work.id, facts=facts),
                JournalEntry(Happened.QUEUED, at, work.id, facts=queued),
            ],
        )
        self._intake.identify(work.id)
        await durable

    def _messages(self) -> list[Message]:
        found = []
        for file in set(self._left_in.glob("*.wav")) - self._given_up:
            try:
                written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            except FileNotFoundError:
                continue
            if (message := message_in(file, written_at=written_at, length=length_of(file))) is not None:
                found.append(message)
        return found

    def _keep(self, file: Path, kept: Path) -> None:
        header_mended(file)
        kept.parent.mkdir(parents=True, exist_ok=True)
        file.replace(kept)
