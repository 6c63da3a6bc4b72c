"""An agent's desk without a screen: logs in over HTTP, keeps its state by the websocket, and gives commands.

State is the snapshot with the numbered events put into it by `apply`, as the browser's desk does it.
"""

import asyncio
import itertools
import json
import socket
import ssl
import weakref
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from trunkline.core.errors import Rejected, Unavailable

State = dict[str, Any]
_SILENCE = 25.0
"""Seconds without a word after which the service counts as lost."""
_LOG_IN_AGAIN = 4001
_COMMAND_DEADLINE = 10.0
_TURNS = 4
"""How often the loop goes round until a connection that was shut down is gone: told, read, closed, dropped."""
_RINGS = {"call", "callback"}
"""The work that rings the agent's phone."""


def _threaded(thread: Sequence[Mapping[str, Any]], event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a thread with a message that has come, with how far one has come, or with how far it was read."""
    if event["kind"] == "message":
        yield from thread
        if event["message"]["id"] not in {each["id"] for each in thread}:
            yield event["message"]
        return
    for each in thread:
        mine = each["id"] == event["message"]
        if event["kind"] == "read":
            yield {**each, "read": mine}
        else:
            yield {**each, **({name: event[name] for name in ("delivery", "why", "due")} if mine else {})}


def apply(state: State, event: Mapping[str, Any]) -> State:
    """Return the state after an event; the old one is left as it was. An unknown kind changes nothing."""
    parts: Mapping[str, Any] = {}
    match event.get("kind"):
        case "me" | "today" | "parts" | "not_reached" | "for_agents" as part:
            parts = {part: event[part]}
        case "interaction":
            card = event["interaction"]
            parts = {"interactions": {**state["interactions"], card["id"]: card}}
        case "thread":
            parts = {"threads": {**state["threads"], event["id"]: event["messages"]}}
        case "message" | "delivery" | "read":
            grown = [*_threaded(state["threads"].get(event["id"], []), event)]
            parts = {"threads": {**state["threads"], event["id"]: grown}}
        case "draft":
            parts = {"drafts": {**state.get("drafts", {}), event["id"]: event["draft"]}}
        case "interaction_gone":
            kept = ("interactions", "threads", "drafts")
            parts = {part: _without(state.get(part, {}), event["id"]) for part in kept}
        case "queue":
            strip = event["queue"]
            parts = {"queues": {**state["queues"], strip["id"]: strip}}
    return {**state, **parts}


def _without(things: Mapping[str, Any], gone: str) -> Mapping[str, Any]:
    return {key: thing for key, thing in things.items() if key != gone}


@dataclass(frozen=True, slots=True)
class Act:
    """One command an agent would give now."""

    name: str
    args: Mapping[str, Any]


def next_act(state: State, *, disposition: str) -> Act | None:
    """Return what a diligent agent with a desk phone does in this state; None when there is nothing to do.

    A call is taken at the phone, so that only voicemails are accepted here.
    """
    me = state["me"]
    if act := _finish(state, disposition):
        return act
    for card in state["interactions"].values():
        if card["work"] == "voicemail" and card["stage"] == "offered":
            return Act("accept", {"offer": card["offer"]["id"]})
    if me["phone"]["kind"] != "sip":
        return Act("phone", {"kind": "sip"})
    if me["presence"] != "ready" and not me["busy"]:
        return Act("presence", {"presence": "ready"})
    return None


def last_act(state: State, *, disposition: str) -> Act | None:
    """Return what the same agent does when it is time to go: nothing new, and what is begun is brought to its end."""
    if state["me"]["presence"] == "ready":
        return Act("presence", {"presence": "not_ready", "reason": state["centre"]["reasons"][0]["code"]})
    return _finish(state, disposition)


def _finish(state: State, disposition: str) -> Act | None:
    for card in state["interactions"].values():
        if card["stage"] == "wrap_up":
            return Act("wrap_up", {"interaction": card["id"], "disposition": disposition, "note": card["note"]})
        if card["work"] == "voicemail" and card["stage"] == "talking":
            return Act("hang_up", {"interaction": card["id"]})
    return None


def call_on_the_desk(state: State) -> Mapping[str, Any] | None:
    """Return the call, or callback, that rings at this agent or is talked on."""
    cards = state["interactions"].values()
    return next((card for card in cards if card["work"] in _RINGS and card["stage"] in {"offered", "talking"}), None)


class Desk:
    """One agent's connection to the service. `states` runs it; the commands work meanwhile."""

    def __init__(self, url: str, login: str, password: str, *, certificate: Path | None = None) -> None:
        """`certificate` is that of the centre, where it is to be trusted by itself: self-signed, for another name."""
        self.state: State = {}
        self._tls = certificate and _trusting(certificate)
        self._url, self._login, self._password = url.rstrip("/"), login, password
        self._epoch: str | None = None
        self._seq: int | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._opened: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._numbers = itertools.count(1)
        self._replies: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def states(self) -> AsyncIterator[State]:
        """Yield the state after each change, for ever; after a cut it goes on where it was.

        Raises Rejected when the service refuses the log-in.
        """
        jar = aiohttp.CookieJar(unsafe=True)  # the service may be at a bare address
        connector = aiohttp.TCPConnector(ssl=self._tls or True, socket_factory=self._open)
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout, connector=connector) as session:
                async for state in self._lasting(session):
                    yield state
        finally:
            await self._hung_up()

    async def _lasting(self, session: aiohttp.ClientSession) -> AsyncIterator[State]:
        logged_in = False
        while True:
            try:
                if not logged_in:
                    await self._log_in(session)
                    logged_in = True
                async for state in self._connected(session):
                    yield state
                logged_in = self._socket is None or self._socket.close_code != _LOG_IN_AGAIN
            except aiohttp.WSServerHandshakeError as fault:
                logged_in = fault.status not in {401, 403}
            except (aiohttp.ClientError, TimeoutError, Unavailable):
                pass
            finally:
                self._lost()
            await asyncio.sleep(1.0)

    def _open(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = address
        opened = socket.socket(family, kind, protocol)
        self._opened.add(opened)
        return opened

    async def _hung_up(self) -> None:
        """End each connection. Under TLS aiohttp leaves one open until the other side has said its last word."""
        for opened in self._opened:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def command(self, name: str, **args: Any) -> None:
        """Give a command and wait until the service has done it.

        Raises Rejected when the service refuses it; Unavailable when there is no answer, and then it may be done.
        """
        if self._socket is None or self._socket.closed:
            raise Unavailable("the desk has no connection")
        number = str(next(self._numbers))
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_COMMAND_DEADLINE):
                await self._socket.send_json({"type": "command", "id": number, "name": name, "args": args})
                answer = await reply
        except (TimeoutError, ConnectionError) as fault:
            raise Unavailable(f"no answer to {name}") from fault
        finally:
            self._replies.pop(number, None)
        if not answer["ok"]:
            raise Rejected(answer["error"]["message"])

    async def _log_in(self, session: aiohttp.ClientSession) -> None:
        body = {"login": self._login, "password": self._password}
        async with session.post(f"{self._url}/api/login", json=body, headers={"Origin": self._url}) as answer:
            if answer.status == 429:
                raise Unavailable("too many log-ins")
            if answer.status >= 500:
                raise Unavailable("the service is not ready")
            if answer.status != 200:
                raise Rejected(f"{self._login} may not log in ({answer.status})")

    async def _connected(self, session: aiohttp.ClientSession) -> AsyncIterator[State]:
        async with session.ws_connect(f"{self._url}/ws", headers={"Origin": self._url}, max_msg_size=0) as socket:
            self._socket = socket
            await socket.send_json({"type": "hello", "epoch": self._epoch, "seq": self._seq})
            while True:
                message = await socket.receive(timeout=_SILENCE)
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                if await self._take(json.loads(message.data)):
                    yield self.state

    async def _take(self, message: Mapping[str, Any]) -> bool:
        """Put one message in; tell whether the state is another."""
        match message["type"]:
            case "snapshot":
                self._epoch, self._seq, self.state = message["epoch"], message["seq"], message["state"]
                return True
            case "event":
                self._seq, self.state = message["seq"], apply(self.state, message["event"])
                return True
            case "resumed":
                return True
            case "reply":
                reply = self._replies.get(message["id"])
                if reply is not None and not reply.done():
                    reply.set_result(message)
            case "ping":
                assert self._socket is not None  # noqa: S101 - the message came by it
                await self._socket.send_json({"type": "pong"})
        return False

    def _lost(self) -> None:
        self._socket = None
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError("the desk's connection was cut"))


def _trusting(certificate: Path) -> ssl.SSLContext:
    """Trust this one certificate, under whatever name or address it is met, and no other."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    # It need not be an authority's: to be the very one is enough.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
