"""The store on PostgreSQL: all ports of `ports/store.py` in one object."""

from datetime import timedelta

from trunkline.ports.store import Health, Situation
from trunkline.store.agents import Agents
from trunkline.store.centre import Centres
from trunkline.store.contacts import Contacts
from trunkline.store.customers import Customers
from trunkline.store.database import Database
from trunkline.store.drafts import Drafts
from trunkline.store.files import Files
from trunkline.store.interactions import Interactions
from trunkline.store.lease import Leases
from trunkline.store.logins import Logins, PasswordHashing
from trunkline.store.mails import Mails
from trunkline.store.messages import Messages
from trunkline.store.outgoing import Outbox
from trunkline.store.segments import Segments
from trunkline.store.transcripts import Transcripts


class PostgresStore(
    Interactions,
    Messages,
    Drafts,
    Files,
    Mails,
    Transcripts,
    Segments,
    Outbox,
    Agents,
    Customers,
    Contacts,
    Logins,
    Leases,
    Centres,
):
    """The centre's memory. It lives as long as the databases that it is given; `migrate` comes first.

    `lease_database` is a pool for the lease alone, which must not stand in line behind other questions.
    """

    def __init__(
        self, database: Database, hashing: PasswordHashing | None = None, *, lease_database: Database | None = None
    ) -> None:
        # One pool serves every other part.
        self._database = database
        self._lease_database = lease_database or database
        self._hashing = hashing or PasswordHashing()

    async def load(self) -> Situation:
        """Return every interaction that has not ended, the oldest first, and every agent who is not retired."""
        return Situation(
            tuple(await self._live()), tuple(await self._active()), await self._offers(),
            tuple(await self._live_messages()), tuple(await self._under_way()), tuple(await self._opt_outs()),
            tuple(await self._live_reads()),
            tuple(await self._live_drafts()),
        )  # fmt: skip

    async def health(self) -> Health:
        """Whether the database answers."""
        return await self._database.health()

    async def lost(self, within: timedelta) -> bool:
        """Wait until a connection has closed since the last look at the health; return whether one has."""
        return await self._database.lost(within)
