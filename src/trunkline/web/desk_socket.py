"""One websocket for each desk: a snapshot, numbered events, and the agent's commands."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from trunkline.core.errors import TrunklineFault
from trunkline.core.ids import AgentId
from trunkline.floor.hub import Hub
from trunkline.ports.clock import Clock
from trunkline.web.args import BadCommand
from trunkline.web.desk_commands import Command
from trunkline.web.desk_rounds import SESSION_OVER, SILENCE_S, SILENT, DeskRounds
from trunkline.web.errors import error_json
from trunkline.web.log_in import COOKIE, LogIn
from trunkline.web.origin import is_foreign

log = logging.getLogger(__name__)

TOO_SLOW = 4002
SERVICE_ENDS = 1012
_WHY = {
    SESSION_OVER: b"the session is over",
    TOO_SLOW: b"this desk reads too slowly",
    SILENT: b"nothing was heard",
    SERVICE_ENDS: b"the service ends",
}
FAREWELL_S = 2.0
LARGEST_MESSAGE = 384 * 1024
"""A mail of the greatest length, in signs of several bytes each."""
MOST_UNSENT = 2_000


class _Words:
    """Messages as JSON. An event for many desks comes once for each, with a number of its own, and is written once."""

    def __init__(self) -> None:
        self._event: object = None
        self._text = ""

    def of(self, message: Mapping[str, Any]) -> str:
        """Return a message's text."""
        event = message.get("event")
        if event is None:
            return _json(message)
        if event is not self._event:
            self._event, self._text = event, _json(event)
        return f'{{"type":"event","seq":{message["seq"]:d},"event":{self._text}}}'


_json = json.JSONEncoder(separators=(",", ":")).encode


class DeskSocket:
    """The door at /ws."""

    def __init__(
        self, clock: Clock, hub: Hub, commands: Mapping[str, Command], log_in: LogIn, *, origins: frozenset[str]
    ) -> None:
        self._hub = hub
        self._log_in = log_in
        self._origins = origins
        self._rounds = DeskRounds(clock, log_in.closed_among)
        self._commands = commands
        self._words = _Words()
        self._open: set[_Desk] = set()
        log_in.session_closed = self._session_closed

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/ws", self.connect)]

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one desk until it goes. Another site's page is refused before anything is read."""
        if "Origin" not in request.headers or is_foreign(request, self._origins):
            raise web.HTTPForbidden(text="this socket is for its own pages only")
        agent = await self._log_in.agent_of(request)
        # Not compressed: zlib keeps 100 KiB for each desk, and gains little on messages of some hundred bytes.
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE, timeout=2.0, compress=False)
        await socket.prepare(request)
        session = request.cookies[COOKIE]
        desk = _Desk(
            request.transport, socket, session, agent=agent, hub=self._hub, rounds=self._rounds, words=self._words,
            commands=self._commands,
        )  # fmt: skip
        self._open.add(desk)
        try:
            await desk.serve()
        finally:
            self._open.discard(desk)
        return socket

    async def looked_after(self, _: web.Application) -> AsyncIterator[None]:
        """Look after the open desks for as long as the application lives."""
        rounds = asyncio.create_task(self._rounds.run())
        yield
        rounds.cancel()
        with suppress(asyncio.CancelledError):
            await rounds

    async def close_all(self, _: web.Application) -> None:
        """Tell every desk that the service ends, so that nobody waits for them, and they look for the next one."""
        for desk in list(self._open):
            desk.end(SERVICE_ENDS)

    def _session_closed(self, session: str) -> None:
        for desk in [desk for desk in self._open if desk.session == session]:
            desk.end(SESSION_OVER)


