"""The conversations in writing that are under way, for supervisors: where each is, and who has the next word."""

from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Message, Side
from trunkline.floor import view
from trunkline.floor.state import Floor

Json = Mapping[str, Any]

MOST_SHOWN = 200
LONGEST_WORD = 140
_PEOPLE = frozenset({Side.CUSTOMER, Side.AGENT})
_OVER = frozenset({Stage.WRAP_UP, Stage.ENDED})


class ConversationBoard:
    """What is told of all conversations. It only reads; `floor/helping.py` takes part."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def shown(self) -> Json:
        """Return those whose customers wait longest for an answer, then the others, oldest first; how many in all.

        It looks at every live interaction once, for whoever asks: supervisors are few, and ask once a second at most.
        """
        rows = [self._row(each) for each in self._floor.interactions.values() if each.is_written]
        return {"conversations": nsmallest(MOST_SHOWN, rows, key=_order), "in_all": len(rows)}

    def _row(self, interaction: Interaction) -> Json:
        floor, entry = self._floor, interaction.entry
        thread = [each for each in floor.threads.get(interaction.id, ()) if each.side in _PEOPLE]
        agent = interaction.agent
        config = floor.agents.get(agent) if agent is not None else None
        return view.who_waits(interaction, floor.profiles.get(interaction.id), floor.centre) | {
            "stage": interaction.stage.value,
            "stage_since": interaction.stage_since.isoformat(),
            "arrived_at": interaction.arrived_at.isoformat(),
            "queue": {"id": entry.queue, "title": floor.centre.queue(entry.queue).title} if entry else None,
            "agent": {"id": agent, "name": config.name if config is not None else agent} if agent else None,
            "last": _word(thread[-1]) if thread else None,
            "unanswered_since": _unanswered_since(interaction, thread),
        }


def _word(message: Message) -> Json:
    return {
        "side": message.side.value,
        "text": "" if message.hidden else message.text[:LONGEST_WORD],
        "at": message.at.isoformat(),
    }


def _unanswered_since(interaction: Interaction, thread: list[Message]) -> str | None:
    """Return since when the customer waits for somebody's answer; None where they do not, or a flow answers them."""
    if interaction.stage in _OVER or interaction.stage is Stage.IN_FLOW:
        return None
    since = None
    for message in reversed(thread):
        if message.side is Side.AGENT:
            break
        since = message.at
    return since.isoformat() if since is not None else None


def _order(row: Json) -> tuple[bool, str, str]:
    return row["unanswered_since"] is None, row["unanswered_since"] or row["arrived_at"], row["id"]
