"""Sends words of a flow to somebody who is not in the conversation, by a channel that is set up."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from trunkline.core.errors import Unavailable
from trunkline.core.hours import opens_after
from trunkline.core.mail_address import is_mail_address
from trunkline.core.phone import e164
from trunkline.floor.outbox import WANTS_NOTHING, Outbox
from trunkline.floor.state import Floor
from trunkline.flows.render import Shown
from trunkline.flows.talk import Send, SendFailed, Sent
from trunkline.ports.channel import Channel, ConversationId

log = logging.getLogger(__name__)

SEND_WITHIN = timedelta(seconds=10)
"""A caller on the line hears nothing meanwhile."""


class ChannelMessenger:
    """Messenger: takes the first channel of the medium. Without one a flow leaves by `failed`, and is told why."""

    def __init__(
        self,
        floor: Floor,
        channels: Mapping[str, Channel],
        outbox: Outbox,
        within: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`within` names the calendar of each channel that writes to people by day only: what comes by night waits."""
        self._within = within
        self._floor = floor
        self._outbox = outbox
        self._channels = channels

    async def send(self, want: Send, *, key: str) -> Sent | SendFailed:
        """Send a text message or a mail, once for each `key`; what may have gone out is not sent again."""
        name = next((name for name, channel in self._channels.items() if channel.medium == want.medium), None)
        if name is None:
            return SendFailed(f"no channel for {want.medium} is set up")
        number = self._address(want)
        if number is None:
            return SendFailed("no number" if want.medium == "sms" else "no address")
        if (want.medium, number) in self._floor.opted_out:
            return SendFailed(WANTS_NOTHING)
        shown, where = Shown((want.text,), want.language), ConversationId(name, number)
        more = {"subject": want.subject} if want.subject else {}
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                if self._channels[name].provider is not None:
                    await self._outbox.send_once(
                        self._outbox.letters(where, shown, key=key, details=more, due=self._due(name))
                    )
                else:
                    await self._channels[name].send(where, shown, key=key)
        except (Unavailable, TimeoutError) as fault:
            why = "unavailable" if isinstance(fault, Unavailable) else "timeout"
            log.warning("a text message was not sent", extra={"channel": name, "key": key, "why": str(fault) or why})
            return SendFailed(why)
        return Sent()

    def _due(self, channel: str) -> datetime | None:
        """Return when a channel may write to somebody who did not write; None where that is now."""
        calendar = self._floor.centre.hours.get(self._within.get(channel, ""))
        now = self._floor.clock.now()
        due = opens_after(calendar, now) if calendar is not None else None
        return due if due is not None and due > now else None

    def _address(self, want: Send) -> str | None:
        if want.medium == "email":
            address = want.to.strip().lower()
            return address if is_mail_address(address) else None
        return e164(want.to, self._floor.centre.region)
