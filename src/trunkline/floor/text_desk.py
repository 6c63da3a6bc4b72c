"""What an agent does in a text conversation at their desk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from trunkline.core import agent as agents
from trunkline.core.demand import Wanted
from trunkline.core.draft import Draft, DraftFile, newer, sent
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId, MessageId, QueueId, written_id_of
from trunkline.core.interaction import Entry, Interaction, Stage, WrongStage, pass_on
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import LONGEST_MESSAGE, Message, Side
from trunkline.core.permission import Deed, may
from trunkline.core.roll_call import entry_facts
from trunkline.floor.agent import NotYours, UnknownChoice
from trunkline.floor.attaching import Attaching
from trunkline.floor.flow_ends import KEPT_FOR
from trunkline.floor.outbox import Outbox
from trunkline.floor.places import next_move
from trunkline.floor.reading import Reading
from trunkline.floor.replies import used_as_they_are, values_of
from trunkline.floor.runs import run_of
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.supervision import NotAtWork
from trunkline.floor.text_state import conversation_of
from trunkline.flows.render import Shown
from trunkline.ports.channel import Channel
from trunkline.ports.files import FileFacts, Files, told_of

UNDO_WITHIN = timedelta(seconds=10)
"""How long a mail can be taken back."""
LONGEST_LETTER = 50_000
MOST_COPIES, MOST_FILES = 20, 20


@dataclass(frozen=True, slots=True)
class LetterHead:
    """What a message has beside its words: the ids of files that were attached, and, in a mail, addresses."""

    subject: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def written(self) -> Mapping[str, Any]:
        """Return it as what goes out has it."""
        told = {"subject": self.subject, "cc": list(self.cc), "bcc": list(self.bcc), "files": list(self.files)}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Writing:
    """A draft as a desk has it: `version` by its own count, addresses as they were typed, files and replies by ids."""

    version: int
    text: str = ""
    subject: str = ""
    cc: str = ""
    bcc: str = ""
    files: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


class NothingWritten(Rejected):
    """A message without a word, or with too many."""

    def __init__(self) -> None:
        super().__init__(f"a message has 1 to {LONGEST_MESSAGE} characters, a mail {LONGEST_LETTER}")


class TextDesk:
    """The commands of agents who write. Each returns once what it decided is durable."""

    def __init__(
        self,
        floor: Floor,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        files: Files,
        levels: ServiceLevels,
        *,
        reading: Reading,
    ) -> None:
        self._floor = floor
        self._outbox = outbox
        self._levels = levels
        self._channels = channels
        self._reading = reading
        self.files = Attaching(floor, channels, files)
        """What agents attach."""

    async def say(
        self,
        agent: AgentId,
        interaction_id: InteractionId,
        text: str,
        *,
        key: str,
        letter: LetterHead | None = None,
        replies: Sequence[str] = (),
        draft: int | None = None,
    ) -> None:
        """Write to the customer. `key` is the desk's own name of the message: what comes twice is one message.

        A mail has its `letter` head, and goes out after UNDO_WITHIN: until then it can be taken back. Elsewhere the
        head has files at most; then the text may be none. `replies` are those of the centre that it began as. The
        draft is gone with it, as far as it is no later one than `draft`.
        """
        interaction = self._mine_or_helped(agent, interaction_id)
        text = text.strip()
        by_mail = interaction.medium == "email"
        head = letter or LetterHead()
        least = 0 if head.files and not by_mail else 1
        if not least <= len(text) <= (LONGEST_LETTER if by_mail else LONGEST_MESSAGE):
            raise NothingWritten
        if head != LetterHead(files=head.files) and not by_mail:
            raise Rejected("only a mail has a subject and copies")
        key = f"{interaction_id}/{agent}/{key}"
        id_ = written_id_of(interaction.dialled, key)
        if self._floor.has_message(interaction_id, id_):
            return
        floor = self._floor
        drafted = floor.drafts.get(interaction_id)
        # What a colleague attached to the draft that they passed on is this agent's as well.
        passed_on = {each.id for each in drafted.files} if drafted is not None else set[str]()
        files = await self.files.attached(agent, head.files, channel=interaction.dialled, also=passed_on)
        if floor.has_message(interaction_id, id_):  # it came a second time meanwhile
            return
        now = floor.clock.now()
        used = used_as_they_are(floor.centre, replies, text, values_of(floor, interaction, agent)) if replies else {}
        told = _told(head, files) if by_mail else {"files": told_of(files)} if files else {}
        details = {**told, **({"replies": list(used)} if used else {})}
        message = Message(id_, interaction_id, now, Side.AGENT, text, agent, details=details)
        left = None
        if agent == interaction.agent:
            left = sent(floor.drafts.get(interaction_id), interaction_id, agent, at=now, version=draft)
        shown = Shown((text,) if text else (), self._language_of(interaction))
        letters = self._outbox.letters(
            conversation_of(interaction), shown, key=key, interaction=interaction_id,
            details={"by": agent, **head.written()} if by_mail else head.written(),
            due=now + UNDO_WITHIN if by_mail else None,
        )  # fmt: skip
        shows = partial(self._show, interaction, shown, message, key) if not letters else None
        await self._floor.commit(
            messages=[message], outgoing=letters, drafts=[left] if left is not None else [], then=shows,
            journal=[
                *self._levels.answered(interaction, agent, at=now),
                *(
                    JournalEntry(Happened.REPLY_USED, now, interaction_id, agent, {"reply": reply, "as_it_is": whole})
                    for reply, whole in used.items()
                ),
            ],
        )  # fmt: skip

    async def draft(self, agent: AgentId, interaction_id: InteractionId, written: Writing) -> None:
        """Keep what an agent has written so far; what is not newer than what is here changes nothing.

        Files that are not theirs, or not here any more, are left out. Raises WrongCount.
        """
        interaction = self._mine(agent, interaction_id)
        if len(written.text) > (LONGEST_LETTER if interaction.medium == "email" else LONGEST_MESSAGE):
            raise NothingWritten
        files = await self._drafted(agent, interaction_id, written.files)
        self._mine(agent, interaction_id)
        given = Draft(
            interaction_id, agent, self._floor.clock.now(), written.version, written.text, written.subject, written.cc,
            written.bcc, files, tuple(each for each in written.replies if each in self._floor.centre.replies),
        )  # fmt: skip
        kept = newer(self._floor.drafts.get(interaction_id), given)
        await self._floor.commit(drafts=[kept] if kept is not None else [])

    async def send_again(self, agent: AgentId, interaction_id: InteractionId, message: MessageId) -> None:
        """Have a message sent again that was not delivered."""
        self._mine(agent, interaction_id)
        if not self._floor.has_message(interaction_id, message):
            raise NoSuch("that message is not in this conversation")
        await self._outbox.send_again(message)

    async def take_back(self, agent: AgentId, interaction_id: InteractionId, message: MessageId) -> None:
        """Take a mail back that has not gone out yet."""
        self._mine(agent, interaction_id)
        parts = self._floor.deliveries.get(interaction_id, {}).get(message, {})
        await self._outbox.take_back(parts.values())

    async def write(self, agent: AgentId, interaction_id: InteractionId) -> None:
        """Tell the customer that somebody is writing."""
        interaction = self._mine(agent, interaction_id)
        self._channels[interaction.dialled].writing(conversation_of(interaction), self._floor.agents[agent].name)

    async def read(self, agent: AgentId, interaction_id: InteractionId, message: MessageId) -> None:
        """Take up to which message of the customer's an agent has read. Returns at once: it is written by and by."""
        self._mine(agent, interaction_id)
        self._reading.note(interaction_id, Side.AGENT, message)

    async def pass_on(
        self, agent_id: AgentId, interaction_id: InteractionId, queue: QueueId | None, *, to: AgentId | None = None
    ) -> None:
        """Give a conversation to a queue, with its thread: it waits there from now on, and the agent is free of it.

        `to` is a colleague, for whom it is kept for a while wherever it waits; without a queue it stays in its own.
        """
        floor, interaction, at = self._floor, self._mine(agent_id, interaction_id), self._floor.clock.now()
        left = interaction.entry
        queue = queue or (left.queue if left is not None else None)
        if queue is None or queue not in floor.centre.queues:
            raise UnknownChoice(f"{queue!r} is no queue of this centre")
        if to is not None and (to == agent_id or not floor.agent(to).is_at_work):
            raise NotAtWork(to)
        entry = Entry(
            queue, at, moves=next_move(floor.centre.queue(queue), at=at) if to is None else None,
            wanted=Wanted(to, at + KEPT_FOR) if to is not None else None,
            priority=left.priority if left is not None else 0,
            language=left.language if left is not None else floor.centre.language,
        )  # fmt: skip
        waits = pass_on(interaction, entry, at=at)
        facts = {
            "from": left.queue if left is not None else None, "to": queue, **({"agent": to} if to is not None else {}),
            "talk_s": (at - interaction.stage_since).total_seconds(),
        }  # fmt: skip
        await floor.commit(
            interactions=[waits],
            agents=[agents.release(floor.agent(agent_id), interaction_id, at=at, served=True)],
            journal=[
                JournalEntry(Happened.PASSED_ON, at, interaction_id, agent_id, facts),
                JournalEntry(Happened.QUEUED, at, interaction_id, facts=entry_facts(entry, interaction.medium)),
            ],
        )

    def _mine(self, agent: AgentId, interaction_id: InteractionId) -> Interaction:
        interaction = self._floor.interaction(interaction_id)
        if interaction.agent != agent:
            raise NotYours(interaction_id)
        if interaction.stage is not Stage.TALKING or not interaction.is_written:
            raise WrongStage(interaction, "being written in")
        return interaction

    def _mine_or_helped(self, agent: AgentId, interaction_id: InteractionId) -> Interaction:
        """Return a conversation that an agent has, or where they may help whoever has it."""
        interaction = self._floor.interaction(interaction_id)
        if may(self._floor.agent(agent), Deed.HELP) and interaction.agent is not None:
            return self._mine(interaction.agent, interaction_id)
        return self._mine(agent, interaction_id)

    async def _drafted(
        self, agent: AgentId, interaction_id: InteractionId, ids: Sequence[str]
    ) -> tuple[DraftFile, ...]:
        drafted = self._floor.drafts.get(interaction_id)
        known = {each.id: each for each in (drafted.files if drafted is not None else ())}
        if fresh := [id_ for id_ in ids if id_ not in known]:
            facts = await self.files.facts(fresh)
            known |= {
                each.id: DraftFile(each.id, each.name, each.type, each.size) for each in facts if each.agent == agent
            }
        return tuple(known[id_] for id_ in dict.fromkeys(ids) if id_ in known)

    def _language_of(self, interaction: Interaction) -> str:
        run = run_of(interaction)
        return (run.language if run is not None else None) or self._floor.centre.language

    async def _show(self, interaction: Interaction, shown: Shown, message: Message, key: str) -> None:
        by = self._floor.agents[message.agent].name if message.agent is not None else ""
        files = message.details.get("files", ())
        await self._channels[interaction.dialled].send(
            conversation_of(interaction), shown, key=key, by=by, files=files
        )  # fmt: skip


def _told(head: LetterHead, files: Sequence[FileFacts]) -> Mapping[str, Any]:
    """Return what the desk shows of a mail of ours. Its files are whole in it; ids are for who takes it back."""
    told = head.written()
    if files:
        shown = [{"id": each.id, "name": each.name, "type": each.type, "size": each.size} for each in files]
        told = {**told, "files": shown}
    return told
