"""Customers, their history, and an agent's figures of the day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from trunkline.core.customer import Contact, Customer, DayFigures, Note, PastInteraction
from trunkline.core.ids import AgentId, CustomerId, InteractionId, QueueId, new_id
from trunkline.core.interaction import Outcome
from trunkline.store.database import Database, Row
from trunkline.store.interactions import voicemail_of
from trunkline.store.queries import queries

_SQL = queries("customer")

NOTES_SHOWN = 20
"""How many notes a customer comes with."""

ADDRESS_LENGTH = 320
"""The longest address in characters (an e-mail address: RFC 3696 erratum 1690); a longer one is cut."""


class Customers:
    """The part of the store that keeps customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def customer_at(self, address: str, *, medium: str, name: str | None, at: datetime) -> Customer:
        """Find the customer with this address, or make one; two callers at once make one customer.

        `name` is theirs if they have none yet.

        Raises ValueError for an empty address: nobody is known by having none.
        """
        if not address:
            raise ValueError("an anonymous contact has no customer")
        address = address[:ADDRESS_LENGTH]
        found = await self._known_at(medium, address)
        if found is not None and (found.name is not None or not name):
            return found
        if found is None:
            made = await self._database.row(_SQL["make"], medium, address, new_id(), name, at)
            if made is not None:
                return Customer(CustomerId(str(made["id"])), made["name"], (made["address"],), is_new=True)
        else:
            await self._database.rows(_SQL["name"], found.id, name)
        # It is none only if somebody deletes the customer in this very moment.
        found = await self._known_at(medium, address)
        return found or await self.customer_at(address, medium=medium, name=name, at=at)

    async def customers_at(self, contacts: Sequence[Contact]) -> Sequence[Customer]:
        """Return the customer of each contact as `customer_at` does, for many of them in one round trip or two."""
        media, addresses = [each.medium for each in contacts], [each.address[:ADDRESS_LENGTH] for each in contacts]
        fresh = [new_id() for _ in contacts]
        rows = await self._database.rows(_SQL["at"], media, addresses, fresh, [each.at for each in contacts])
        known = sorted({str(row["known"]) for row in rows if row["known"] is not None})
        found = {each.id: each for each in await self._some(known)} if known else {}
        return [
            Customer(CustomerId(str(row["made"])), None, (address,), is_new=True) if row["made"] is not None
            else found.get(CustomerId(str(row["known"])))
            or await self.customer_at(contact.address, medium=contact.medium, name=None, at=contact.at)
            for row, address, contact in zip(rows, addresses, contacts, strict=True)
        ]  # fmt: skip

    async def customer(self, id_: CustomerId) -> Customer | None:
        """Return a customer with the notes of their last ended interactions, newest first."""
        return next(iter(await self._some([id_])), None)

    async def _known_at(self, medium: str, address: str) -> Customer | None:
        return next(iter(await self._some(None, medium, address)), None)

    async def _some(
        self, ids: Sequence[str] | None, medium: str | None = None, address: str | None = None
    ) -> Sequence[Customer]:
        rows = await self._database.rows(_SQL["some"], ids, NOTES_SHOWN, medium, address)
        return [_customer(row) for row in rows]

    async def timeline(self, customer: CustomerId, *, at_most: int) -> Sequence[PastInteraction]:
        """Return a customer's ended interactions, newest first."""
        return [_past(row) for row in await self._database.rows(_SQL["timeline"], customer, at_most)]

    async def day_figures(self, agents: Collection[AgentId], *, since: datetime) -> Mapping[AgentId, DayFigures]:
        """Compute these agents' figures from the journal; who did nothing since then is not in what comes back.

        `wrapped_up` and `wrap_up_timed_out` carry the facts `talk_s` and `wrap_s`, seconds, once per interaction.
        """
        rows = await self._database.rows(_SQL["day_figures"], sorted(agents), since)
        return {
            AgentId(row["agent_id"]): DayFigures(
                handled=row["handled"], missed=row["missed"], talk=timedelta(seconds=row["talk_s"]),
                wrap_up=timedelta(seconds=row["wrap_s"]), longest_talk=timedelta(seconds=row["longest_talk_s"]),
            )
            for row in rows
        }  # fmt: skip


def _customer(row: Row) -> Customer:
    return Customer(
        id=CustomerId(str(row["id"])), name=row["name"], addresses=tuple(row["addresses"]), tags=tuple(row["tags"]),
        notes=tuple(
            Note(datetime.fromisoformat(note["at"]), AgentId(note["by"]) if note["by"] else None, note["text"])
            for note in row["notes"]
        ),
    )  # fmt: skip


def _past(row: Row) -> PastInteraction:
    return PastInteraction(
        id=InteractionId(str(row["id"])), at=row["arrived_at"], medium=row["medium"],
        queue=QueueId(row["queue"]) if row["queue"] is not None else None,
        agent=AgentId(row["agent_id"]) if row["agent_id"] else None,
        disposition=row["disposition"], note=row["note"], talked=row["talked"] or timedelta(),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None, voicemail=voicemail_of(row),
    )  # fmt: skip
