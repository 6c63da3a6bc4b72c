"""The web chat: visitors' pages come by websocket, and each hears what is written to its visitor."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from trunkline.channels.webchat import wire
from trunkline.channels.webchat.allowance import Allowance
from trunkline.channels.webchat.files import RULE, ChatFiles
from trunkline.channels.webchat.identity import Identity, NotProven, identity_of
from trunkline.channels.webchat.page import Page
from trunkline.core.errors import Unavailable
from trunkline.core.ids import AgentId, InteractionId, MessageId, written_id_of
from trunkline.core.interaction import BrowserPhone
from trunkline.core.message import Choice, Message, Side
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, ConversationId, Gone, Provider, Said, VisitorCall, WhyNoCall
from trunkline.ports.clock import Clock
from trunkline.ports.files import FileRule, Files, told_of

log = logging.getLogger(__name__)

MOST_PAGES = 5_000
"""Pages of one channel that are open at once; the next one is to come again later."""
PAGES_OF_ONE = 8
MOST_SHOWN = 100
HELLO_WITHIN_S = 10.0
TAKEN_WITHIN_S = 30.0
HEARTBEAT_S = 25.0
LARGEST_FRAME = 32 * 1024
AT_ONCE, PER_S = 10, 1.0
"""How many messages a visitor may write at once, and then how many a second."""
COME_AGAIN = 1013
"""The websocket's close code for a server that cannot serve now (RFC 6455's registry)."""
_BAD = 1008

Tell = Callable[[ChannelEvent], asyncio.Future[None]]


class SendTranscript(Protocol):
    """Sends conversations by mail."""

    async def __call__(self, conversation: ConversationId, to: str, /, *, key: str, language: str) -> str | None:
        """Have a visitor's conversation sent to an address; return why it is not, None where it is.

        Raises Unavailable.
        """


class Calls(Protocol):
    """Visitors' calls by their browsers."""

    def ask(self, conversation: ConversationId) -> WhyNoCall | None:
        """Somebody wants to talk; return why they cannot, if so. Raises Unavailable."""

    def hang_up(self, conversation: ConversationId) -> None:
        """They do not want to any more."""

    def of(self, conversation: ConversationId) -> VisitorCall | None:
        """Return how somebody's call stands, None where there is none."""


class Threads(Protocol):
    """What was written before."""

    async def thread(self, channel: str, address: str, *, at_most: int) -> Sequence[Message]:
        """Return the latest messages between a channel and an address, in their order; raises Unavailable."""

    async def read_by_agents(self, channel: str, address: str) -> MessageId | None:
        """Return up to which message of somebody's an agent has read; raises Unavailable."""


