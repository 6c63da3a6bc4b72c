"""Segments of text messages that came, and by which names those that went are known."""

from collections.abc import Sequence

from trunkline.core.ids import MessageId
from trunkline.ports.segments import Segment, SegmentOf
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("segment")


class Segments:
    """The part of the store that text messages by SMPP ask."""

    _database: Database

    async def keep_segment(self, of: SegmentOf, segment: Segment) -> Sequence[Segment]:
        """Keep a segment, once; return all that are kept of its message, in their order."""
        whole = (of.channel, of.sender, of.reference, of.total)
        await self._database.rows(_SQL["keep"], *whole, segment.number, segment.text, segment.at)
        rows = await self._database.rows(_SQL["all"], *whole)
        return [Segment(row["number"], row["text"], row["at"]) for row in rows]

    async def drop_segments(self, of: SegmentOf) -> None:
        """Forget a message's segments: nobody will give them again."""
        await self._database.rows(_SQL["drop"], of.channel, of.sender, of.reference, of.total)

    async def sent_as(self, channel: str, external: str) -> MessageId | None:
        """Return which message of ours a provider knows by this id."""
        row = await self._database.row(_SQL["sent_as"], channel, external)
        return MessageId(str(row["id"])) if row else None
