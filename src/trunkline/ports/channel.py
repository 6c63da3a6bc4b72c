"""What the centre asks of a channel on which people write, and what such a channel tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.ids import MessageId
from trunkline.core.interaction import BrowserPhone
from trunkline.core.outgoing import Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.files import FileRule


@dataclass(frozen=True, slots=True, order=True)
class ConversationId:
    """Who writes where: a channel of ours by its name, and the address at its other end.

    The address is as the channel has it: a number in E.164, a visitor's id. It never changes for one person.
    """

    channel: str
    address: str
    thread: str = ""
    """Which of their conversations, where a channel has several beside each other with one person: an email thread."""


# --- What a channel tells --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote this, or clicked what says this. `message` is the channel's own id of it.

    It may come twice, with the same `message`: a channel gives again what it does not know to be taken.
    """

    conversation: ConversationId
    text: str
    at: datetime
    message: str
    name: str = ""
    """What the channel knows them by, if anything."""
    number: str = ""
    """A telephone number that is proven to be theirs, if any; on sms it is the address."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the desk shows beside the words, JSON-able: `files`, `subject` and the like, as the channel has them."""
    automatic: bool = False
    """A machine wrote it: it answers no question of a flow, and reopens nothing."""
    begins: bool = True
    """Whether it begins a conversation where there is none. A notice that somebody is away does not."""


@dataclass(frozen=True, slots=True)
class Gone:
    """They have left for good: the chat was closed."""

    conversation: ConversationId
    at: datetime


@dataclass(frozen=True, slots=True)
class Wished:
    """They sent a word that means the channel and no conversation: STOP (`wants_more` False), or START.

    `reply` is what the channel answers to it, if anything; HELP, where it has an answer, wishes nothing.
    """

    conversation: ConversationId
    text: str
    at: datetime
    message: str
    wants_more: bool | None
    reply: str = ""


ChannelEvent = Said | Gone | Wished


class WhyNoCall(StrEnum):
    """Why somebody who writes cannot talk by their browser now."""

    WRITE_FIRST = "write_first"
    """There is no conversation to which it could belong."""
    TOO_MANY = "too_many"
    """Too many browsers wait or talk already."""


class CallStage(StrEnum):
    """How a visitor's call by their browser stands."""

    ASKED = "asked"
    """It begins as soon as their conversation is in line, or an agent has it."""
    WAITS = "waits"
    """It is in line: their browser registers, and is rung when an agent has time."""
    TALKS = "talks"
    OVER = "over"
    NOT_REACHED = "not_reached"
    """Their browser did not answer when an agent was there."""


@dataclass(frozen=True, slots=True)
class VisitorCall:
    """A visitor's call by their browser; it has its `phone` while it waits and while they talk."""

    stage: CallStage
    phone: BrowserPhone | None = None


# --- What a channel is asked -----------------------------------------------------------------------------------------


class NotTaken(Unavailable):
    """A provider certainly did not take a message, and may later: not before `again_in`, where it says so."""

    def __init__(self, message: str, *, again_in: timedelta | None = None) -> None:
        super().__init__(message)
        self.again_in = again_in


class Refused(Rejected):
    """A provider will never take a message. `wants_nothing`: for whom it is wants nothing more."""

    def __init__(self, message: str, *, wants_nothing: bool = False) -> None:
        super().__init__(message)
        self.wants_nothing = wants_nothing


class Provider(Protocol):
    """Who carries a channel's messages to the other end."""

    @property
    def medium(self) -> str:
        """Which medium it carries."""

    @property
    def within_s(self) -> float:
        """How many seconds one message may take it. The outcome of what takes longer is not known."""

    def parts(self, shown: Shown) -> Sequence[str]:
        """Return the texts that say a message, one after the other; each is given by itself."""

    async def deliver(self, out: Outgoing) -> str:
        """Give one message to the provider; return its own id of it.

        Raises NotTaken, Refused, and Unavailable when the outcome is not known.
        """

    async def find(self, out: Outgoing) -> str | None:
        """Return the provider's id of a message that it may have taken already.

        None when it has not, or when no such provider can be asked: then it goes out again, so that it is known for
        the same one at the other end where that is possible. Raises Unavailable.
        """


class Channel(Protocol):
    """One configured channel: this web chat, that SMS number."""

    @property
    def medium(self) -> str:
        """Which medium it is: chat, sms or email."""

    @property
    def provider(self) -> Provider | None:
        """Who is given what goes out, by the outbox; None where `send` shows it to the other end."""

    @property
    def files(self) -> FileRule:
        """What files it takes to the other end."""

    async def send(
        self,
        conversation: ConversationId,
        shown: Shown,
        *,
        key: str,
        by: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Show something to the other end, `by` an agent of that name, or by a flow; `files` as details have them.

        The other end fetches what it missed. What is sent again with the same `key` is one message. Not asked of a
        channel with a provider. Raises Unavailable when it cannot be shown; the same `key` tries again.
        """

    def writing(self, conversation: ConversationId, by: str) -> None:
        """Show for a moment, where the other end can, that an agent of that name is writing."""

    def read(self, conversation: ConversationId, message: MessageId) -> None:
        """Show, where the other end can, up to which message of theirs an agent has read."""

    def over(self, conversation: ConversationId) -> None:
        """Tell the other end, where it shows that, that nobody here reads on; what is written next begins anew."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A channel as admins see it: `reached_at` where people or its provider reach it, and what its kind promises."""

    name: str
    kind: str
    medium: str
    reached_at: str
    quality: Mapping[str, str]
