"""The outbox: what providers are to be given goes out once, in the order of each conversation, however long it takes.

A message is durable before its provider hears of it. One that a provider may have, for we cannot know, is looked up
there before it is given again. A provider that fails holds up its own messages and nobody else's.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.ids import InteractionId, MessageId, written_id_of
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Delivery, Outgoing, again, put_off, receipt, refused, taken, taken_back
from trunkline.floor.state import Floor
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId, NotTaken, Provider, Refused
from trunkline.ports.clock import Timer
from trunkline.ports.store import Change, Health, Store

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Messages that one provider is given at the same time, each to another address."""
WANTS_NOTHING = "they want nothing more from us"
_LEFT_OVER = timedelta(minutes=5)
"""A message that has waited for so long past its moment tells of a provider that does not work."""


class NotFailed(Rejected):
    """Only what has failed is sent again."""

    def __init__(self) -> None:
        super().__init__("only a message that was not delivered can be sent again")


class TooLate(Rejected):
    """A message that is on its way is not taken back."""

    def __init__(self) -> None:
        super().__init__("it is too late to take this message back: it is on its way")


class Outbox:
    """Gives each provider what is for it."""

    def __init__(
        self,
        floor: Floor,
        store: Store,
        providers: Mapping[str, Provider],
        *,
        until_may_act: Callable[[], Awaitable[None]],
    ) -> None:
        """`until_may_act` returns once this process is the one that acts."""
        self._floor = floor
        self._store = store
        self._begun = False
        self._lanes = {name: _Lane(floor, provider, until_may_act) for name, provider in providers.items()}

    def letters(
        self,
        where: ConversationId,
        shown: Shown,
        *,
        key: str,
        interaction: InteractionId | None = None,
        anyway: bool = False,
        details: Mapping[str, Any] = MappingProxyType({}),
        due: datetime | None = None,
    ) -> tuple[Outgoing, ...]:
        """Return what a channel's provider is to be given for a message; nothing where the channel has none.

        The first has the message's own id. Committed with it, they are on their way, once they are `due`.
        """
        lane = self._lanes.get(where.channel)
        parts = lane.provider.parts(shown) if lane is not None else ()
        if lane is not None and not parts and details.get("files"):
            parts = ("",)
        more = {**details, "thread": where.thread} if where.thread else dict(details)
        at, message = self._floor.clock.now(), written_id_of(where.channel, key)
        return tuple(
            Outgoing(
                message if number == 0 else written_id_of(where.channel, f"{key}#{number}"), where.channel,
                where.address, text, at, interaction, message if interaction is not None else None, anyway=anyway,
                due=due, details=more if number == 0 else {},
            )
            for number, text in enumerate(parts)
        )  # fmt: skip

    async def send_once(self, letters: Sequence[Outgoing]) -> None:
        """Have letters sent that belong to no thread: those that were not before. Returns once they are durable."""
        fresh = [each for each in letters if await self._store.outgoing(each.id) is None]
        if fresh:
            await self._floor.commit(outgoing=fresh)

    async def send_again(self, id_: MessageId) -> None:
        """Begin anew with a message that failed, all its parts; raises NotFailed."""
        failed = [each for each in await self._store.parts_of(id_) if each.state is Delivery.FAILED]
        if not failed:
            raise NotFailed
        await self._floor.commit(outgoing=[again(each) for each in failed])

    async def take_back(self, parts: Iterable[Outgoing]) -> None:
        """Let a message not go out that was to go later; raises TooLate once its provider may have heard of it."""
        back = [taken_back(each) for each in parts]
        if not back or None in back:
            raise TooLate
        for each in back:
            if each is not None and (lane := self._lanes.get(each.channel)) is not None and not lane.drop(each.id):
                raise TooLate
        await self._floor.commit(outgoing=[each for each in back if each is not None])

    async def receipt(self, id_: MessageId, state: Delivery, why: str | None) -> None:
        """Take what a provider tells later of a message; returns once it is durable."""
        lane = next((lane for lane in self._lanes.values() if id_ in lane.under_way), None)
        out = lane.under_way[id_] if lane is not None else await self._store.outgoing(id_)
        told = receipt(out, state, why) if out is not None else None
        if told is None or told is out:
            return
        if lane is not None:
            lane.under_way[id_] = told
        await self._floor.commit(outgoing=[told])

    def begin(self, waiting: Iterable[Outgoing]) -> None:
        """Take up what was on its way when the last process ended: each may have gone out already."""
        self._begun = True
        for out in waiting:
            if out.state is Delivery.WAITING and (lane := self._lanes.get(out.channel)) is not None:
                lane.take(out, uncertain=True)

    def published(self, change: Change) -> None:
        """Send what has just become durable."""
        for out in change.outgoing:
            if out.state is Delivery.WAITING and (lane := self._lanes.get(out.channel)) is not None:
                lane.take(out, uncertain=False)

    async def follow(self) -> None:
        """Take up what an admin put back into the outbox from elsewhere; nothing before `begin`."""
        for out in await self._store.put_back() if self._begun else ():
            await self._floor.commit(outgoing=[again(out)])

    def health(self) -> Mapping[str, Health]:
        """Return each provider, and whether it takes messages."""
        return {name: lane.health() for name, lane in self._lanes.items()}

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes.values():
                for _ in range(AT_ONCE):
                    tasks.create_task(lane.work())


