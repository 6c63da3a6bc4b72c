"""Messages: what people and flows write to each other. They are written with the floor's changes, and read here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trunkline.core.ids import AgentId, InteractionId, MessageId
from trunkline.core.message import Choice, Message, Side
from trunkline.core.read_mark import ReadMark
from trunkline.ports.store import MOST_IN_THREAD, AnswersGiven
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("message")


class Messages:
    """The part of the store that keeps messages."""

    _database: Database

    async def thread(self, channel: str, address: str, *, at_most: int) -> Sequence[Message]:
        """Return the latest messages between a channel and an address, in their order, over all interactions."""
        return [message_of(row) for row in await self._database.rows(_SQL["thread"], channel, address, at_most)]

    async def message_interaction(self, id_: MessageId) -> InteractionId | None:
        """Return in which interaction a message stands, live or ended; None where nobody wrote it yet."""
        row = await self._database.row(_SQL["where"], id_)
        return InteractionId(str(row["interaction_id"])) if row else None

    async def message(self, id_: MessageId) -> Message | None:
        """Return one message."""
        row = await self._database.row(_SQL["one"], id_)
        return message_of(row) if row else None

    async def answers_given(self, *, since: datetime) -> Mapping[str, AnswersGiven]:
        """Return how many customers who wrote were answered from then on, by channel."""
        rows = await self._database.rows(_SQL["answers_given"], since)
        return {row["channel"]: AnswersGiven(row["answered"], row["in_time"]) for row in rows}

    async def read_by_agents(self, channel: str, address: str) -> MessageId | None:
        """Return up to which message of somebody's an agent has read, over all interactions."""
        row = await self._database.row(_SQL["read_by_agents"], channel, address)
        return MessageId(str(row["message_id"])) if row else None

    async def _live_reads(self) -> Iterable[ReadMark]:
        rows = await self._database.rows(_SQL["live_reads"])
        return (
            ReadMark(InteractionId(str(row["interaction_id"])), Side(row["side"]), MessageId(str(row["message_id"])),
                     row["at"])
            for row in rows
        )  # fmt: skip

    async def _live_messages(self) -> Iterable[Message]:
        return map(message_of, await self._database.rows(_SQL["live"], MOST_IN_THREAD))


def message_columns(message: Message) -> Mapping[str, Any]:
    """Return a message as the columns of its row, JSON-able."""
    return {
        "id": message.id, "interaction_id": message.interaction, "at": message.at.isoformat(), "side": message.side,
        "text": message.text, "agent_id": message.agent,
        "choices": [[choice.label, choice.value] for choice in message.choices] or None,
        "keyboard": message.keyboard, "hidden": message.hidden, "details": message.details or None,
    }  # fmt: skip


def read_columns(mark: ReadMark) -> Mapping[str, Any]:
    """Return a read mark as the columns of its row, JSON-able."""
    return {
        "interaction_id": mark.interaction, "side": mark.side, "message_id": mark.message, "at": mark.at.isoformat()
    }  # fmt: skip


def message_of(row: Row) -> Message:
    """Return the message whose row this is."""
    return Message(
        id=MessageId(str(row["id"])), interaction=InteractionId(str(row["interaction_id"])), at=row["at"],
        side=Side(row["side"]), text=row["text"], agent=AgentId(row["agent_id"]) if row["agent_id"] else None,
        choices=tuple(Choice(label, value) for label, value in row["choices"] or ()),
        keyboard=row["keyboard"], hidden=row["hidden"], details=row["details"] or {},
    )  # fmt: skip
