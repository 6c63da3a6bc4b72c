"""Looking after every open desk in one round: a timer and a question of the database for each would be waste."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Set
from typing import Protocol

from trunkline.core.errors import TrunklineFault
from trunkline.ports.clock import Clock

log = logging.getLogger(__name__)

PING_EVERY_S = 10.0
SILENCE_S = 25.0
SESSION_OVER = 4001
SILENT = 1001
_TURNS = 10
"""A round is gone in so many turns, so that a thousand pings never hold up a call."""

ClosedAmong = Callable[[Collection[str]], Awaitable[Set[str]]]
"""Returns those of these sessions that are over; raises Unavailable."""


class LookedAfter(Protocol):
    """An open desk, as its round sees it."""

    session: str
    last_word: float
    """When the desk last said anything, by the event loop's clock."""

    def send_text(self, text: str) -> None:
        """Send what is JSON already."""

    def end(self, code: int) -> None:
        """Close the desk."""


class DeskRounds:
    """Pings each desk every PING_EVERY_S, and closes those that are silent or whose session is over."""

    def __init__(self, clock: Clock, closed_among: ClosedAmong) -> None:
        self._clock = clock
        self._closed_among = closed_among
        self._next_look: OrderedDict[LookedAfter, float] = OrderedDict()

    def begin(self, desk: LookedAfter) -> None:
        """Look after a desk from now on."""
        self._next_look[desk] = asyncio.get_running_loop().time() + PING_EVERY_S

    def leave(self, desk: LookedAfter) -> None:
        """Look after a desk no more."""
        self._next_look.pop(desk, None)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(PING_EVERY_S / _TURNS)
            try:
                await self._turn()
            except TrunklineFault as fault:
                # The database is away for a moment: nobody is thrown out for that.
                log.debug("the desks' sessions are not known", extra={"why": str(fault)})
            except Exception:
                log.exception("a round of the desks failed")

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        desks = self._take_due(now)
        silent = [desk for desk in desks if now - desk.last_word > SILENCE_S]
        for desk in silent:
            desk.end(SILENT)
        desks = [desk for desk in desks if desk not in silent]
        if not desks:
            return
        # The ping first: a database that takes its time must not make us look dead.
        ping = json.dumps({"type": "ping", "now": self._clock.now().isoformat()})
        for desk in desks:
            desk.send_text(ping)
        closed = await self._closed_among({desk.session for desk in desks})
        for desk in desks:
            if desk.session in closed:
                desk.end(SESSION_OVER)

    def _take_due(self, now: float) -> list[LookedAfter]:
        """Return the desks whose turn it is, and put them at the end of the line."""
        due = []
        while self._next_look and (desk := next(iter(self._next_look))) and self._next_look[desk] <= now:
            self._next_look[desk] = now + PING_EVERY_S
            self._next_look.move_to_end(desk)
            due.append(desk)
        return due
