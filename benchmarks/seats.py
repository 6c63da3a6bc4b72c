"""Agents at their desks (the real websocket) and, for the peer, agents whom a manager pauses and unpauses."""

import asyncio
import itertools
import json
import time
from typing import Any, Protocol

import aiohttp

from benchmarks.centre import BenchCentre, Manager
from benchmarks.phones import AgentPhone

_NOT_FOR_THE_DESK = ('{"type":"event"', '{"type":"snapshot"')


class Seat(Protocol):
    """An agent who becomes free when told to."""

    phone: AgentPhone
    me: dict[str, Any]
    """What the centre says of the agent, where it says anything."""

    async def free(self) -> int:
        """Say that the agent is free, and return when it was said (ns since 1970)."""

    async def done(self) -> None:
        """Return once the agent's call is over and the agent is not free."""

    async def leave(self) -> None:
        """Be offered nothing more."""


class OurSeat:
    """A desk: `presence ready` the first time, and then the end of each wrap-up, by the desktop's own websocket."""

    def __init__(self, phone: AgentPhone, *, looks: bool = True) -> None:
        """`looks` False: nobody reads what the desk shows; what a browser does with it is not this machine's work."""
        self.phone, self._looks = phone, looks
        self.waiting = 0
        self.me: dict[str, Any] = {}
        self._numbers = itertools.count(1)
        self._ready = False
        self._in_wrap_up: asyncio.Queue[str] = asyncio.Queue()
        self._card = ""
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def sit_down(self, session: aiohttp.ClientSession, centre: BenchCentre, cookie: str = "") -> None:
        """Log in, unless there is a cookie of a session already, take the SIP phone, and listen."""
        url = f"http://127.0.0.1:{centre.settings.http_port}"
        if not cookie:
            body = {"login": self.phone.name, "password": centre.password}
            async with session.post(f"{url}/api/login", json=body, headers={"Origin": url}) as answer:
                answer.raise_for_status()
                cookie = answer.cookies["trunkline_session"].value
        headers = {"Origin": url, "Cookie": f"trunkline_session={cookie}"}
        self._socket = await session.ws_connect(f"{url}/ws", headers=headers, max_msg_size=0)
        await self._socket.send_json({"type": "hello", "epoch": None, "seq": None})
        self._task = asyncio.ensure_future(self._listen())
        await self._command("phone", kind="sip")

    async def free(self) -> int:
        """Finish the wrap-up, or at the first time become ready."""
        if self._ready:
            args = {"interaction": self._card, "disposition": "resolved", "note": "All well."}
            return await self._say("wrap_up", args)
        self._ready = True
        return await self._say("presence", {"presence": "ready"})

    async def done(self) -> None:
        """Return once the card is in wrap-up."""
        async with asyncio.timeout(20):
            await self.phone.over.get()
            self._card = await self._in_wrap_up.get()

    async def leave(self) -> None:
        """Be not ready, and finish what is in hand."""
        if self._ready:
            await self._command("presence", presence="not_ready", reason="break")
            self._ready = False
            if self._card:
                await self._command("wrap_up", interaction=self._card, disposition="resolved", note="")
                self._card = ""

    async def stand_up(self) -> None:
        """Close the desk."""
        self._task.cancel()
        await self._socket.close()

    async def _say(self, name: str, args: dict[str, str]) -> int:
        number = str(next(self._numbers))
        self._replies[number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"type": "command", "id": number, "name": name, "args": args})
        said_at = time.time_ns()
        await self._socket.send_str(message)
        return said_at

    async def _command(self, name: str, **args: str) -> None:
        await self._say(name, args)
        async with asyncio.timeout(10):
            reply = await list(self._replies.values())[-1]
        if not reply["ok"]:
            raise RuntimeError(f"{self.phone.name}: {name} {args}: {reply['error']}")

    async def _listen(self) -> None:
        async for message in self._socket:
            if not self._looks and message.data.startswith(_NOT_FOR_THE_DESK):
                continue
            said = json.loads(message.data)
            if said["type"] == "reply" and (reply := self._replies.pop(said["id"], None)) is not None:
                reply.set_result(said)
            elif said["type"] == "ping":
                await self._socket.send_json({"type": "pong"})
            elif said["type"] == "snapshot":
                self.waiting = said["state"]["queues"]["sales"]["waiting"]
            elif said["type"] == "event":
                self._hear(said["event"])

    def _hear(self, event: dict[str, Any]) -> None:
        if event["kind"] == "me":
            self.me = event["me"]
        elif event["kind"] == "queue":
            self.waiting = event["queue"]["waiting"]
        elif event["kind"] == "interaction" and event["interaction"]["stage"] == "wrap_up":
            id_ = event["interaction"]["id"]
            if id_ != self._card:
                self._in_wrap_up.put_nowait(id_)


class QueueSeat:
    """A member of app_queue: unpaused when free, paused from the answer on until the wrap-up is over."""

    def __init__(self, phone: AgentPhone, manager: Manager, queue: str) -> None:
        self.phone, self._manager, self._queue = phone, manager, queue
        self.me: dict[str, Any] = {}

    async def free(self) -> int:
        """Unpause."""
        said_at = time.time_ns()
        await self._pause(paused=False)
        return said_at

    async def done(self) -> None:
        """Pause as the phone is answered, and wait for the end of the call."""
        await self._pause(paused=True)
        async with asyncio.timeout(20):
            await self.phone.over.get()

    async def leave(self) -> None:
        """Stay paused."""
        await self._pause(paused=True)

    async def _pause(self, *, paused: bool) -> None:
        interface, yes = f"PJSIP/{self.phone.name}", "true" if paused else "false"
        await self._manager.act(Action="QueuePause", Queue=self._queue, Interface=interface, Paused=yes)
