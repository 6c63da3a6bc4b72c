"""What a text conversation is kept with beside its flow's run, so that it can rest for days and survive a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.core.ids import QueueId
from trunkline.core.interaction import Interaction
from trunkline.floor.runs import stored
from trunkline.flows.run import Run
from trunkline.ports.channel import ConversationId

MOST_SEEN = 20
"""How many of the latest messages are remembered; channels give again what is fresh, not what is old."""
_KEY = "text"


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


def conversation_of(interaction: Interaction) -> ConversationId:
    """Return who writes where in an interaction on a text medium."""
    return ConversationId(interaction.dialled, interaction.address.raw, interaction.thread)
