"""Which conversations were sent by mail."""

from datetime import datetime

from trunkline.ports.transcripts import Asked, Counted
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("transcript")


class Transcripts:
    """The part of the store that counts transcripts."""

    _database: Database

    async def transcripts(self, asked: Asked, *, since: datetime) -> Counted:
        """Return how many were asked for since then, this one not counted."""
        row = await self._database.row(
            _SQL["counted"], asked.id, asked.channel, asked.visitor, asked.address, since
        )  # fmt: skip
        return Counted(row["by_visitor"], row["to_address"], row["on_channel"]) if row else Counted(0, 0, 0)

    async def keep_transcript(self, asked: Asked) -> None:
        """Remember that one is sent; what is remembered already stays as it is."""
        await self._database.rows(_SQL["keep"], asked.id, asked.channel, asked.visitor, asked.address, asked.at)