class _Lane:
    """One provider's messages: a line for each address, of which the first is tried until it is off the line."""

    def __init__(self, floor: Floor, provider: Provider, until_may_act: Callable[[], Awaitable[None]]) -> None:
        self.provider = provider
        self.under_way: dict[MessageId, Outgoing] = {}
        self._floor = floor
        self._until_may_act = until_may_act
        self._lines: dict[str, deque[MessageId]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()
        self._uncertain: set[MessageId] = set()
        self._later: dict[MessageId, Timer] = {}
        self._closed_until: datetime | None = None
        self._fault: tuple[datetime, str] | None = None

    def take(self, out: Outgoing, *, uncertain: bool) -> None:
        """Put a message at the end of its line; one that is known is there already.

        What is for a later moment gets there then. One that was tried keeps its place, and waits in it.
        """
        if out.id in self.under_way:
            return
        self.under_way[out.id] = out
        if uncertain:
            self._uncertain.add(out.id)
        if out.tries == 0 and out.due is not None and out.due > self._floor.clock.now():
            self._later[out.id] = self._floor.clock.at(out.due, partial(self._line_up, out))
        else:
            self._line_up(out)

    def drop(self, id_: MessageId) -> bool:
        """Forget a message that is not in its line yet; return whether it was so."""
        if id_ in self._later:
            self._later.pop(id_).cancel()
            del self.under_way[id_]
            return True
        return False

    def health(self) -> Health:
        """Whether messages go out, or have only just begun not to."""
        fault = self._fault if self.under_way else None
        if fault is None or self._floor.clock.now() - fault[0] < _LEFT_OVER:
            return Health(True, f"{len(self.under_way)} messages on their way")
        return Health(False, f"{len(self.under_way)} messages wait: {fault[1]}")

    async def work(self) -> None:
        """Take one line after the other, and try its first message."""
        while True:
            address = await self._ready.get()
            if self._closed_until is not None and self._closed_until > self._floor.clock.now():
                self._floor.clock.at(self._closed_until, partial(self._ready.put_nowait, address))
                continue
            line = self._lines[address]
            out = await self._tried(line[0])
            self._floor.commit(outgoing=[out])
            if out.state is Delivery.WAITING:
                self.under_way[out.id] = out
            else:
                del self.under_way[out.id]
                line.popleft()
            if line:
                self._go_on_with(address)
            else:
                del self._lines[address]

    def _line_up(self, out: Outgoing) -> None:
        self._later.pop(out.id, None)
        line = self._lines.setdefault(out.address, deque())
        line.append(out.id)
        if len(line) == 1:
            self._go_on_with(out.address)

    def _go_on_with(self, address: str) -> None:
        """Have the first of a line tried, at its moment."""
        due = self.under_way[self._lines[address][0]].due
        if due is not None and due > self._floor.clock.now():
            self._floor.clock.at(due, partial(self._ready.put_nowait, address))
        else:
            self._ready.put_nowait(address)

    async def _tried(self, id_: MessageId) -> Outgoing:
        """Return what came of a try."""
        now = self._floor.clock.now
        if (
            not self.under_way[id_].anyway
            and (self.provider.medium, self.under_way[id_].address) in self._floor.opted_out
        ):
            return refused(self.under_way[id_], WANTS_NOTHING)
        try:
            external = await self._given(id_)
        except NotTaken as fault:
            if fault.again_in is not None:
                self._closed_until = now() + fault.again_in
            return self._fails(id_, str(fault), again_in=fault.again_in)
        except Refused as fault:
            self._fault, out = None, self.under_way[id_]
            if fault.wants_nothing:
                self._floor.commit(opt_outs=[OptOut(self.provider.medium, out.address, now())])
            log.warning("a message was refused", extra={"channel": out.channel, "why": str(fault)})
            return refused(out, str(fault))
        except (Unavailable, TimeoutError) as fault:
            self._uncertain.add(id_)
            return self._fails(id_, str(fault) or f"no answer within {self.provider.within_s:g} s")
        except Exception:
            log.exception("a message could not be sent")
            self._uncertain.add(id_)
            return self._fails(id_, "a fault of ours; the log tells more")
        self._fault = None
        return taken(self.under_way[id_], external)

    async def _given(self, id_: MessageId) -> str:
        await self._until_may_act()
        async with asyncio.timeout(self.provider.within_s):
            if id_ in self._uncertain:
                external = await self.provider.find(self.under_way[id_])
                self._uncertain.discard(id_)
                if external is not None:
                    return external
            return await self.provider.deliver(self.under_way[id_])

    def _fails(self, id_: MessageId, why: str, *, again_in: timedelta | None = None) -> Outgoing:
        out, at = self.under_way[id_], self._floor.clock.now()
        if self._fault is None:
            log.warning("messages wait for their provider", extra={"channel": out.channel, "why": why})
        self._fault = (self._fault[0] if self._fault is not None else at, why)
        return put_off(out, why, at=at, again_in=again_in)
