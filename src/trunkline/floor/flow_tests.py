"""What the tests beside the flows came to: carried out anew whenever a file has changed, beside the calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from trunkline.core.errors import Unavailable
from trunkline.flows.round import Round

log = logging.getLogger(__name__)


class FlowTests:
    """Carries out one round at a time. A round that a later change has overtaken is dropped, whatever it came to."""

    def __init__(self, carry_out: Callable[[], Awaitable[Round]]) -> None:
        self._carry_out = carry_out
        self._wanted = asyncio.Event()
        self.latest: Round | None = None
        """The latest round that came to its end; None before the first."""
        self.fault = ""
        """Why there is no newer one."""
        self.running = False
        self.changed: Callable[[], None] = lambda: None
        """Told when a round begins, and when it has ended."""

    def begin(self) -> None:
        """The flows or their tests are others: carry the tests out, from the beginning."""
        self._wanted.set()

    async def run(self) -> None:
        """Carry out what is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not self.running:
                self.running = True
                self.changed()
            if await self._one_round():
                self.running = False
                self.changed()

    async def _one_round(self) -> bool:
        """Carry out a round and keep what came of it; False when it was overtaken."""
        carried_out = asyncio.create_task(self._outcome())
        overtaken = asyncio.create_task(self._wanted.wait())
        try:
            await asyncio.wait({carried_out, overtaken}, return_when=asyncio.FIRST_COMPLETED)
            if self._wanted.is_set():
                return False
            outcome = carried_out.result()
        finally:
            carried_out.cancel()
            overtaken.cancel()
            await asyncio.wait({carried_out, overtaken})
        if isinstance(outcome, Round):
            self.latest, self.fault = outcome, ""
            failed = sum(not test.passed for test in outcome.tests)
            log.info("flows were tested", extra={"tests": len(outcome.tests), "failed": failed})
        else:
            self.fault = outcome
            log.warning("flows could not be tested", extra={"why": outcome})
        return True

    async def _outcome(self) -> Round | str:
        """Return what a round came to, or why there is none."""
        try:
            return await self._carry_out()
        except Unavailable as fault:
            return str(fault)