class WebChat:
    """One configured chat: `Channel` for the centre, and a door for pages."""

    medium = "chat"
    provider: Provider | None = None

    def __init__(
        self,
        name: str,
        *,
        title: str,
        origins: frozenset[str],
        threads: Threads,
        clock: Clock,
        agent_name: Callable[[AgentId], str],
        files: Files,
        file_secret: bytes,
        secret: str = "",
    ) -> None:
        """`secret` is what sites sign with who their visitors are; without one all are guests.

        `file_secret` is what we sign the addresses of files with.
        """
        self._secret = secret
        self._files = ChatFiles(
            name, files=files, secret=file_secret, clock=clock, is_allowed=self._is_allowed, address_of=self._address_of
        )
        self._name = name
        self._title = title
        self._origins = origins
        self._threads = threads
        self._clock = clock
        self._agent_name = agent_name
        self._pages: dict[str, set[Page]] = {}
        self._allowed: dict[str, Allowance] = {}
        self.visitor_writes: Callable[[ConversationId], None] = lambda _: None
        self.visitor_reads: Callable[[ConversationId, MessageId], None] = lambda _conversation, _message: None
        self.tell: Tell | None = None
        """Takes what visitors do; the service sets it once it serves."""
        self.send_transcript: SendTranscript | None = None
        """Sends a conversation by mail, where the channels file names a mailbox for it."""
        self.calls: Calls | None = None
        """Lets visitors talk by their browsers, where the channels file says so."""
        self.account_of: Callable[[BrowserPhone], Mapping[str, Any]] = lambda _: {}
        """Says where a browser registers, and with what."""

    @property
    def files(self) -> FileRule:
        """What files it takes to visitors."""
        return RULE

    def routes(self) -> list[web.RouteDef]:
        """Return the doors for pages."""
        return [web.get(f"/chat/{self._name}/ws", self.connect), *self._files.routes()]

    async def close_all(self, _: web.Application) -> None:
        """Let every page go: the service ends, and they look for the next one."""
        for page in [page for pages in self._pages.values() for page in pages]:
            page.go()

    # --- for the centre ---

    async def send(
        self,
        conversation: ConversationId,
        shown: Shown,
        *,
        key: str,
        by: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Show a message on every page of the visitor that is open; one that opens later finds it in the thread."""
        side = Side.AGENT if by else Side.FLOW
        choices = tuple(Choice(each.label, each.value) for each in shown.buttons)
        written = Message(
            written_id_of(self._name, key), InteractionId(""), self._clock.now(), side, shown.text,
            choices=choices, keyboard=shown.keyboard, details={"files": files},
        )  # fmt: skip
        self._show(conversation.address, wire.message(wire.shown(written, by, address_of=self._files.address)))

    def writing(self, conversation: ConversationId, by: str) -> None:
        """Tell the visitor's pages that an agent is writing."""
        self._show(conversation.address, wire.writing(by))

    def read(self, conversation: ConversationId, message: MessageId) -> None:
        """Tell the visitor's pages up to where an agent has read."""
        self._show(conversation.address, wire.read(message))

    def over(self, conversation: ConversationId) -> None:
        """Tell the visitor's pages that nobody here reads on."""
        self._show(conversation.address, wire.over())

    def call_moved(self, conversation: ConversationId, call: VisitorCall) -> None:
        """Tell the visitor's pages how their call by the browser stands."""
        self._show(conversation.address, wire.call(self._call_told(call)))

    def _call_told(self, call: VisitorCall) -> Mapping[str, Any]:
        return wire.call_told(call.stage, self.account_of(call.phone) if call.phone is not None else None)

    def _show(self, address: str, frame: str, *, but: Page | None = None) -> None:
        for page in list(self._pages.get(address, ())):
            if page is not but:
                page.send(frame)

    # --- for pages ---

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it goes. Sites that are not named do not get one."""
        if not self._is_allowed(request):
            raise web.HTTPForbidden(text="this site may not have this chat: name it in the channels file")
        if sum(map(len, self._pages.values())) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text="too many are here", headers={"Retry-After": "30"})
        socket = web.WebSocketResponse(max_msg_size=LARGEST_FRAME, heartbeat=HEARTBEAT_S, timeout=2.0, compress=False)
        await socket.prepare(request)
        try:
            await self._serve(request.transport, socket)
        except wire.BadFrame as fault:
            await socket.close(code=_BAD, message=str(fault).encode())
        except Unavailable:
            await socket.close(code=COME_AGAIN, message=b"come again in a moment")
        return socket

    def _is_allowed(self, request: web.Request) -> bool:
        """Whether a request comes from a page that may have this chat: ours, or one of a site that is named."""
        origin = request.headers.get("Origin", "")
        return urlsplit(origin).netloc == request.host or origin in self._origins

    def _address_of(self, request: web.Request) -> str | None:
        """Return the address of the visitor whose token a request has, and who has a page open here."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        who = self._who(request.headers.get("X-Identity"))
        if scheme.lower() != "bearer" or not wire.is_token(token):
            return None
        address = who.address if who is not None else wire.address_of(token)
        return address if address in self._pages else None

    async def _serve(self, transport: asyncio.Transport | None, socket: web.WebSocketResponse) -> None:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):
                first = wire.frame_of(await socket.receive_str())
        except (TimeoutError, TypeError):
            raise wire.BadFrame("say hello first") from None
        if not isinstance(first, wire.Hello):
            raise wire.BadFrame("say hello first")
        token, who = first.token or wire.new_token(), self._who(first.identity)
        page = Page(transport, socket, who.address if who is not None else wire.address_of(token), who)
        mine = self._pages.setdefault(page.address, set())
        if len(mine) >= PAGES_OF_ONE:
            raise wire.BadFrame("this chat is open too often")
        mine.add(page)  # before the thread is read: nothing that comes meanwhile is missed
        where = self._conversation(page)
        try:
            before = await self._threads.thread(self._name, page.address, at_most=MOST_SHOWN)
            read = await self._threads.read_by_agents(self._name, page.address)
            page.begin(
                wire.welcome(
                    token,
                    self._title,
                    [self._shown(each) for each in before],
                    known=who is not None,
                    read=read,
                    transcript=self.send_transcript is not None,
                    email=who.email if who is not None else "",
                    calls=self.calls is not None,
                    call=self._call_told(call) if self.calls and (call := self.calls.of(where)) else None,
                )
            )
            await self._read(page)
        finally:
            page.end()
            mine.discard(page)
            if not mine:
                self._pages.pop(page.address, None)
                self._allowed.pop(page.address, None)

    def _who(self, identity: str | None) -> Identity | None:
        """Return who the site says its visitor is. Who cannot be proven to be somebody is a guest."""
        if identity is None or not self._secret:
            return None
        try:
            return identity_of(identity, self._secret)
        except NotProven as fault:
            log.warning("a visitor is not who their page says", extra={"channel": self._name, "why": str(fault)})
            return None

    async def _read(self, page: Page) -> None:
        async for frame in page.socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            told = wire.frame_of(frame.data)
            if isinstance(told, wire.Say):
                await self._say(page, told)
            elif isinstance(told, wire.Writing):
                self.visitor_writes(self._conversation(page))
            elif isinstance(told, wire.Read):
                self.visitor_reads(self._conversation(page), told.message)
            elif isinstance(told, wire.Transcript):
                await self._transcript(page, told)
            elif isinstance(told, wire.Call):
                self._wants_to_talk(page)
            elif isinstance(told, wire.HangUp) and self.calls is not None:
                self.calls.hang_up(self._conversation(page))
            elif isinstance(told, wire.Leave):
                await self._told(Gone(self._conversation(page), self._clock.now()))

    async def _say(self, page: Page, said: wire.Say) -> None:
        if not self._may_write(page):
            page.send(wire.refused(said.key, "too_fast"))
            return
        try:
            files = await self._files.of(page.address, said.files) if said.files else ()
            if files is None:
                page.send(wire.refused(said.key, "no_file"))
                return
            details = {"files": told_of(files)} if files else {}
            event = Said(
                self._conversation(page), said.text, self._clock.now(), said.key, *page.known_by, details=details
            )
            await self._told(event)
        except (Unavailable, TimeoutError):
            page.send(wire.refused(said.key, "later"))
            return
        id_ = written_id_of(self._name, said.key)
        page.send(wire.taken(said.key, id_))
        # The visitor's other pages: what they wrote here stands there too.
        if len(self._pages.get(page.address, ())) > 1:
            mine = Message(id_, InteractionId(""), event.at, Side.CUSTOMER, said.text, details=details)
            self._show(page.address, wire.message(self._shown(mine)), but=page)

    async def _transcript(self, page: Page, asked: wire.Transcript) -> None:
        why_not: str | None = "too_many"
        if self.send_transcript is None:
            why_not = "not_here"
        elif self._may_write(page):
            try:
                async with asyncio.timeout(TAKEN_WITHIN_S):
                    why_not = await self.send_transcript(
                        self._conversation(page), asked.to, key=asked.key, language=asked.language
                    )
            except (Unavailable, TimeoutError):
                why_not = "later"
        page.send(wire.transcript(asked.key, why_not))

    def _wants_to_talk(self, page: Page) -> None:
        why_not, call = "not_here", None
        if self.calls is not None and not self._may_write(page):
            why_not = "later"
        elif self.calls is not None:
            try:
                why_not = self.calls.ask(self._conversation(page)) or ""
                call = self.calls.of(self._conversation(page))
            except Unavailable:
                why_not = "later"
        # All else is told as soon as it is so.
        page.send(wire.call(self._call_told(call) if call is not None else wire.call_told(why_not)))

    def _may_write(self, page: Page) -> bool:
        now = asyncio.get_running_loop().time()
        return self._allowed.setdefault(page.address, Allowance(AT_ONCE, PER_S, now=now)).takes(now)

    async def _told(self, event: ChannelEvent) -> None:
        """Have an event taken; returns once what came of it is durable. Raises Unavailable and TimeoutError."""
        if self.tell is None:
            raise Unavailable("nobody serves yet")
        async with asyncio.timeout(TAKEN_WITHIN_S):
            await asyncio.shield(self.tell(event))

    def _conversation(self, page: Page) -> ConversationId:
        return ConversationId(self._name, page.address)

    def _shown(self, written: Message) -> Mapping[str, object]:
        by = self._agent_name(written.agent) if written.agent is not None else ""
        return wire.shown(written, by, address_of=self._files.address)
