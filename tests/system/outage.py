"""One death of the service under many calls, each of which stands in a step of its own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping

from tests.system.guest import Guest
from tests.system.house import House
from tests.system.shop import Shop

Story = Callable[[Guest, "Outage"], Coroutine[None, None, None]]


class Outage:
    """The service is killed once everybody stands where they want to, or has failed to get there."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._standing: dict[Guest, asyncio.Event] = {}
        self.begun, self.over = asyncio.Event(), asyncio.Event()

    async def strikes(self, guest: Guest) -> None:
        """Stand there until the service was killed and is back."""
        await self.begins(guest)
        await self.over.wait()

    async def begins(self, guest: Guest) -> None:
        """Stand there until the service was killed."""
        self._stands(guest)
        await self.begun.wait()
        guest.may_hear_music()

    async def under(
        self, house: House, stories: Mapping[Guest, Story], meanwhile: Callable[[], None]
    ) -> list[BaseException | None]:
        """Let each caller live through it, do something while the service is dead; return how each story ended."""
        self._standing = {guest: asyncio.Event() for guest in stories}
        lives = [asyncio.ensure_future(self._live(guest, story)) for guest, story in stories.items()]
        async with asyncio.timeout(40):
            await asyncio.gather(*(event.wait() for event in self._standing.values()))
        killed = house.kill_the_service()
        self.begun.set()
        meanwhile()
        await house.ready(other_than=killed)
        self.over.set()
        return await asyncio.gather(*lives, return_exceptions=True)

    async def _live(self, guest: Guest, story: Story) -> None:
        try:
            await story(guest, self)
        finally:
            self._stands(guest)

    def _stands(self, guest: Guest) -> None:
        self._standing[guest].set()
