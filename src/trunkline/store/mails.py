"""Emails: each whole, how far each mailbox was read, and what agents attach."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from trunkline.core.ids import AgentId, MessageId
from trunkline.ports.mails import AttachedFile, FileFacts, KeptMail, KnownMail
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("mail")
_LARGE = timedelta(seconds=30)
"""For 30 MB by a slow line to the database."""


class Mails:
    """The part of the store that keeps emails."""

    _database: Database

    async def keep_mail(self, mail: KeptMail) -> None:
        """Keep a mail; one that is kept already stays as it is."""
        await self._database.rows(
            _SQL["keep"], mail.id, mail.channel, mail.thread, mail.message_id, mail.address, mail.incoming,
            mail.automatic, mail.at, mail.raw, more_time=_LARGE,
        )  # fmt: skip

    async def mail(self, id_: MessageId) -> KeptMail | None:
        """Return one mail."""
        row = await self._database.row(_SQL["one"], id_, more_time=_LARGE)
        return _mail_of(row) if row else None

    async def known_mails(self, channel: str, message_ids: Sequence[str]) -> Mapping[str, KnownMail]:
        """Return those of these Message-IDs that a channel has seen."""
        rows = await self._database.rows(_SQL["known"], channel, list(message_ids))
        return {
            row["message_id"]: KnownMail(row["thread"], row["opened_by"], row["incoming"], row["address"])
            for row in rows
        }

    async def latest_mail(self, channel: str, thread: str, *, incoming: bool = False) -> KeptMail | None:
        """Return the latest mail of a thread, or the latest that came."""
        row = await self._database.row(_SQL["latest"], channel, thread, incoming, more_time=_LARGE)
        return _mail_of(row) if row else None

    async def automatic_mails(self, channel: str, address: str, *, since: datetime) -> int:
        """Return how many mails of flows went to an address since then."""
        row = await self._database.row(_SQL["automatic_to"], channel, address, since)
        return int(row["n"]) if row else 0

    async def read_to(self, channel: str) -> tuple[int, int] | None:
        """Return up to which UIDVALIDITY and UID a mailbox was read, None before the first."""
        row = await self._database.row(_SQL["read_to"], channel)
        return (row["uid_validity"], row["uid"]) if row else None

    async def have_read(self, channel: str, uid_validity: int, uid: int) -> None:
        """Remember up to where a mailbox was read."""
        await self._database.rows(_SQL["have_read"], channel, uid_validity, uid)

    async def keep_file(self, file: AttachedFile, *, at: datetime) -> None:
        """Keep a file for a week: by then it is in a mail, or nobody sent it."""
        await self._database.rows(
            _SQL["keep_file"], file.id, file.name, file.type, file.data, file.agent, at, more_time=_LARGE
        )

    async def file(self, id_: str) -> AttachedFile | None:
        """Return a file."""
        row = await self._database.row(_SQL["file"], id_, more_time=_LARGE)
        if row is None:
            return None
        return AttachedFile(str(row["id"]), row["name"], row["type"], row["data"], AgentId(row["agent_id"]))

    async def files_facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        """Return what is known of those of these files that are here."""
        rows = await self._database.rows(_SQL["files_facts"], list(ids))
        return [
            FileFacts(str(row["id"]), row["name"], row["type"], row["size"], AgentId(row["agent_id"])) for row in rows
        ]


def _mail_of(row: Row) -> KeptMail:
    return KeptMail(
        MessageId(str(row["id"])), row["channel"], row["thread"], row["message_id"], row["address"], row["incoming"],
        row["automatic"], row["at"], row["raw"],
    )  # fmt: skip
