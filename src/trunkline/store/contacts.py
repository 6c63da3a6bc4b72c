"""What somebody wants from us: what admins write down beside the service, and all that is known of an address."""

from collections.abc import Sequence
from datetime import datetime

from trunkline.core.consent import Consent, Wish
from trunkline.core.contact import Contacted, FollowedUp
from trunkline.core.opt_out import OptOut
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("contact")


class Contacts:
    """The part of the store that keeps wishes that wait for a service, and looks addresses up."""

    _database: Database

    async def wishes(self) -> Sequence[Wish]:
        """Return what admins wrote down and no service has taken over yet, in its order."""
        return [_wish_of(row) for row in await self._database.rows(_SQL["wishes"])]

    async def put_wish(
        self, medium: str, address: str, *, wanted: bool, purpose: str | None, by: str, at: datetime
    ) -> None:
        """Write down what somebody wants, for the service to take over."""
        await self._database.rows(_SQL["put_wish"], at, by, medium, address, purpose, wanted)

    async def contacted(self, address: str, *, at_most: int) -> Contacted:
        """Return what is known of an address: its wishes, what it agreed to, and its latest follow-ups."""
        opt_outs = await self._database.rows(_SQL["opt_outs_of"], address)
        consents = await self._database.rows(_SQL["consents_of"], address)
        follow_ups = await self._database.rows(_SQL["follow_ups_of"], address, at_most)
        return Contacted(
            [OptOut(row["medium"], row["address"], row["since"]) for row in opt_outs],
            [_consent_of(row) for row in consents],
            [FollowedUp(row["medium"], row["flow"], row["stands"], row["since"]) for row in follow_ups],
            [_wish_of(row) for row in await self._database.rows(_SQL["wishes_of"], address)],
        )


def _consent_of(row: Row) -> Consent:
    return Consent(row["medium"], row["address"], row["purpose"], row["given"], row["at"], row["how"])


def _wish_of(row: Row) -> Wish:
    return Wish(
        row["id"], row["at"], row["by"], row["medium"], row["address"], wanted=row["wanted"], purpose=row["purpose"]
    )
