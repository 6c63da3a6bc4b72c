"""What the centre asks of a channel on which people write, and what such a channel tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trunkline.flows.render import Shown


@dataclass(frozen=True, slots=True, order=True)
class ConversationId:
    """Who writes where: a channel of ours by its name, and the address at its other end.

    The address is as the channel has it: a number in E.164, a visitor's id. It never changes for one person.
    """

    channel: str
    address: str


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


@dataclass(frozen=True, slots=True)
class Gone:
    """They have left for good: the chat was closed, the number sent STOP."""

    conversation: ConversationId
    at: datetime


ChannelEvent = Said | Gone

# --- What a channel is asked -----------------------------------------------------------------------------------------


class Channel(Protocol):
    """One configured channel: this web chat, that SMS number."""

    @property
    def medium(self) -> str:
        """Which medium it is: chat or sms."""

    async def send(self, conversation: ConversationId, shown: Shown, *, key: str, by: str = "") -> None:
        """Show something to the other end, `by` an agent of that name, or by a flow. Returns once it is on its way.

        That is once it is durable there or here: a channel whose other end fetches what it missed keeps nothing more.
        What is sent again with the same `key` is one message. An SMS channel sends to numbers that never wrote, too.
        Raises Unavailable when it cannot be taken; the outcome is then unknown, and the same `key` tries again.
        """

    def writing(self, conversation: ConversationId, by: str) -> None:
        """Show for a moment, where the other end can, that an agent of that name is writing."""

    def over(self, conversation: ConversationId) -> None:
        """Tell the other end, where it shows that, that nobody here reads on; what is written next begins anew."""
