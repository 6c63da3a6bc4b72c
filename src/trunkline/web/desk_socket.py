"""One websocket for each desk: a snapshot, numbered events, and the agent's commands."""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from trunkline.core.agent import PhoneKind, Presence
from trunkline.core.errors import Rejected, TrunklineFault
from trunkline.core.ids import AgentId, InteractionId, OfferId
from trunkline.floor.agent import Desk
from trunkline.floor.hub import Hub
from trunkline.floor.state import Floor
from trunkline.web.errors import error_json
from trunkline.web.log_in import COOKIE, LogIn

log = logging.getLogger(__name__)

SESSION_OVER = 4001
TOO_SLOW = 4002
SILENT = 1001
SERVICE_ENDS = 1012
_WHY = {
    SESSION_OVER: b"the session is over",
    TOO_SLOW: b"this desk reads too slowly",
    SILENT: b"nothing was heard",
    SERVICE_ENDS: b"the service ends",
}
PING_EVERY_S = 10.0
SILENCE_S = 25.0
FAREWELL_S = 2.0
LARGEST_MESSAGE = 64 * 1024
MOST_UNSENT = 2_000

Choice = TypeVar("Choice", Presence, PhoneKind)
Command = Callable[[AgentId, dict[str, Any]], Awaitable[None]]


class BadCommand(Rejected):
    """The desk sent something that is no command."""


class DeskSocket:
    """The door at /ws."""

    def __init__(self, floor: Floor, hub: Hub, desk: Desk, log_in: LogIn, *, origins: frozenset[str]) -> None:
        self._floor = floor
        self._hub = hub
        self._log_in = log_in
        self._origins = origins
        self._commands = _commands(desk)
        self._open: defaultdict[str, set[_Desk]] = defaultdict(set)
        log_in.session_closed = self._session_closed

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/ws", self.connect)]

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one desk until it goes. Another site's page is refused before anything is read."""
        origin = request.headers.get("Origin", "")
        if urlsplit(origin).netloc != request.host and origin not in self._origins:
            raise web.HTTPForbidden(text="this socket is for its own pages only")
        agent = await self._log_in.agent_of(request)
        socket = web.WebSocketResponse(max_msg_size=LARGEST_MESSAGE, timeout=2.0)
        await socket.prepare(request)
        desk = _Desk(request, socket, agent=agent, hub=self._hub, floor=self._floor, commands=self._commands)
        session = request.cookies[COOKIE]
        self._open[session].add(desk)
        try:
            await desk.serve(lambda: self._still_on(request))
        finally:
            self._open[session].discard(desk)
            if not self._open[session]:
                del self._open[session]
        return socket

    async def close_all(self, _: web.Application) -> None:
        """Tell every desk that the service ends, so that nobody waits for them, and they look for the next one."""
        for desk in [desk for desks in self._open.values() for desk in desks]:
            desk.end(SERVICE_ENDS)

    def _session_closed(self, session: str) -> None:
        for desk in self._open.get(session, ()):
            desk.end(SESSION_OVER)

    async def _still_on(self, request: web.Request) -> bool:
        try:
            await self._log_in.agent_of(request)
        except Rejected:
            return False
        return True


class _Desk:
    """One connection."""

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        *,
        agent: AgentId,
        hub: Hub,
        floor: Floor,
        commands: dict[str, Command],
    ) -> None:
        self._transport = request.transport
        self._socket = socket
        self._agent = agent
        self._hub = hub
        self._floor = floor
        self._commands = commands
        self._unsent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_UNSENT)
        self._last_word = asyncio.get_running_loop().time()
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def end(self, code: int) -> None:
        """Close this desk, for the first reason that there was."""
        self._hub.close(self._agent, self._send)
        if not self._over.done():
            self._over.set_result(code)

    async def serve(self, still_on: Callable[[], Awaitable[bool]]) -> None:
        hello = await self._hello()
        if hello is None:
            return
        epoch, seq = hello
        await self._hub.open(self._agent, self._send, epoch=epoch, seq=seq)
        tasks = [
            asyncio.create_task(work) for work in (self._write(), self._ping(still_on), self._obey_all(), self._end())
        ]
        try:
            await self._read()
        finally:
            self._hub.close(self._agent, self._send)
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
        if self._unsent.qsize() < MOST_UNSENT:
            self._unsent.put_nowait(message)
        else:
            self.end(TOO_SLOW)

    async def _write(self) -> None:
        while True:
            message = await self._unsent.get()
            try:
                await self._socket.send_str(json.dumps(message, separators=(",", ":")))
            except ConnectionError:
                return

    async def _end(self) -> None:
        """Close the socket; a desk that does not read will not read our farewell either."""
        code = await self._over
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._socket.close(code=code, message=_WHY[code])
        except TimeoutError:
            pass
        finally:
            if self._transport is not None:
                self._transport.abort()

    async def _ping(self, still_on: Callable[[], Awaitable[bool]]) -> None:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            if asyncio.get_running_loop().time() - self._last_word > SILENCE_S:
                self.end(SILENT)
                return
            try:
                on = await still_on()
            except TrunklineFault:
                on = True  # the database is away for a moment: nobody is thrown out for that
            if not on:
                self.end(SESSION_OVER)
                return
            self._send({"type": "ping", "now": self._floor.clock.now().isoformat()})

    async def _read(self) -> None:
        async for message in self._socket:
            self._last_word = asyncio.get_running_loop().time()
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                said = json.loads(message.data)
            except (ValueError, RecursionError):
                await self._socket.close(code=1007, message=b"not JSON")
                return
            if isinstance(said, dict) and said.get("type") == "command":
                await self._said.put(said)

    async def _obey_all(self) -> None:
        # Beside the reading: a database that is slow to take a command must not make the desk look dead.
        while True:
            await self._obey(await self._said.get())

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


def _commands(desk: Desk) -> dict[str, Command]:
    """Return what a desk can ask for, by name; the arguments are checked here and nowhere else."""
    return {
        "presence": lambda agent, args: desk.show(
            agent,
            _one_of(Presence, args, "presence"),
            _text(args, "reason") if args.get("reason") is not None else None,
        ),
        "phone": lambda agent, args: desk.choose_phone(agent, _one_of(PhoneKind, args, "kind")),
        "accept": lambda agent, args: desk.accept(agent, OfferId(_text(args, "offer"))),
        "decline": lambda agent, args: desk.decline(agent, OfferId(_text(args, "offer"))),
        "hang_up": lambda agent, args: desk.hang_up(agent, _interaction(args)),
        "wrap_up": lambda agent, args: desk.wrap_up(
            agent, _interaction(args), _text(args, "disposition"), _text(args, "note")
        ),
        "extend_wrap_up": lambda agent, args: desk.extend_wrap_up(agent, _interaction(args)),
        "note": lambda agent, args: desk.note(agent, _interaction(args), _text(args, "text")),
    }


def _text(args: dict[str, Any], name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"{name} must be text")
    return value


def _interaction(args: dict[str, Any]) -> InteractionId:
    return InteractionId(_text(args, "interaction"))


def _one_of(kind: type[Choice], args: dict[str, Any], name: str) -> Choice:
    try:
        return kind(str(args.get(name)))
    except ValueError:
        raise BadCommand(f"{name} must be one of {', '.join(each.value for each in kind)}") from None
