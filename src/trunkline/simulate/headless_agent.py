"""One headless agent in a process of its own: a desk (HTTP and websocket) and a desk phone (pyVoIP, called side only).

pyVoIP (GPL-3.0) works by threads and blocking calls: it is imported here and nowhere else, in a process started by
`python -m trunkline.simulate.headless_agent`. The order comes as one JSON object on standard input, so that no password
stands in the process list; what happens goes out as one JSON object a line; the end of the input ends us.
"""

import asyncio
import json
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from trunkline.core.errors import Rejected, Unavailable
from trunkline.simulate import sound
from trunkline.simulate.answering_socket import AnsweringSocket
from trunkline.simulate.desk import Act, Desk, State, call_on_the_desk, last_act, next_act
from trunkline.simulate.rtp import RATE

AGENT_TONE = 880
"""What every headless agent says, in hertz."""
_CHUNK_S = 1.0
_LEAVE_S = 2.5
"""Seconds to hang up, wrap up and become not ready before we go."""
_RINGS_S = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """Who the agent is, where the service and the switch are, and how it works (seconds)."""

    url: str
    login: str
    password: str
    sip_host: str
    sip_port: int
    sip_password: str
    certificate: str | None = None
    seed: int = 1
    answers_after: tuple[float, float] = (0.5, 4.0)
    talks_for: float = 20.0
    wraps_up_for: tuple[float, float] = (3.0, 8.0)
    disposition: str = "resolved"

    def to_json(self) -> str:
        """Return the one line that a process of this module wants to read."""
        return json.dumps(asdict(self))


