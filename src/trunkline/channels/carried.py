"""What every channel has in common whose messages a provider carries, and what those have who go and look."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from trunkline.core.ids import MessageId
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId
from trunkline.ports.clock import Clock
from trunkline.ports.store import Health

_FAULTY_AFTER = timedelta(minutes=1)


class Carried:
    """Nothing is shown to the other end while somebody writes: the outbox gives messages to the provider."""

    async def send(
        self,
        conversation: ConversationId,
        shown: Shown,
        *,
        key: str,
        by: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Show nothing: the outbox gives messages to `deliver`."""

    def writing(self, conversation: ConversationId, by: str) -> None:
        """Show nothing: the other end is told by no telephone and no mail program that somebody writes."""

    def read(self, conversation: ConversationId, message: MessageId) -> None:
        """Show nothing: the other end is not told what we have read."""

    def over(self, conversation: ConversationId) -> None:
        """Show nothing: the other end can write at any time, and begins anew."""


class FarAway(Carried):
    """A channel without a door of ours: it connects to where its messages are, and tells when it cannot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fault: tuple[str, datetime] | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return no door: we go there."""
        return []

    async def close_all(self, _: web.Application) -> None:
        """Nothing is open that `run` does not close."""

    def health(self) -> Health:
        """Whether it is connected, or has only just begun not to be."""
        if self._fault is None or self._clock.now() - self._fault[1] < _FAULTY_AFTER:
            return Health(True)
        return Health(False, self._fault[0])

    def _away(self, why: str) -> bool:
        """Remember why it cannot be reached, and since when; return whether that is news."""
        news = self._fault is None
        self._fault = (why, self._fault[1] if self._fault is not None else self._clock.now())
        return news
