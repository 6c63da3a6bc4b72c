"""What an agent does in a text conversation at their desk."""

from collections.abc import Mapping
from functools import partial

from trunkline.core import agent as agents
from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId, InteractionId, MessageId, QueueId, written_id_of
from trunkline.core.interaction import Entry, Interaction, Stage, WrongStage, pass_on
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import LONGEST_MESSAGE, Message, Side
from trunkline.core.roll_call import entry_facts
from trunkline.floor.agent import NotYours, UnknownChoice
from trunkline.floor.outbox import Outbox
from trunkline.floor.places import next_move
from trunkline.floor.runs import run_of
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.text_state import conversation_of
from trunkline.flows.render import Shown
from trunkline.ports.channel import Channel


class NothingWritten(Rejected):
    """A message without a word, or with too many."""

    def __init__(self) -> None:
        super().__init__(f"a message has 1 to {LONGEST_MESSAGE} characters")


class TextDesk:
    """The commands of agents who write. Each returns once what it decided is durable."""

    def __init__(self, floor: Floor, channels: Mapping[str, Channel], outbox: Outbox) -> None:
        self._floor = floor
        self._outbox = outbox
        self._channels = channels

    async def say(self, agent: AgentId, interaction_id: InteractionId, text: str, *, key: str) -> None:
        """Write to the customer. `key` is the desk's own name of the message: what comes twice is one message."""
        interaction = self._mine(agent, interaction_id)
        text = text.strip()
        if not 0 < len(text) <= LONGEST_MESSAGE:
            raise NothingWritten
        key = f"{interaction_id}/{agent}/{key}"
        id_ = written_id_of(interaction.dialled, key)
        if self._floor.has_message(interaction_id, id_):
            return
        message = Message(id_, interaction_id, self._floor.clock.now(), Side.AGENT, text, agent)
        shown = Shown((text,), self._language_of(interaction))
        letters = self._outbox.letters(conversation_of(interaction), shown, key=key, interaction=interaction_id)
        shows = partial(self._show, interaction, shown, key, self._floor.agents[agent].name) if not letters else None
        await self._floor.commit(messages=[message], outgoing=letters, then=shows)

    async def send_again(self, agent: AgentId, interaction_id: InteractionId, message: MessageId) -> None:
        """Have a message sent again that was not delivered."""
        self._mine(agent, interaction_id)
        if not self._floor.has_message(interaction_id, message):
            raise NoSuch("that message is not in this conversation")
        await self._outbox.send_again(message)

    async def write(self, agent: AgentId, interaction_id: InteractionId) -> None:
        """Tell the customer that somebody is writing."""
        interaction = self._mine(agent, interaction_id)
        self._channels[interaction.dialled].writing(conversation_of(interaction), self._floor.agents[agent].name)

    async def pass_on(self, agent_id: AgentId, interaction_id: InteractionId, queue: QueueId) -> None:
        """Give a conversation to a queue, with its thread: it waits there from now on, and the agent is free of it."""
        floor, interaction, at = self._floor, self._mine(agent_id, interaction_id), self._floor.clock.now()
        if queue not in floor.centre.queues:
            raise UnknownChoice(f"{queue!r} is no queue of this centre")
        left = interaction.entry
        entry = Entry(
            queue, at, moves=next_move(floor.centre.queue(queue), at=at),
            priority=left.priority if left is not None else 0,
            language=left.language if left is not None else floor.centre.language,
        )  # fmt: skip
        waits = pass_on(interaction, entry, at=at)
        facts = {
            "from": left.queue if left is not None else None, "to": queue,
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

    def _language_of(self, interaction: Interaction) -> str:
        run = run_of(interaction)
        return (run.language if run is not None else None) or self._floor.centre.language

    async def _show(self, interaction: Interaction, shown: Shown, key: str, by: str) -> None:
        await self._channels[interaction.dialled].send(conversation_of(interaction), shown, key=key, by=by)
