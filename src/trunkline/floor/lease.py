"""Whether this process is the one that decides and acts: it stands by until it has the lease, and renews it then.

The fence itself is in the store: what is decided under an earlier token is never written, and so never acted on. This
is the other half: who cannot renew the lease stops acting before anybody else can have it, also when the process itself
hung, and wakes up long after.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from trunkline.core.errors import Unavailable
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.lease import Lease, Terms, wait_to_take
from trunkline.ports.store import Health, Leases

log = logging.getLogger(__name__)


def seconds_since_boot() -> float:
    """Return the seconds since the machine started, those in which it slept included: a sleep uses a lease up, too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class TookOver:
    """From whom the lease was taken, and why it could be: `given_back`, `run_out`, or `died`."""

    token: int
    holder: str | None
    why: str


class Tenure:
    """Our part in the lease: `take`, then `keep` as long as we serve, then `give_back`.

    `is_known_dead` says whether a holder is known to live no more; who is on another machine is not known to be.
    """

    def __init__(
        self,
        leases: Leases,
        name: str,
        *,
        is_known_dead: Callable[[str], bool],
        terms: Terms | None = None,
        elapsed: Callable[[], float] = seconds_since_boot,
    ) -> None:
        self._leases = leases
        self._name = name
        self._is_known_dead = is_known_dead
        self._terms = terms or Terms()
        self._elapsed = elapsed
        self._until: float | None = None
        self._seen: Lease | None = None
        self._renewed = asyncio.Event()

    # --- may we act? ---

    def holds(self) -> bool:
        """Whether we may act now: nobody else can have the lease yet."""
        return self._until is not None and self._elapsed() < self._until

    async def held(self) -> None:
        """Return once we may act."""
        while not self.holds():
            self._renewed.clear()
            await self._renewed.wait()

    def health(self, *, serving: bool) -> Health:
        """Whether this process serves, and if not, who does; `serving`: whether it knows all that is under way."""
        if self.holds():
            return Health(serving, f"this process serves: {shown(self._name)}" if serving else "takes over")
        if self._until is not None:
            return Health(ready=False, detail="the lease could not be renewed in time; nothing acts until it is")
        if self._seen is None or self._seen.holder is None:
            return Health(ready=False, detail="stands by")
        return Health(ready=False, detail=f"stands by; {shown(self._seen.holder)} serves")

    # --- standing by ---

    async def take(self) -> TookOver:
        """Stand by until the lease can be taken, and take it."""
        gap, back_since = False, None
        while True:
            wait: timedelta | None = None
            try:
                lease = await self._look()
                if gap:
                    gap, back_since = False, self._elapsed()
                seen_for = timedelta(seconds=self._elapsed() - back_since) if back_since is not None else None
                died = lease.holder is not None and self._is_known_dead(lease.holder)
                wait = wait_to_take(lease, holder_died=died, seen_for=seen_for, terms=self._terms)
                if not wait and await self._taken(lease, died=died):
                    why = "given_back" if lease.holder is None else "died" if died else "run_out"
                    return TookOver(lease.token + 1, lease.holder, why)
            except Unavailable as fault:
                if not gap:
                    log.warning("the lease cannot be seen", extra={"why": str(fault)})
                gap = True
            await asyncio.sleep(min(wait or self._terms.look_every, self._terms.look_every).total_seconds())

    async def _look(self) -> Lease:
        async with _in_time(self._terms):
            lease = await self._leases.lease()
        if self._seen is None or lease.token != self._seen.token:
            holder = shown(lease.holder) if lease.holder is not None else None
            log.info("the lease was seen", extra={"token": lease.token, "holder": holder})
        self._seen = lease
        return lease

    async def _taken(self, lease: Lease, *, died: bool) -> bool:
        asked = self._elapsed()
        async with _in_time(self._terms):
            taken = await self._leases.take_lease(lease, self._name, lasts=self._terms.lasts, holder_died=died)
        if taken:
            self._extend(asked)
        return taken

    # --- serving ---

    async def keep(self) -> NoReturn:
        """Renew the lease until cancelled; raises Fenced when somebody else has taken it."""
        told = False
        while True:
            pause = self._terms.renew_every
            asked = self._elapsed()
            try:
                async with _in_time(self._terms):
                    await self._leases.renew_lease(lasts=self._terms.lasts)
            except Unavailable as fault:
                pause = self._terms.renew_again
                if not self.holds() and not told:
                    log.warning("the lease could not be renewed: nothing acts", extra={"why": str(fault)})
                    told = True
            else:
                if told:
                    log.warning("the lease is renewed: everything goes on")
                    told = False
                self._extend(asked)
            await asyncio.sleep(pause.total_seconds())

    async def give_back(self) -> None:
        """Act no more, and let the next one take over at once."""
        if self._until is None:
            return
        self._until = None
        try:
            async with _in_time(self._terms):
                await self._leases.give_lease_back()
        except Unavailable as fault:
            log.warning("the lease was not given back; it runs out by itself", extra={"why": str(fault)})

    def _extend(self, asked: float) -> None:
        # From before the question: whatever the answer took, by our count it ends no later than by the database's.
        self._until = asked + self._terms.lasts.total_seconds()
        self._renewed.set()


def took_over_entry(took: TookOver, *, at: datetime) -> JournalEntry:
    """Return the journal's line for a lease that was taken."""
    facts = {"token": took.token, "from": shown(took.holder) if took.holder is not None else None, "why": took.why}
    return JournalEntry(Happened.DISPATCHER_TOOK_OVER, at, facts=facts)


def shown(name: str) -> str:
    """Return a holder's name as people read it: without what tells its process from every other."""
    return name.partition(" ")[0]


@asynccontextmanager
async def _in_time(terms: Terms) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(terms.answer_within.total_seconds()):
            yield
    except TimeoutError:
        raise Unavailable("the database said nothing about the lease in time") from None
