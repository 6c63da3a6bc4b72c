"""The channels as admins see them: what each promises, how its provider does, and what did not come there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trunkline.core.errors import Rejected
from trunkline.core.ids import MessageId
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.floor.outbox import Outbox
from trunkline.ports.channel import Configured
from trunkline.ports.store import Health, Letters

Json = Mapping[str, Any]

MOST_SHOWN = 200
"""So many of the latest dead letters are told of."""


class NothingChosen(Rejected):
    """Neither messages nor a channel."""

    def __init__(self) -> None:
        super().__init__("name the messages that are to be sent again, or a channel")


class ChannelBoard:
    """What is told of channels, and the way to send again what did not come there."""

    def __init__(
        self,
        channels: Sequence[Configured],
        outbox: Outbox,
        letters: Letters,
        *,
        health: Callable[[], Mapping[str, Health]],
    ) -> None:
        self._health = health
        self._channels = channels
        self._outbox = outbox
        self._letters = letters

    async def shown(self) -> Json:
        """Return every channel, and the latest messages that failed. Their words are for agents and not told."""
        health, counted = self._health(), await self._letters.counted()
        failed = await self._letters.failed(channel=None, at_most=MOST_SHOWN)
        return {
            "channels": [
                self._channel(each, health.get(each.name), counted.get(each.name, {})) for each in self._channels
            ],
            "failed": [_letter(each) for each in failed],
        }

    async def send_again(self, ids: Sequence[MessageId] | None, channel: str | None) -> Json:
        """Send dead letters again, these or all of a channel; return how many."""
        if not ids and channel is None:
            raise NothingChosen
        many = await self._letters.put_failed_back(ids or None, channel=channel)
        await self._outbox.follow()
        return {"sent_again": many}

    def _channel(self, channel: Configured, health: Any, counted: Mapping[Delivery, int]) -> Json:
        return {
            "name": channel.name,
            "kind": channel.kind,
            "medium": channel.medium,
            "reached_at": channel.reached_at,
            "quality": dict(channel.quality),
            "provider": {"ready": health.ready, "detail": health.detail} if health is not None else None,
            "waiting": counted.get(Delivery.WAITING, 0),
            "failed": counted.get(Delivery.FAILED, 0),
        }


def _letter(out: Outgoing) -> Json:
    return {
        "id": out.id, "channel": out.channel, "address": out.address, "at": out.at.isoformat(), "tries": out.tries,
        "why": out.why,
    }  # fmt: skip
