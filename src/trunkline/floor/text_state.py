"""What a text conversation is kept with beside its flow's run, so that it can rest for days and survive a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from trunkline.core.follow_up import ANSWERED_WITHIN
from trunkline.core.ids import InteractionId, QueueId, new_id, written_id_of
from trunkline.core.interaction import Address, Interaction, Stage
from trunkline.core.message import LONGEST_MESSAGE, Choice, Message, Side
from trunkline.core.phone import e164
from trunkline.floor.runs import stored
from trunkline.flows.render import Shown, asks, silence_after
from trunkline.flows.run import Run
from trunkline.flows.talk import Action, Pause
from trunkline.ports.channel import ConversationId, Said

MOST_SEEN = 20
"""How many of the latest messages are remembered; channels give again what is fresh, not what is old."""
_KEY, _CALL = "text", "call"


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """What somebody left for a queue, for whoever works there to read."""

    queue: QueueId
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands at its run's present action.

    `turn` counts the actions: with the interaction's id it names what is done for this one, so that a repeated message
    or request can be told. `told`: the action's words are on their way. `due`: when it ends by itself.
    """

    turn: int = 0
    told: bool = False
    due: datetime | None = None
    seen: tuple[str, ...] = ()
    left: MessageLeft | None = None


def standing_of(interaction: Interaction) -> Standing:
    """Return how a conversation stands, as it was last stored."""
    kept = (interaction.run or {}).get(_KEY)
    if kept is None:
        return Standing()
    due, left = kept["due"], kept["left"]
    return Standing(
        turn=kept["turn"],
        told=kept["told"],
        due=datetime.fromisoformat(due) if due is not None else None,
        seen=tuple(kept["seen"]),
        left=MessageLeft(QueueId(left["queue"]), left["text"]) if left is not None else None,
    )


def stored_with(run: Run, standing: Standing) -> Mapping[str, Any]:
    """Return a run as an interaction keeps it, with how the conversation stands beside it."""
    left = standing.left
    return {
        **stored(run),
        _KEY: {
            "turn": standing.turn,
            "told": standing.told,
            "due": standing.due.isoformat() if standing.due is not None else None,
            "seen": list(standing.seen[-MOST_SEEN:]),
            "left": {"queue": left.queue, "text": left.text} if left is not None else None,
        },
    }


def undue(interaction: Interaction) -> Mapping[str, Any]:
    """Return how a conversation stands, as it is stored, without a time at which anything is due."""
    kept = (interaction.run or {}).get(_KEY)
    return {_KEY: {**kept, "due": None}} if kept is not None else {}


def parked(chat: Interaction, *, call: InteractionId) -> Interaction:
    """Return a chat that has left its line, with its place, to wait for a call to be taken; nothing of it is due."""
    return replace(chat, run={**(chat.run or {}), **undue(chat), _CALL: call})


def is_parked(chat: Interaction) -> bool:
    """Whether a chat waits for its call to be taken, and for nobody by itself."""
    return chat.is_written and chat.stage is Stage.IN_FLOW and chat.place is not None and _CALL in (chat.run or {})


def unparked(chat: Interaction) -> Interaction:
    """Return a chat that is in line, or with an agent, again."""
    return replace(chat, place=None, run={name: each for name, each in (chat.run or {}).items() if name != _CALL})


def rest_ends(interaction: Interaction, action: Action, *, now: datetime) -> datetime | None:
    """Return when a rest at an action of a flow ends by itself; None where it may go on for ever.

    On chat somebody sits there, on sms nobody hurries; in a follow-up nobody sits there, and it does not wait for ever.
    """
    if isinstance(action, Pause):
        return action.until
    if interaction.follows is not None and asks(action):
        return now + ANSWERED_WITHIN
    after = silence_after(action, interaction.medium)
    return now + after if after is not None else None


def conversation_of(interaction: Interaction) -> ConversationId:
    """Return who writes where in an interaction on a text medium."""
    return ConversationId(interaction.dialled, interaction.address.raw, interaction.thread)


def begun_by(said: Said, medium: str, region: str, *, at: datetime) -> Interaction:
    """Return the conversation that a first message begins; `region` is where numbers without a country are."""
    where = said.conversation
    number = e164(where.address if medium == "sms" else said.number, region)
    return Interaction(
        id=InteractionId(new_id()), medium=medium, address=Address(where.address, number), caller_name=said.name,
        dialled=where.channel, trunk="", arrived_at=at, stage=Stage.IN_FLOW, stage_since=at, thread=where.thread,
    )  # fmt: skip


def message_of(interaction: Interaction, said: Said, *, hidden: bool) -> Message:
    """Return what a customer wrote as it is kept; a secret is not."""
    text = "" if hidden else said.text[:LONGEST_MESSAGE]
    id_ = written_id_of(interaction.dialled, said.message)
    details = {} if hidden else said.details
    return Message(id_, interaction.id, said.at, Side.CUSTOMER, text, hidden=hidden, details=details)


def message_shown(interaction: Interaction, shown: Shown, key: str, *, at: datetime) -> Message:
    """Return what a flow shows as it stands in the thread; what has the same `key` is one message."""
    return Message(
        written_id_of(interaction.dialled, key), interaction.id, at, Side.FLOW, shown.text,
        choices=tuple(Choice(each.label, each.value) for each in shown.buttons), keyboard=shown.keyboard,
    )  # fmt: skip


def words_of(said: Said) -> str:
    """Return what a flow reads of a message: its words, and of one that is files alone their names."""
    return said.text or " ".join(f"[{file['name']}]" for file in said.details.get("files", ()))


def at_next(standing: Standing) -> Standing:
    """Return how a conversation stands at its next action."""
    return replace(standing, turn=standing.turn + 1, told=False, due=None)


def action_key(id_: InteractionId, standing: Standing) -> str:
    """Return the one name of what is done for an action, whenever it is done again."""
    return f"{id_}/{standing.turn}"