class _Desk:
    """One connection."""

    __slots__ = (
        "_agent", "_commands", "_farewell", "_hub", "_obeying", "_rounds", "_said", "_socket", "_transport", "_unsent",
        "_words", "_writing", "last_word", "session",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport | None,
        socket: web.WebSocketResponse,
        session: str,
        *,
        agent: AgentId,
        hub: Hub,
        rounds: DeskRounds,
        words: _Words,
        commands: Mapping[str, Command],
    ) -> None:
        self._transport = transport
        self._socket = socket
        self.session = session
        self._agent = agent
        self._hub = hub
        self._rounds = rounds
        self._words = words
        self._commands = commands
        # A desk at which nothing happens has no task but the one that reads: there are a thousand of them.
        self._unsent: list[str] = []
        self._writing: asyncio.Task[None] | None = None
        self._said: list[dict[str, Any]] = []
        self._obeying: asyncio.Task[None] | None = None
        self._farewell: asyncio.Task[None] | None = None
        self.last_word = asyncio.get_running_loop().time()

    def end(self, code: int) -> None:
        """Close this desk, for the first reason that there was."""
        self._hub.close(self._agent, self._send)
        if self._farewell is None:
            self._farewell = asyncio.create_task(self._end(code))

    async def serve(self) -> None:
        try:
            hello = await self._hello()
            if hello is None:
                return
            epoch, seq = hello
            await self._hub.open(self._agent, self._send, epoch=epoch, seq=seq)
            self._rounds.begin(self)
            await self._read()
        finally:
            self._rounds.leave(self)
            self._hub.close(self._agent, self._send)
            tasks = [task for task in (self._writing, self._obeying, self._farewell) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hello(self) -> tuple[str | None, int | None] | None:
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await self._socket.receive_json()
        except (TimeoutError, TypeError, ValueError, RecursionError):
            await self._socket.close(code=1002, message=b"say hello first")
            return None
        if not isinstance(message, dict) or message.get("type") != "hello":
            await self._socket.close(code=1002, message=b"say hello first")
            return None
        epoch, seq = message.get("epoch"), message.get("seq")
        return (epoch if isinstance(epoch, str) else None), (seq if isinstance(seq, int) else None)

    def _send(self, message: dict[str, Any]) -> None:
        self.send_text(self._words.of(message))

    def send_text(self, text: str) -> None:
        """Send what is JSON already; a desk that has too much unread is closed."""
        if len(self._unsent) >= MOST_UNSENT:
            self.end(TOO_SLOW)
            return
        self._unsent.append(text)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            with suppress(ConnectionError):
                while self._unsent:
                    await self._socket.send_str(self._unsent.pop(0))
        finally:
            self._writing = None

    async def _end(self, code: int) -> None:
        """Close the socket; a desk that does not read will not read our farewell either."""
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._socket.close(code=code, message=_WHY[code])
        except TimeoutError:
            pass
        finally:
            if self._transport is not None:
                self._transport.abort()

    async def _read(self) -> None:
        async for message in self._socket:
            self.last_word = asyncio.get_running_loop().time()
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                said = json.loads(message.data)
            except (ValueError, RecursionError):
                await self._socket.close(code=1007, message=b"not JSON")
                return
            if isinstance(said, dict) and said.get("type") == "command":
                await self._hear(said)

    async def _hear(self, said: dict[str, Any]) -> None:
        # Obeyed beside the reading: a database that is slow to take a command must not make the desk look dead.
        if self._obeying is not None and len(self._said) >= MOST_UNSENT:
            await asyncio.wait([self._obeying])
        self._said.append(said)
        if self._obeying is None:
            self._obeying = asyncio.create_task(self._obey_all())

    async def _obey_all(self) -> None:
        try:
            while self._said:
                await self._obey(self._said.pop(0))
        finally:
            self._obeying = None

    async def _command(self, said: dict[str, Any]) -> None:
        command = self._commands.get(str(said.get("name")))
        args = said.get("args", {})
        if command is None or not isinstance(args, dict):
            raise BadCommand(f"no command is called {said.get('name')!r}")
        await command(self._agent, args)

    async def _obey(self, said: dict[str, Any]) -> None:
        id_ = said.get("id") if isinstance(said.get("id"), str | int) else None
        try:
            await self._command(said)
        except TrunklineFault as fault:
            self._send({"type": "reply", "id": id_, "ok": False, "error": error_json(fault)})
        except Exception:
            log.exception("a command failed", extra={"command": str(said.get("name"))[:40]})
            broken = {"code": "broken", "message": "that did not work; the log of the service says why"}
            self._send({"type": "reply", "id": id_, "ok": False, "error": broken})
        else:
            self._send({"type": "reply", "id": id_, "ok": True})
