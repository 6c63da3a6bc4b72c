"""Conversations that an agent has and nobody writes in: the customer is reminded once, and then they are closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from trunkline.core.ids import InteractionId, MessageId, written_id_of
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Message, Side
from trunkline.core.outgoing import Delivery, furthest_behind
from trunkline.floor.conversation import Conversation
from trunkline.floor.outbox import Outbox
from trunkline.floor.state import Floor
from trunkline.floor.text_state import conversation_of
from trunkline.flows.render import Shown
from trunkline.ports.channel import Channel
from trunkline.ports.clock import Timer
from trunkline.ports.store import Change

_PEOPLE = frozenset({Side.CUSTOMER, Side.AGENT})


@dataclass(frozen=True, slots=True)
class Rest:
    """How long a channel's customers may leave an agent's message unanswered, and what they are reminded by."""

    remind_after: timedelta | None = None
    reminder: str | None = None
    close_after: timedelta | None = None


class Resting:
    """Follows what is written, and keeps one timer for each conversation in which the customer has the next word."""

    def __init__(
        self,
        floor: Floor,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        conversation: Conversation,
        rests: Mapping[str, Rest],
    ) -> None:
        self._floor = floor
        self._channels = channels
        self._outbox = outbox
        self._conversation = conversation
        self._rests = rests
        self._timers: dict[InteractionId, Timer] = {}

    def begin(self) -> None:
        """Take up what rests already."""
        self._follow(self._floor.interactions)

    def published(self, change: Change) -> None:
        """Follow what has just become durable."""
        self._follow({each.interaction for each in change.messages})
        self._follow({each.id for each in change.interactions if each.is_written})

    def _follow(self, ids: Iterable[InteractionId]) -> None:
        for id_ in list(ids):
            if (timer := self._timers.pop(id_, None)) is not None:
                timer.cancel()
            due = self._due(id_)
            if due is not None:
                self._timers[id_] = self._floor.clock.at(due[0], partial(self._act, id_))

    def _act(self, id_: InteractionId) -> None:
        del self._timers[id_]
        due, now = self._due(id_), self._floor.clock.now()
        if due is None or due[0] > now:
            return
        interaction, reminder = self._floor.interaction(id_), due[1]
        if reminder is not None:
            self._remind(interaction, reminder)
        else:
            self._conversation.talk_over(interaction, at=now)

    def _due(self, id_: InteractionId) -> tuple[datetime, MessageId | None] | None:
        """Return what is due next, and when: a reminder under its id, or the end; None where the agent has the word."""
        interaction = self._floor.interactions.get(id_)
        if interaction is None or interaction.stage is not Stage.TALKING or not interaction.is_written:
            return None
        rest = self._rests.get(interaction.dialled)
        if rest is None or rest == Rest():
            return None
        said = self._last_word(id_)
        if said is None or said.side is not Side.AGENT:
            return None
        reminder = written_id_of(interaction.dialled, _key(said))
        if rest.remind_after is not None and rest.reminder and not self._floor.has_message(id_, reminder):
            return said.at + rest.remind_after, reminder
        return (said.at + rest.close_after, None) if rest.close_after is not None else None

    def _last_word(self, id_: InteractionId) -> Message | None:
        """Return the last message of somebody that was not taken back."""
        deliveries = self._floor.deliveries.get(id_, {})
        for message in reversed(self._floor.threads.get(id_, ())):
            worst = furthest_behind(deliveries.get(message.id, {}).values())
            if message.side in _PEOPLE and (worst is None or worst.state is not Delivery.TAKEN_BACK):
                return message
        return None

    def _remind(self, interaction: Interaction, reminder: MessageId) -> None:
        said, channel = self._last_word(interaction.id), self._channels[interaction.dialled]
        text = self._rests[interaction.dialled].reminder
        assert said is not None  # noqa: S101 - what is due says so
        assert text is not None  # noqa: S101
        where, key = conversation_of(interaction), _key(said)
        shown = Shown((text,), self._floor.centre.language)
        message = Message(reminder, interaction.id, self._floor.clock.now(), Side.FLOW, text)
        letters = self._outbox.letters(where, shown, key=key, interaction=interaction.id)
        shows = partial(channel.send, where, shown, key=key) if channel.provider is None else None
        self._floor.commit(messages=[message], outgoing=letters, then=shows)


def _key(said: Message) -> str:
    """Return the one name of the reminder of a message."""
    return f"{said.id}/reminder"
