"""Files that are attached to messages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from trunkline.core.ids import AgentId, MessageId
from trunkline.core.message import Message
from trunkline.ports.files import AttachedFile, FileFacts
from trunkline.store.database import Database
from trunkline.store.queries import queries

_SQL = queries("file")
_LARGE = timedelta(seconds=30)
"""For 20 MB by a slow line to the database."""


class Files:
    """The part of the store that keeps files."""

    _database: Database

    async def keep_file(self, file: AttachedFile, *, at: datetime) -> None:
        """Keep a file: for as long as the message in which it is sent, and for a week where it is in none."""
        await self._database.rows(
            _SQL["keep"], file.id, file.name, file.type, file.data, file.agent, at, file.channel, file.address,
            more_time=_LARGE,
        )  # fmt: skip

    async def file(self, id_: str) -> AttachedFile | None:
        """Return a file."""
        row = await self._database.row(_SQL["one"], id_, more_time=_LARGE)
        if row is None:
            return None
        agent = AgentId(row["agent_id"]) if row["agent_id"] else None
        return AttachedFile(
            str(row["id"]), row["name"], row["type"], row["data"], agent, row["channel"], row["address"]
        )

    async def file_facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        """Return what is known of those of these files that are kept, in the order of `ids`."""
        found = {str(row["id"]): row for row in await self._database.rows(_SQL["facts"], list(ids))}
        return [
            FileFacts(
                id_, row["name"], row["type"], row["size"], AgentId(row["agent_id"]) if row["agent_id"] else None,
                row["channel"], row["address"], MessageId(str(row["message_id"])) if row["message_id"] else None,
            )
            for id_ in ids
            if (row := found.get(id_)) is not None
        ]  # fmt: skip

    async def brought_since(self, channel: str, address: str | None, *, since: datetime) -> tuple[int, int]:
        """Return how many files, and bytes, somebody at a channel's other end brought since then; None: all there."""
        row = await self._database.row(_SQL["brought_since"], channel, address, since)
        return (row["many"], row["bytes"]) if row else (0, 0)


def attached_to(message: Message) -> Iterator[Mapping[str, str]]:
    """Yield each file of ours that a message has, as what is to be written of it."""
    for file in message.details.get("files", ()):
        # What comes by a provider is kept there, and has no id; what is in a mail is whole in it, and has no number.
        if "id" in file and "number" in file:
            yield {"id": file["id"], "message_id": message.id}
