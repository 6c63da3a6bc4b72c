"""The connection to Asterisk's manager interface: the only door to panoramisk.

panoramisk opens the connection and hands it actions; what it gets wrong is replaced here. It sends unanswered actions
again after a reconnect (an Originate would dial twice), tries again every two seconds for ever, never notices a
half-open connection, loses letters that two reads cut apart, and starts tasks nobody owns.
"""

import asyncio
import itertools
import logging
import uuid
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from trunkline.core.errors import Misconfigured, Rejected, Unavailable
from trunkline.telephony.encode import Action, BadHeader, encode
from trunkline.telephony.link import AmiAddress, Counters, LinkDown, LinkUp, Pace
from trunkline.telephony.wire import Framer, Garbled, Headers, Message

log = logging.getLogger(__name__)

ACTING = ("agi", "atxfer", "bridge", "hangup", "login", "logoff", "originate", "ping", "redirect", "setvar")
"""Actions that panoramisk must never send a second time."""


class Refused(Rejected):
    """The switch understood an action and would not do it."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(f"the switch refuses {action}: {reason}")
        self.action, self.reason = action, reason


@dataclass(slots=True)
class _Asked:
    future: "asyncio.Future[list[Message]]"
    listed: bool
    rows: list[Message] = field(default_factory=list)

    def takes(self, message: Message) -> bool:
        """Take an answer in; False for an event that only names the action."""
        is_event = "Event" in message
        if is_event and not self.listed:
            return False
        if is_event and message.get("EventList") != "Complete":
            self.rows.append(message)
        elif not is_event and (not self.listed or message.get("Response") != "Success"):
            self.rows = [message]
            self.finish()
        elif is_event:
            self.finish()
        return True

    def finish(self) -> None:
        if not self.future.done():
            self.future.set_result(self.rows)


class _Wire(AMIProtocol):  # type: ignore[misc] # panoramisk is untyped
    """One connection, with our framing and our encoder."""

    def __init__(self, owner: "Ami") -> None:
        self._owner = owner
        self._framer = Framer(owner.wanted | {"FullyBooted"})
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._framer.feed(data)
        except Garbled as fault:
            log.warning("not an Asterisk manager", extra={"fault": str(fault)})
            self.transport.abort()
            return
        self._owner.received(messages)

    def send(self, data: Action, as_list: bool | None = False) -> None:
        self.transport.write(encode(data))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self) -> None:
        self.transport.abort()


class _Manager(Manager):  # type: ignore[misc] # panoramisk is untyped
    """panoramisk's manager without its own way of logging in, pinging and trying again."""

    protocol: _Wire | None

    def connection_made(self, f: "asyncio.Future[tuple[Any, _Wire]]") -> None:
        if not f.cancelled() and f.exception() is None:
            self.protocol = f.result()[1]


Meaning = Callable[[Message, datetime], Any]
"""What an event of one name means, given when it was read; None: nothing by itself. It must not raise."""


def _as_it_is(message: Message, _at: datetime) -> Message:
    return message


