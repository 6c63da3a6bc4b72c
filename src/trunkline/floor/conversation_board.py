"""The conversations in writing that are under way, for supervisors: where each is, and who has the next word."""

from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Message, Side
from trunkline.floor import view
from trunkline.floor.service_level import ServiceLevels
from trunkline.floor.state import Floor
from trunkline.ports.channel import Channel

Json = Mapping[str, Any]

MOST_SHOWN = 200
LONGEST_WORD = 140
_PEOPLE = frozenset({Side.CUSTOMER, Side.AGENT})


class ConversationBoard:
    """What is told of all conversations. It only reads; `floor/helping.py` takes part."""

    def __init__(self, floor: Floor, levels: ServiceLevels, channels: Mapping[str, Channel]) -> None:
        self._floor = floor
        self._levels = levels
        self._channels = channels

    def shown(self) -> Json:
        """Return the service level of each channel, and the conversations: how many in all, and the most urgent.

        Those whose customers wait longest for an answer come first, then the others, oldest first.

        It looks at every live interaction once, for whoever asks: supervisors are few, and ask once a second at most.
        """
        rows = [
            self._row(each)
            for each in self._floor.interactions.values()
            if each.is_written and each.stage is not Stage.SCHEDULED
        ]
        channels = [
            {"name": name, "medium": each.medium, **self._levels.shown(name)} for name, each in self._channels.items()
        ]
        return {"conversations": nsmallest(MOST_SHOWN, rows, key=_order), "in_all": len(rows), "channels": channels}

    def _row(self, interaction: Interaction) -> Json:
        floor, entry = self._floor, interaction.entry
        thread = [each for each in floor.threads.get(interaction.id, ()) if each.side in _PEOPLE]
        agent, since, target = (
            interaction.agent,
            self._levels.waits_since(interaction),
            self._levels.target(interaction.dialled),
        )
        config = floor.agents.get(agent) if agent is not None else None
        return view.who_waits(interaction, floor.profiles.get(interaction.id), floor.centre) | {
            "stage": interaction.stage.value,
            "stage_since": interaction.stage_since.isoformat(),
            "arrived_at": interaction.arrived_at.isoformat(),
            "queue": {"id": entry.queue, "title": floor.centre.queue(entry.queue).title} if entry else None,
            "agent": {"id": agent, "name": config.name if config is not None else agent} if agent else None,
            "last": _word(thread[-1]) if thread else None,
            "unanswered_since": since.isoformat() if since is not None else None,
            "answer_by": (since + target).isoformat() if since is not None and target is not None else None,
        }


def _word(message: Message) -> Json:
    return {
        "side": message.side.value,
        "text": "" if message.hidden else message.text[:LONGEST_WORD],
        "at": message.at.isoformat(),
    }


def _order(row: Json) -> tuple[bool, str, str]:
    return row["unanswered_since"] is None, row["unanswered_since"] or row["arrived_at"], row["id"]
