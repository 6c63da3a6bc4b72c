"""One websocket for each desk: a snapshot, numbered events, and the agent's commands."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import WSMsgType, web

from trunkline.core.agent import PhoneKind, Presence
from trunkline.core.errors import Rejected, TrunklineFault
from trunkline.core.ids import AgentId, InteractionId, MessageId, OfferId, QueueId
from trunkline.core.mail_address import is_mail_address
from trunkline.floor.agent import Desk
from trunkline.floor.hub import Hub
from trunkline.floor.state import Floor
from trunkline.floor.supervision import Supervision
from trunkline.floor.text_desk import MOST_COPIES, MOST_FILES, LetterHead, TextDesk
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
LARGEST_MESSAGE = 64 * 1024
MOST_UNSENT = 2_000

Choice = TypeVar("Choice", Presence, PhoneKind)
Command = Callable[[AgentId, dict[str, Any]], Awaitable[None]]


class BadCommand(Rejected):
    """The desk sent something that is no command."""


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


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


class DeskSocket:
    """The door at /ws."""

    def __init__(
        self, floor: Floor, hub: Hub, desk: Desk, texts: TextDesk, log_in: LogIn, *, origins: frozenset[str]
    ) -> None:
        self._hub = hub
        self._log_in = log_in
        self._origins = origins
        self._rounds = DeskRounds(floor.clock, log_in.closed_among)
        self._commands = _commands(desk, texts, Supervision(floor))
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
        commands: dict[str, Command],
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


LONGEST_SUBJECT = 200


def _commands(desk: Desk, texts: TextDesk, supervision: Supervision) -> dict[str, Command]:
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
        "assign": lambda agent, args: supervision.assign(
            agent, _interaction(args), AgentId(_text(args, "to")) if args.get("to") is not None else None
        ),
        "say": lambda agent, args: texts.say(
            agent, _interaction(args), _text(args, "text"), key=_text(args, "key"), letter=_letter_head(args)
        ),
        "take_back": lambda agent, args: texts.take_back(agent, _interaction(args), MessageId(_uuid(args, "message"))),
        "send_again": lambda agent, args: texts.send_again(
            agent, _interaction(args), MessageId(_uuid(args, "message"))
        ),
        "pass_on": lambda agent, args: texts.pass_on(
            agent,
            _interaction(args),
            QueueId(_text(args, "queue")) if args.get("queue") is not None else None,
            to=AgentId(_text(args, "to")) if args.get("to") is not None else None,
        ),
        "write": lambda agent, args: texts.write(agent, _interaction(args)),
        "note": lambda agent, args: desk.note(agent, _interaction(args), _text(args, "text")),
    }


def _text(args: dict[str, Any], name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise BadCommand(f"{name} must be text")
    return value


def _letter_head(args: dict[str, Any]) -> LetterHead | None:
    """Return what a mail has beside its words."""
    if args.get("letter") is None:
        return None
    head = args["letter"]
    if not isinstance(head, dict):
        raise BadCommand("letter must be an object")
    subject = head.get("subject", "")
    if not isinstance(subject, str) or len(subject) > LONGEST_SUBJECT:
        raise BadCommand(f"subject must be text of at most {LONGEST_SUBJECT} characters")
    cc, bcc = _addresses(head, "cc"), _addresses(head, "bcc")
    files = head.get("files", [])
    if not isinstance(files, list) or len(files) > MOST_FILES:
        raise BadCommand(f"files must be a list of at most {MOST_FILES}")
    return LetterHead(" ".join(subject.split()), cc, bcc, tuple(_uuid({"file": each}, "file") for each in files))


def _addresses(head: dict[str, Any], name: str) -> tuple[str, ...]:
    given = head.get(name, [])
    if not isinstance(given, list) or len(given) > MOST_COPIES or not all(isinstance(each, str) for each in given):
        raise BadCommand(f"{name} must be a list of at most {MOST_COPIES} addresses")
    wrong = [each for each in given if not is_mail_address(each.strip())]
    if wrong:
        raise BadCommand(f"{wrong[0][:100]!r} is no address")
    return tuple(dict.fromkeys(each.strip().lower() for each in given))


def _uuid(args: dict[str, Any], name: str) -> str:
    try:
        return str(UUID(_text(args, name)))
    except ValueError:
        raise BadCommand(f"{name} must be an id") from None


def _interaction(args: dict[str, Any]) -> InteractionId:
    return InteractionId(_text(args, "interaction"))


def _one_of(kind: type[Choice], args: dict[str, Any], name: str) -> Choice:
    try:
        return kind(str(args.get(name)))
    except ValueError:
        raise BadCommand(f"{name} must be one of {', '.join(each.value for each in kind)}") from None
