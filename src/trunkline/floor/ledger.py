"""Group commit: every decision is durable before anything comes of it, and many decisions share one transaction."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from typing import Any

from trunkline.core.errors import Unavailable
from trunkline.floor.lease import Tenure
from trunkline.ports.store import Change, Fenced, Health, Store

log = logging.getLogger(__name__)

Act = Callable[[], Awaitable[None]]

_AT_MOST = 512
GATHERING = 3.0
"""What the service gathers by: a transaction costs nearly the same for one change as for ten."""
_BUSY = 4
"""So many changes in one save make a moment a busy one."""
_LONGEST_GATHERING_S = 0.012
_LAST_SAVE_S = 1.0
_BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)


class Written:
    """A change in the ledger's line: await it to go on once it is durable, or leave it be."""

    __slots__ = ("_awaited", "_hurry", "act", "change", "durable")

    def __init__(self, change: Change, act: Act | None, hurry: asyncio.Event) -> None:
        self.change, self.act, self.durable = change, act, False
        self._hurry = hurry
        # Hardly anybody waits for a change that an event made.
        self._awaited: asyncio.Future[None] | None = None

    def __await__(self) -> Generator[Any, None, None]:
        if not self.durable:
            self._hurry.set()
            self._awaited = self._awaited or asyncio.get_running_loop().create_future()
            # Whoever gives up takes nobody along.
            yield from asyncio.shield(self._awaited).__await__()

    def is_durable(self) -> None:
        """Let those go on who wait for it."""
        self.durable = True
        if self._awaited is not None:
            self._awaited.set_result(None)


class Ledger:
    """Writes changes in the order of their decisions, then tells of them, then acts.

    While the database is away, changes wait here in their order and nothing acts: a decision that could be forgotten
    must not reach a caller or an agent. While the lease is in doubt, what is durable waits to be done.
    """

    def __init__(self, store: Store, tenure: Tenure | None = None, *, gathering: float = 0.0) -> None:
        """Without a `tenure`, nobody else can decide.

        In a busy moment changes are gathered after each save for `gathering` times as long as it took, 12 ms at most.
        Else each is written at once, and so is what somebody waits for: whoever sends message after message, each
        once the last is safe, would be gathered at the pace of the pauses.
        """
        self._store = store
        self._gathering = gathering
        self._tenure = tenure
        self._lines: deque[Written] = deque()
        self._saving: list[Change] = []
        self._written, self._hurry = asyncio.Event(), asyncio.Event()
        self._fault: str | None = None
        self.listeners: list[Callable[[Change], None]] = []
        """Who is told of each change once it is durable."""
        self.outcome_unknown: Callable[[str], None] = lambda _why: None

    def write(self, change: Change, act: Act | None = None) -> Written:
        """Queue a change. `act` runs once it is durable, in a task of the ledger's."""
        line = Written(change, act, self._hurry)
        self._lines.append(line)
        self._written.set()
        return line

    def health(self) -> Health:
        """Whether changes are being written."""
        return Health(self._fault is None, self._fault or f"{len(self._lines)} changes waiting to be written")

    async def run(self) -> None:
        """Write until cancelled; raises Fenced once another process decides."""
        time, again_at = asyncio.get_running_loop().time, 0.0
        async with asyncio.TaskGroup() as acts:
            while True:
                await self._written.wait()
                began = time()
                # Where as many wait already as one save takes, there is nothing to gather.
                if began < again_at and len(self._lines) < _AT_MOST:
                    with suppress(TimeoutError):
                        async with asyncio.timeout_at(again_at):
                            await self._hurry.wait()
                    began = time()
                self._hurry.clear()
                batch = [self._lines.popleft() for _ in range(min(_AT_MOST, len(self._lines)))]
                if not self._lines:
                    self._written.clear()
                self._saving = [line.change for line in batch]
                await self._save(self._saving)
                self._saving = []
                if len(batch) >= _BUSY:
                    again_at = time() + min(self._gathering * (time() - began), _LONGEST_GATHERING_S)
                for line in batch:
                    self._done(line, acts)

    async def finish(self) -> None:
        """Write what was decided and is not written yet, once `run` has ended; nothing comes of it any more here.

        Tried once, for a second: whoever decides next reads from the store what was written.
        """
        rest = [line.change for line in self._lines]
        try:
            async with asyncio.timeout(_LAST_SAVE_S):
                # The same group again: it may have been written as we were stopped.
                for changes in filter(None, (self._saving, rest)):
                    await self._store.save(changes)
        except (Unavailable, Fenced, TimeoutError) as fault:
            log.warning("the last decisions were not written", extra={"changes": len(rest), "why": str(fault)})

    def _done(self, line: Written, acts: asyncio.TaskGroup) -> None:
        line.is_durable()
        for listener in self.listeners:
            try:
                listener(line.change)
            except Exception:
                log.exception("a change could not be told")
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
            if self._tenure is not None and not self._tenure.holds():
                await self._tenure.held()
            await act()
        except Unavailable as fault:
            log.warning("an act may not have happened", extra={"why": str(fault)})
            self.outcome_unknown(str(fault))
        except Exception:
            log.exception("an act failed")
            self.outcome_unknown("an act failed")
