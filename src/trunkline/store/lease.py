"""The lease of the one process that decides, and the fence: what is written under an earlier token is refused."""

from collections.abc import Sequence
from datetime import timedelta

from trunkline.core.lease import Lease
from trunkline.ports.store import Fenced
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("lease")


class UnderLease:
    """A part of the store that writes under a token. Its first one is good until anybody takes the lease."""

    _token = 0

    def _refuse_fenced(self, answer: Sequence[Row]) -> None:
        """Raise Fenced when a write found its token gone; such a statement answers with one row, `held`."""
        if not answer[0]["held"]:
            raise Fenced(self._token)


class Leases(UnderLease):
    """The part of the store that keeps the lease."""

    def __init__(self, lease_database: Database) -> None:
        self._lease_database = lease_database

    async def lease(self) -> Lease:
        """Return the lease as it is now."""
        row = await self._lease_database.row(_SQL["seen"])
        assert row is not None  # noqa: S101 - the migration that made the table put its only row there
        return Lease(row["token"], row["holder"], row["left"])

    async def take_lease(self, seen: Lease, holder: str, *, lasts: timedelta, holder_died: bool = False) -> bool:
        """Take the lease that was seen, where it has run out or its holder died; False when somebody was quicker.

        From then on this store writes under the new token.
        """
        row = await self._lease_database.row(_SQL["take"], seen.token, holder, lasts, holder_died)
        if row is not None:
            self._token = row["token"]
        return row is not None

    async def renew_lease(self, *, lasts: timedelta) -> None:
        """Make our lease last that long from now; raises Fenced when somebody else has taken it."""
        if await self._lease_database.row(_SQL["renew"], self._token, lasts) is None:
            raise Fenced(self._token)

    async def give_lease_back(self) -> None:
        """Let the next one take it at once; nothing where it is not ours any more."""
        await self._lease_database.rows(_SQL["give_back"], self._token)
