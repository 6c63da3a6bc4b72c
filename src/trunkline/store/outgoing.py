"""The outbox: what goes out is written with the floor's changes, and read here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trunkline.core.consent import Consent
from trunkline.core.ids import InteractionId, MessageId
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.store.database import Database, Row
from trunkline.store.queries import queries

_SQL = queries("outgoing")


class Outbox:
    """The part of the store that keeps what goes out, and who wants nothing more."""

    _database: Database

    async def outgoing(self, id_: MessageId) -> Outgoing | None:
        """Return one message that went out, or is to."""
        row = await self._database.row(_SQL["one"], id_)
        return outgoing_of(row) if row else None

    async def parts_of(self, message: MessageId) -> Sequence[Outgoing]:
        """Return a message that went out, or is to, with all its further parts, in their order."""
        return [outgoing_of(row) for row in await self._database.rows(_SQL["parts"], message)]

    async def put_back(self) -> Sequence[Outgoing]:
        """Return what an admin put back into the outbox and nobody has taken up, in its order."""
        return [outgoing_of(row) for row in await self._database.rows(_SQL["put_back"])]

    async def failed(self, *, channel: str | None, at_most: int) -> Sequence[Outgoing]:
        """Return the dead letters, the latest first."""
        return [outgoing_of(row) for row in await self._database.rows(_SQL["failed"], channel, at_most)]

    async def put_failed_back(self, ids: Sequence[MessageId] | None, *, channel: str | None) -> int:
        """Put dead letters back into the outbox, these or all of a channel; return how many."""
        return len(await self._database.rows(_SQL["put_failed_back"], ids, channel))

    async def counted(self) -> Mapping[str, Mapping[Delivery, int]]:
        """Return how many messages of each channel wait and have failed."""
        counted: dict[str, dict[Delivery, int]] = {}
        for row in await self._database.rows(_SQL["counted"]):
            counted.setdefault(row["channel"], {})[Delivery(row["state"])] = row["n"]
        return counted

    async def _under_way(self) -> Iterable[Outgoing]:
        return map(outgoing_of, await self._database.rows(_SQL["under_way"]))

    async def _opt_outs(self) -> Iterable[OptOut]:
        rows = await self._database.rows(_SQL["opt_outs"])
        return (OptOut(row["medium"], row["address"], row["since"]) for row in rows)


def outgoing_columns(out: Outgoing) -> Mapping[str, Any]:
    """Return a message that goes out as the columns of its row, JSON-able."""
    return {
        "id": out.id, "channel": out.channel, "address": out.address, "text": out.text, "at": out.at.isoformat(),
        "interaction_id": out.interaction, "message_id": out.message, "anyway": out.anyway, "state": out.state,
        "tries": out.tries, "due": out.due.isoformat() if out.due else None, "external": out.external, "why": out.why,
        "details": out.details or None,
    }  # fmt: skip


def opt_out_columns(opt_out: OptOut) -> Mapping[str, Any]:
    """Return a wish to hear no more as the columns of its row, JSON-able."""
    return {
        "medium": opt_out.medium, "address": opt_out.address, "since": opt_out.at.isoformat(), "ended": opt_out.ended
    }  # fmt: skip


def consent_columns(consent: Consent) -> Mapping[str, Any]:
    """Return a customer's word as the columns of its row, JSON-able."""
    return {
        "medium": consent.medium, "address": consent.address, "purpose": consent.purpose, "given": consent.given,
        "at": consent.at.isoformat(), "how": consent.how,
    }  # fmt: skip


def outgoing_of(row: Row) -> Outgoing:
    """Return the message that goes out whose row this is."""
    return Outgoing(
        id=MessageId(str(row["id"])), channel=row["channel"], address=row["address"], text=row["text"], at=row["at"],
        interaction=InteractionId(str(row["interaction_id"])) if row["interaction_id"] else None,
        message=MessageId(str(row["message_id"])) if row["message_id"] else None, anyway=row["anyway"],
        state=Delivery(row["state"]), tries=row["tries"], due=row["due"], external=row["external"], why=row["why"],
        details=row["details"] or {},
    )  # fmt: skip
