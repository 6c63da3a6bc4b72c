"""The centre's versions, and which text of the centre file was taken over last."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from trunkline.core.centre_version import CentreVersion, ChangedMeanwhile, Signed, Source
from trunkline.store.database import Database, Row, WrittenBefore
from trunkline.store.queries import queries

_SQL = queries("centre")


class Centres:
    """The part of the store that keeps the centre."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_centre(
        self, text: str, signed: Signed, *, base: int, at: datetime, from_file: str | None = None
    ) -> CentreVersion:
        """Put a text in force, with its line in the journal, in one transaction; raises ChangedMeanwhile.

        `base` is the version that is to be in force until now (0: none). `from_file` is the SHA-256 of the centre file
        where the text is that file's.
        """
        # Only on the page is whoever signs an agent of ours.
        agent = signed.by if signed.source is Source.PAGE else None
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        try:
            row = await self._database.row(
                _SQL["put"], base, at, signed.by, signed.source.value, signed.message, text, sha256, agent, from_file
            )
        except WrittenBefore:
            row = None
        if row is None:
            raise ChangedMeanwhile(base, await self.centre_in_force())
        return _version(row)

    async def centre_number(self) -> int:
        """Return the number of the version in force, 0 when there is none yet."""
        row = await self._database.row(_SQL["number"])
        return int(row["number"]) if row else 0

    async def centre_in_force(self) -> CentreVersion | None:
        """Return the latest version, None before the first."""
        row = await self._database.row(_SQL["in_force"])
        return _version(row) if row else None

    async def centre_version(self, number: int) -> CentreVersion | None:
        """Return one version."""
        row = await self._database.row(_SQL["one"], number)
        return _version(row) if row else None

    async def centre_history(self, *, below: int | None, at_most: int) -> Sequence[CentreVersion]:
        """Return versions, the newest first: those below a number, or the latest."""
        return [_version(row) for row in await self._database.rows(_SQL["history"], below, at_most)]

    async def centre_file_seen(self) -> str | None:
        """Return the SHA-256 (hex) of the centre file as it was last taken over; None when it never was."""
        row = await self._database.row(_SQL["file_seen"])
        return str(row["sha256"]) if row else None

    async def see_centre_file(self, sha256: str, *, at: datetime) -> None:
        """Remember the centre file as it is now."""
        await self._database.rows(_SQL["see_file"], sha256, at)


def _version(row: Row) -> CentreVersion:
    return CentreVersion(
        row["number"], row["at"], row["by"], Source(row["source"]), row["message"], row["text"], row["sha256"]
    )