class Phone:
    """pyVoIP's phone behind three verbs; its threads hand calls over to the event loop."""

    def __init__(self, order: Order, rings: Callable[[Any], None]) -> None:
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from pyVoIP.VoIP import CallState, VoIPPhone  # noqa: PLC0415 - in this process only, see above

        loop = asyncio.get_running_loop()
        self._states = CallState
        first = _free_port()
        # pyVoIP opens its SIP socket by this name.
        vars(sys.modules["pyVoIP.SIP"])["socket"] = SimpleNamespace(
            socket=partial(AnsweringSocket, self._withdraw), AF_INET=socket.AF_INET, SOCK_DGRAM=socket.SOCK_DGRAM
        )

        def ring(call: Any) -> None:
            loop.call_soon_threadsafe(rings, call)
            # pyVoIP forgets a call, and the BYE that ends it, once this has returned.
            give_up = time.monotonic() + _RINGS_S
            while self.talking(call) or (self.ringing(call) and time.monotonic() < give_up):
                time.sleep(0.1)

        self._phone = VoIPPhone(
            order.sip_host,
            order.sip_port,
            order.login,
            order.sip_password,
            myIP="127.0.0.1" if order.sip_host.startswith("127.") else _own_address(order.sip_host),
            callCallback=ring,
            sipPort=_free_port(),
            rtpPortLow=first,
            rtpPortHigh=min(first + 40, 65535),
        )

    async def register(self, within: float = 8.0) -> None:
        """Register; raises Unavailable when the switch does not take us."""
        try:
            async with asyncio.timeout(within):
                await asyncio.to_thread(self._phone.start)
                # pyVoIP tells nobody when it has registered.
                while self._phone.get_status().name != "REGISTERED":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Unavailable("the switch did not register the phone; does it know the account?") from None

    def ringing(self, call: Any) -> bool:
        """Whether a call is neither answered nor withdrawn."""
        return bool(call.state is self._states.RINGING)

    def talking(self, call: Any) -> bool:
        """Whether a call is answered and neither side has hung up."""
        return bool(call.state is self._states.ANSWERED)

    def _withdraw(self, call_id: str) -> bool:
        """Stop ringing; False when the call is answered or unknown. Called by pyVoIP's receiving thread."""
        call = self._phone.calls.get(call_id)
        if call is None or not self.ringing(call):
            return False
        call.state = self._states.ENDED
        return True

    async def stop(self) -> None:
        """Hang up and leave the registrar, within a second."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(1):
                await asyncio.to_thread(self._phone.stop)


class Agent:
    """What one agent does all day."""

    def __init__(self, order: Order, tell: Callable[[Mapping[str, Any]], None]) -> None:
        """`tell` is given what the agent does now, and how many talks it has had, whenever that is something else."""
        self._order, self._tell = order, tell
        self._random = Random(order.seed)  # noqa: S311 - to be the same again
        certificate = Path(order.certificate) if order.certificate else None
        self._desk = Desk(order.url, order.login, order.password, certificate=certificate)
        self._ringing: asyncio.Queue[Any] = asyncio.Queue()
        self._changed, self._leaving, self._left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._talked: set[str] = set()
        self._phone = Phone(order, self._ringing.put_nowait)

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await self._phone.register()
            self._tell({"doing": "registered"})
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch_desk())
                tasks.create_task(self._work_at_desk())
                tasks.create_task(self._take_calls())
        finally:
            await self._phone.stop()

    async def leave(self) -> None:
        """Hang up, wrap up and become not ready, so that nobody waits for an agent who is gone; while `run` runs."""
        self._leaving.set()
        self._changed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self._left.wait()

    async def _watch_desk(self) -> None:
        said: Mapping[str, Any] = {}
        async for state in self._desk.states():
            self._changed.set()
            call = call_on_the_desk(state)
            if call is not None and call["stage"] == "talking":
                self._talked.add(call["id"])
            waiting = sum(queue["waiting"] for queue in state["queues"].values())
            now = {"doing": _doing(state), "talked": len(self._talked), "waiting": waiting}
            if now != said:
                self._tell(now)
                said = now

    async def _work_at_desk(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            act = self._next_act()
            if act is None:
                if self._leaving.is_set() and call_on_the_desk(self._desk.state) is None:
                    self._left.set()
                continue
            least, most = self._order.wraps_up_for if act.name in {"wrap_up", "hang_up"} else (0.2, 1.0)
            await self._pause(self._random.uniform(least, most))
            if self._next_act() == act:
                await self._do(act)
            self._changed.set()

    async def _do(self, act: Act) -> None:
        try:
            await self._desk.command(act.name, **act.args)
        except (Rejected, Unavailable) as fault:
            self._tell({"doing": f"could not {act.name}: {fault}"})
            await asyncio.sleep(1.0)

    def _next_act(self) -> Act | None:
        if not self._desk.state:
            return None
        choose = last_act if self._leaving.is_set() else next_act
        return choose(self._desk.state, disposition=self._order.disposition)

    async def _pause(self, seconds: float) -> None:
        """Let time pass; no longer than until we leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._leaving.wait()

    async def _take_calls(self) -> None:
        while True:
            call = await self._ringing.get()
            await self._pause(self._random.uniform(*self._order.answers_after))
            if self._leaving.is_set() or not self._phone.ringing(call) or call_on_the_desk(self._desk.state) is None:
                continue
            call.answer()
            await self._talk(call, 3 + self._random.expovariate(1 / max(self._order.talks_for - 3, 1)))

    async def _talk(self, call: Any, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        # pyVoIP wants unsigned 8-bit samples, and sends what was written at its own pace.
        chunk = bytes((sample >> 8) + 128 for sample in sound.sine(AGENT_TONE, _CHUNK_S))
        assert len(chunk) == RATE * _CHUNK_S  # noqa: S101 - whole seconds go round without a click
        until = loop.time() + seconds
        while self._phone.talking(call) and loop.time() < until and not self._leaving.is_set():
            call.write_audio(chunk)
            await self._pause(_CHUNK_S)
        if self._phone.talking(call):
            await asyncio.to_thread(call.hangup)


def _doing(state: State) -> str:
    """Return in a word or two what the agent does."""
    card = next(iter(state["interactions"].values()), None)
    if card is not None and card["stage"] != "ended":
        return str(card["stage"]).replace("_", "-")
    me = state["me"]
    return str(me["presence"]).replace("_", " ") + (f" ({me['reason']})" if me.get("reason") else "")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65000)


def _own_address(server: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server, 9))
        return str(probe.getsockname()[0])


async def _main() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    order = Order(**json.loads(await reader.readline()))
    lines, sys.stdout = sys.stdout, sys.stderr  # pyVoIP prints what it has left to do

    def tell(what: Mapping[str, Any]) -> None:
        lines.write(json.dumps({"agent": order.login, **what}) + "\n")
        lines.flush()

    agent = Agent(order, tell)
    working = asyncio.create_task(agent.run())
    ended = asyncio.create_task(reader.read())
    await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        await agent.leave()
    working.cancel()
    ended.cancel()
    (outcome,) = await asyncio.gather(working, return_exceptions=True)
    tell({"doing": "gone" if isinstance(outcome, asyncio.CancelledError) else f"stopped: {_first(outcome)}"})
    # pyVoIP's threads wait for the network without a deadline, and a process waits for its threads.
    os._exit(0)


def _first(fault: BaseException | None) -> BaseException | None:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


if __name__ == "__main__":
    asyncio.run(_main())
