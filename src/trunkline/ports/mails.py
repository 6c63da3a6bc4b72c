"""What email asks of the centre's memory: every mail whole, how far each mailbox was read, and what is attached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trunkline.core.ids import MessageId
from trunkline.ports.files import Files


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One email as it came or went. `address` is the other end's; `automatic`: a machine wrote it, theirs or ours."""

    id: MessageId
    channel: str
    thread: str
    message_id: str
    address: str
    incoming: bool
    automatic: bool
    at: datetime
    raw: bytes


@dataclass(frozen=True, slots=True)
class KnownMail:
    """Where a Message-ID is known: its thread, who opened that, and whether it came from outside, and from whom."""

    thread: str
    opened_by: str
    incoming: bool
    address: str


@dataclass(frozen=True, slots=True)
class MailPage:
    """A mail as HTML that may be shown; `remote` pictures from elsewhere are left out of it."""

    html: str
    remote: int


@dataclass(frozen=True, slots=True)
class MailPart:
    """What is attached to a mail."""

    name: str
    type: str
    data: bytes


class MailViewer(Protocol):
    """Makes of a mail what the desk shows."""

    async def page(self, raw: bytes, *, remote: bool) -> MailPage:
        """Return a mail's HTML as it may be shown, with pictures from elsewhere where they are asked for."""

    async def preview(self, text: str) -> MailPage:
        """Return what an agent writes as its HTML would be."""

    async def part(self, raw: bytes, number: int) -> MailPart | None:
        """Return what is attached under a number."""


class Mails(Files, Protocol):
    """Every method raises Unavailable when the database cannot be reached."""

    async def keep_mail(self, mail: KeptMail) -> None:
        """Keep a mail; one that is kept already stays as it is."""

    async def mail(self, id_: MessageId) -> KeptMail | None:
        """Return one mail."""

    async def known_mails(self, channel: str, message_ids: Sequence[str]) -> Mapping[str, KnownMail]:
        """Return those of these Message-IDs that a channel has seen."""

    async def latest_mail(self, channel: str, thread: str, *, incoming: bool = False) -> KeptMail | None:
        """Return the latest mail of a thread, or the latest that came."""

    async def automatic_mails(self, channel: str, address: str, *, since: datetime) -> int:
        """Return how many mails of flows went to an address since then."""

    async def read_to(self, channel: str) -> tuple[int, int] | None:
        """Return up to which UIDVALIDITY and UID a mailbox was read, None before the first."""

    async def have_read(self, channel: str, uid_validity: int, uid: int) -> None:
        """Remember up to where a mailbox was read."""