class Ami:
    """One switch's manager interface: `run` keeps it connected, anybody may `act` and `ask`, one reads `messages`.

    Nothing is ever sent twice. `wanted` names the events that reach `messages`. Once `inbox_limit` messages wait there,
    reading stops until the consumer has caught up, so that memory stays bounded by the limit and one read.
    """

    def __init__(
        self,
        address: AmiAddress,
        *,
        wanted: frozenset[str],
        pace: Pace | None = None,
        inbox_limit: int = 5000,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        may_act: Callable[[], bool] = lambda: True,
        until_may_act: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`may_act` is asked right before an action is sent; questions are always sent.

        Where it may not be, an action waits for `until_may_act`, as long as for an answer.
        """
        self.address, self.pace, self.counters = address, pace or Pace(), Counters()
        self.wanted = wanted
        self.now, self._inbox_limit, self._paused = now, inbox_limit, False
        self._may_act, self._until_may_act = may_act, until_may_act
        self._inbox, self._arrived = deque[Any](), asyncio.Event()
        self._meanings: Mapping[str, Meaning] = dict.fromkeys(wanted, _as_it_is)
        self._asked: dict[str, _Asked] = {}
        self._taps: defaultdict[str, list[Callable[[Message], None]]] = defaultdict(list)
        self._loss_taps: list[Callable[[], None]] = []
        self._ids = (f"{uuid.uuid4().hex[:12]}/{number}" for number in itertools.count(1))
        self._booted, self._up = asyncio.Event(), asyncio.Event()
        self.tap("FullyBooted", lambda _message: self._booted.set())
        self._manager = _Manager(
            host=address.host,
            port=address.port,
            protocol_factory=lambda: _Wire(self),
            forgetable_actions=ACTING,
        )

    @property
    def is_up(self) -> bool:
        """Whether the switch answers now."""
        return self._up.is_set()

    async def wait_up(self) -> None:
        """Return once the switch answers."""
        await self._up.wait()

    def tap(self, event: str, heard: Callable[[Message], None]) -> None:
        """Call `heard` with each `event` (one of `wanted`) as it is read, before `messages` has it; never to raise."""
        self._taps[event].append(heard)

    def tap_loss(self, heard: Callable[[], None]) -> None:
        """Call `heard` whenever the connection is lost. It must not raise."""
        self._loss_taps.append(heard)

    async def act(self, action: Action, *, within: timedelta | None = None) -> Message:
        """Send one action and return its answer.

        Raises Refused when the switch will not; Unavailable(retry=True) when nothing was sent, and
        Unavailable(retry=False) when no answer came: then the outcome is unknown and must be found out, not repeated.
        An action may carry its own ActionID.
        """
        if not self._may_act():
            await self._wait_until_may_act()
        return (await self._exchange(action, listed=False, within=within))[0]

    async def _wait_until_may_act(self) -> None:
        refused = Unavailable("another process may be acting by now; nothing was sent")
        if self._until_may_act is None:
            raise refused
        try:
            async with asyncio.timeout(self.pace.answer_within.total_seconds()):
                await self._until_may_act()
        except TimeoutError:
            raise refused from None

    async def ask(self, action: Action, *, within: timedelta | None = None) -> list[Message]:
        """Send a question whose answer is a list and return its rows; raises like `act`."""
        return await self._exchange(action, listed=True, within=within)

    def understand_by(self, meanings: Mapping[str, Meaning]) -> None:
        """Have events understood as they are read, by name: `messages` yields what that gives, and nothing for a None.

        Most events mean nothing to us by themselves, and so never wait in the inbox.
        """
        self._meanings = meanings

    async def messages(self) -> AsyncIterator[Any]:
        """Yield the wanted events, and the connection's ups and downs, in the order they came. One consumer only."""
        while True:
            if not self._inbox:
                self._arrived.clear()
                await self._arrived.wait()
            message = self._inbox.popleft()
            if self._paused and len(self._inbox) <= self._inbox_limit // 2:
                self._paused = False
                self._read(again=True)
            yield message

    def cut(self) -> None:
        """Drop the connection, as a broken network would; `run` makes a new one."""
        if self._manager.protocol is not None:
            self._manager.protocol.close()

    async def run(self) -> None:
        """Stay connected until cancelled; raises Misconfigured when the switch refuses our name or secret."""
        pause = self.pace.retry_first
        while True:
            before = self.counters.connects
            try:
                await self._stay_connected()
            except (OSError, TimeoutError, Unavailable) as fault:
                log.warning("switch not connected", extra={"port": self.address.port, "fault": str(fault)})
            pause = self.pace.retry_first if self.counters.connects > before else min(pause * 2, self.pace.retry_last)
            await asyncio.sleep(pause.total_seconds())

    def received(self, messages: Iterable[Headers]) -> None:
        """Take what one read brought. Not async on purpose: a task each could overtake one another."""
        at, meanings, taps, inbox, asking = self.now(), self._meanings, self._taps, self._inbox, self._asked
        for message in messages:
            if asking and (asked := asking.get(message.get("ActionID", ""))) and asked.takes(message):
                continue
            event = message.event
            if event is None:
                self.counters.late += 1
                continue
            if event in taps:
                for heard in taps[event]:
                    heard(message)
            if event in meanings and (understood := meanings[event](message, at)) is not None:
                inbox.append(understood)
        if inbox:
            self._look_how_full()

    def repeat(self, message: Message) -> None:
        """Put an event of our own after those that have come: the consumer hears it like one of the switch's."""
        self.received([Headers.of(message)])

    def _put(self, understood: LinkUp | LinkDown) -> None:
        self._inbox.append(understood)
        self._look_how_full()

    def _look_how_full(self) -> None:
        self._arrived.set()
        waiting = len(self._inbox)
        self.counters.fullest = max(self.counters.fullest, waiting)
        if waiting >= self._inbox_limit and not self._paused:
            self._paused = True
            self.counters.pauses += 1
            self._read(again=False)

    def _read(self, *, again: bool) -> None:
        wire = self._manager.protocol
        if wire is not None and not wire.lost.done():
            (wire.transport.resume_reading if again else wire.transport.pause_reading)()

    async def _stay_connected(self) -> None:
        try:
            async with asyncio.timeout(self.pace.connect_within.total_seconds()):
                await self._manager.connect()
                await self._log_in()
            await self._wait_booted()
            self.counters.connects += 1
            log.info("switch connected", extra={"port": self.address.port})
            self._up.set()
            self._put(LinkUp(self.now()))
            await self._watch()
        finally:
            self._drop()

    async def _log_in(self) -> None:
        self._booted.clear()
        login = {"Action": "Login", "Username": self.address.user, "Secret": self.address.secret, "Events": "on"}
        try:
            await self._exchange(login, listed=False, within=self.pace.connect_within, needs_up=False)
        except BadHeader as bad:
            raise Misconfigured(f"TRUNKLINE_AMI_USER or TRUNKLINE_AMI_SECRET cannot be sent: {bad}") from bad
        except Refused as refused:
            where = f"Asterisk's manager at {self.address.host}:{self.address.port}"
            if "uthentication" not in refused.reason:
                raise Unavailable(f"{where} will not let us in: {refused.reason}") from refused
            raise Misconfigured(
                f"{where} refuses the user {self.address.user!r}: make TRUNKLINE_AMI_USER and TRUNKLINE_AMI_SECRET "
                "the same as in its manager.conf"
            ) from refused

    async def _wait_booted(self) -> None:
        try:
            async with asyncio.timeout(self.pace.boot_within.total_seconds()):
                await self._booted.wait()
        except TimeoutError:
            log.warning("the switch does not say that it has started; going on", extra={"port": self.address.port})

    async def _watch(self) -> None:
        """Ping until the connection is lost; a switch that misses two pings is given up."""
        lost = self._wire().lost
        missed = 0
        while not lost.done():
            try:
                await self._exchange({"Action": "Ping"}, listed=False, within=self.pace.ping_within)
                missed = 0
            except Refused:
                missed = 0
            except Unavailable:
                # While we do not read, its answers cannot reach us.
                missed += 0 if self._paused else 1
            if missed >= 2:
                raise Unavailable("the switch has gone silent")
            if missed == 0:
                await asyncio.wait([lost], timeout=self.pace.ping_every.total_seconds())

    def _wire(self) -> _Wire:
        wire = self._manager.protocol
        if wire is None or wire.lost.done():
            raise Unavailable("the switch is not connected")
        return wire

    def _drop(self) -> None:
        """End the connection and tell everybody who waits for an answer that none will come."""
        wire: _Wire | None = self._manager.protocol
        self._manager.awaiting_actions.clear()
        if wire is not None:
            wire.close()
            self._manager.protocol = None
        self._paused = False
        for asked in list(self._asked.values()):
            if not asked.future.done():
                asked.future.set_exception(Unavailable("the switch was lost before it answered", retry=False))
        for heard in self._loss_taps:
            heard()
        if self._up.is_set():
            self._up.clear()
            log.warning("switch lost", extra={"port": self.address.port})
            self._put(LinkDown(self.now()))

    async def _exchange(
        self, action: Action, *, listed: bool, within: timedelta | None, needs_up: bool = True
    ) -> list[Message]:
        self._wire()
        if needs_up and not self._up.is_set():
            raise Unavailable("the switch is not connected")
        named = dict(action)
        name, own_id = str(named["Action"]), str(named.setdefault("ActionID", next(self._ids)))
        asked = self._asked[own_id] = _Asked(asyncio.get_running_loop().create_future(), listed)
        try:
            self._manager.send_action(named)
            async with asyncio.timeout((within or self.pace.answer_within).total_seconds()):
                rows = await asked.future
        except TimeoutError as late:
            raise Unavailable(f"the switch has not answered {name} in time", retry=False) from late
        finally:
            del self._asked[own_id]
        if rows and rows[0].get("Response") == "Error":
            raise Refused(name, rows[0].get("Message", ""))
        return rows
