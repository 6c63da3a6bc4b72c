"""Group commit: every decision is durable before anything comes of it, and many decisions share one transaction."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from trunkline.core.errors import Unavailable
from trunkline.ports.store import Change, Health, Store

log = logging.getLogger(__name__)

Act = Callable[[], Awaitable[None]]

_AT_MOST = 512
_BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class _Line:
    change: Change
    act: Act | None
    durable: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Ledger:
    """Writes changes in the order of their decisions, then publishes them, then acts.

    While the database is away, changes wait here in their order and nothing acts: a decision that could be forgotten
    must not reach a caller or an agent.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lines: list[_Line] = []
        self._written = asyncio.Event()
        self._fault: str | None = None
        self.publish: Callable[[Change], None] = lambda _change: None
        self.outcome_unknown: Callable[[str], None] = lambda _why: None

    def write(self, change: Change, act: Act | None = None) -> asyncio.Future[None]:
        """Queue a change; the future is done once it is durable. `act` runs after that, in a task of the ledger's."""
        line = _Line(change, act)
        self._lines.append(line)
        self._written.set()
        return line.durable

    def health(self) -> Health:
        """Whether changes are being written."""
        return Health(self._fault is None, self._fault or f"{len(self._lines)} changes waiting to be written")

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as acts:
            while True:
                await self._written.wait()
                batch, self._lines = self._lines[:_AT_MOST], self._lines[_AT_MOST:]
                if not self._lines:
                    self._written.clear()
                await self._save([line.change for line in batch])
                for line in batch:
                    self._done(line, acts)

    def _done(self, line: _Line, acts: asyncio.TaskGroup) -> None:
        if not line.durable.cancelled():
            line.durable.set_result(None)
        try:
            self.publish(line.change)
        except Exception:
            log.exception("a change could not be shown")
        if line.act is not None:
            acts.create_task(self._do(line.act))

    async def _save(self, changes: list[Change]) -> None:
        tries = 0
        while True:
            try:
                await self._store.save(changes)
            except Unavailable as fault:
                self._fault = f"the database does not take changes: {fault}"
                if tries == 0:
                    log.warning("changes wait for the database", extra={"changes": len(changes), "why": str(fault)})
                await asyncio.sleep(_BACK_OFF_S[min(tries, len(_BACK_OFF_S) - 1)])
                tries += 1
            else:
                self._fault = None
                return

    async def _do(self, act: Act) -> None:
        try:
            await act()
        except Unavailable as fault:
            log.warning("an act may not have happened", extra={"why": str(fault)})
            self.outcome_unknown(str(fault))
        except Exception:
            log.exception("an act failed")
            self.outcome_unknown("an act failed")
