"""The web application over a floor on fakes, and browsers that log in to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, TCPConnector, web
from aiohttp.test_utils import TestServer

from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_switch import FakeSwitch
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import MAIN, Centre, open_floor
from trunkline.channels.email.viewing import MailViewing
from trunkline.channels.webchat.webchat import WebChat
from trunkline.core.ids import AgentId
from trunkline.core.message import Side
from trunkline.floor.centre_board import CentreBoard
from trunkline.floor.channel_board import ChannelBoard
from trunkline.floor.conversation_board import ConversationBoard
from trunkline.floor.replies import Replies
from trunkline.floor.supervision import Supervision
from trunkline.floor.text_state import conversation_of
from trunkline.floor.transcripts import Transcripts
from trunkline.floor.view import promise
from trunkline.floor.waiting_board import WaitingBoard
from trunkline.ports.channel import Configured
from trunkline.ports.mails import MailPart
from trunkline.ports.store import Change, Health
from trunkline.web.centre import CentreDoor
from trunkline.web.channels import ChannelsDoor
from trunkline.web.chat import ChatPages
from trunkline.web.conversations import ConversationsDoor
from trunkline.web.desk_commands import desk_commands
from trunkline.web.desk_socket import DeskSocket
from trunkline.web.flows import FlowsDoor
from trunkline.web.log_in import LogIn
from trunkline.web.mails import MailsDoor
from trunkline.web.relays import RelaysDoor
from trunkline.web.server import HealthDoor, Recordings, web_application
from trunkline.web.waiting import WaitingDoor
from trunkline.web.writing import WritingDoor

Json = dict[str, Any]
SITES_SECRET = "a secret of the tests, long enough to be one"
CONFIGURED = [
    Configured("web", "webchat", "chat", "http://127.0.0.1/chat/web", {"signature": "None."}),
    Configured("line", "twilio", "sms", "http://127.0.0.1/sms/line", {"signature": "HMAC."}),
]


@dataclass
class Web:
    """The service's doors, opened on a port; `browser` comes through them."""

    centre: Centre
    server: TestServer
    parts: dict[str, Health]
    chat_channel: WebChat
    serving: bool = True
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def origin(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def browser(self, address: str = "127.0.0.1") -> ClientSession:
        """Open a browser with cookies of its own, at an address of loopback."""
        return await self._stack.enter_async_context(
            ClientSession(
                self.server.make_url("/"),
                cookie_jar=CookieJar(unsafe=True),
                connector=TCPConnector(local_addr=(address, 0)),
            )
        )

    async def chat(
        self, browser: ClientSession, token: str | None = None, identity: str | None = None
    ) -> tuple[ClientWebSocketResponse, Json]:
        """Open a page of the web chat, say hello, and return it with its welcome; it stays open."""
        socket = await browser.ws_connect("/chat/web/ws", headers={"Origin": self.origin})
        self._stack.push_async_callback(socket.close)
        await socket.send_json({"type": "hello", "visitor": token, "identity": identity})
        return socket, await hears(socket, "welcome")

    async def logged_in(self, agent: str = "ana") -> ClientSession:
        browser = await self.browser()
        async with browser.post("/api/login", json={"login": agent, "password": f"{agent} {agent}"}) as answer:
            assert answer.status == 200
        return browser

    async def desk(self, browser: ClientSession, **hello: Any) -> ClientWebSocketResponse:
        """Open a desk and say hello."""
        socket = await browser.ws_connect("/ws", headers={"Origin": self.origin})
        await socket.send_json({"type": "hello", "epoch": None, "seq": None, **hello})
        return socket


async def brought(_channel: str, details: Mapping[str, Any], number: int) -> MailPart | None:
    """Stand for the channels: a picture is what its details say."""
    pictures = details.get("pictures", ())
    return MailPart("a.png", "image/png", pictures[number - 1].encode()) if 0 < number <= len(pictures) else None


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Web]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "main.yaml").write_text(MAIN, encoding="utf-8")
    clock = FakeClock()
    world = SimpleNamespace(store=MemoryStore(), clock=clock, switch=FakeSwitch(clock))
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(open_floor(tmp_path, world.store, world.clock, world.switch))
        for agent in ("ana", "ben"):
            await world.store.set_password(AgentId(agent), f"{agent} {agent}")
        parts = {"database": Health(ready=True, detail="here"), "switch": Health(ready=True)}
        log_in = LogIn(centre.floor, centre.desk, world.store, secure=False)
        chat = WebChat(
            "web", title="Chat with Acme", origins=frozenset({"https://shop.example"}), threads=world.store,
            clock=clock, agent_name=lambda id_: centre.floor.agents[id_].name, secret=SITES_SECRET,
            files=world.store, file_secret=b"a key of the tests",
        )  # fmt: skip
        centre.channels["web"], chat.tell, chat.visitor_writes = chat, centre.texts.told, centre.texts.writing
        chat.visitor_reads = centre.texts.reads
        transcripts = Transcripts(centre.floor, world.store, world.store, centre.outbox, {"web": "post"})
        chat.send_transcript = transcripts.send

        def show_read(change: Change) -> None:
            for mark in change.reads:
                if mark.side is Side.AGENT:
                    chat.read(conversation_of(centre.floor.interactions[mark.interaction]), mark.message)

        centre.ledger.listeners.append(show_read)
        commands = desk_commands(
            centre.desk, centre.text_desk, Supervision(centre.floor), centre.to_flow, centre.helping
        )
        application: web.Application = web_application(
            log_in=log_in,
            socket=DeskSocket(clock, centre.hub, commands, log_in, origins=frozenset()),
            recordings=Recordings(centre.floor, world.store, log_in, centre.recordings),
            flows=FlowsDoor(centre.flow_board, log_in),
            centre=CentreDoor(CentreBoard(centre.administration), log_in),
            conversations=ConversationsDoor(
                ConversationBoard(centre.floor, centre.levels, centre.channels), log_in, centre.floor, world.store
            ),
            waiting=WaitingDoor(WaitingBoard(centre.floor), log_in),
            channels_page=ChannelsDoor(
                ChannelBoard(CONFIGURED, centre.outbox, world.store, health=centre.outbox.health), log_in
            ),
            mails=MailsDoor(
                centre.floor,
                world.store,
                centre.mails,
                MailViewing(),
                log_in,
                file_of=brought,
                attaching=centre.text_desk.files,
            ),
            relays=RelaysDoor(
                lambda agent: [{"urls": ["turn:relay.example"], "username": agent, "credential": "x"}], log_in
            ),
            writing=WritingDoor(Replies(lambda: centre.floor.centre, ["post"]), log_in),
            chat_pages=ChatPages({"web"}, tmp_path),
            channels=[chat],
            health=HealthDoor(
                lambda: parts,
                centre.flow_board.served,
                centre.outbox.health,
                serving=lambda: opened.serving,
                routing=lambda: promise(centre.floor),
            ),
            sip_ws_port=8088,
        )
        server = await stack.enter_async_context(TestServer(application))
        opened = Web(centre, server, parts, chat)  # the doors ask it, once somebody comes
        await stack.enter_async_context(opened._stack)
        yield opened


async def hears(socket: ClientWebSocketResponse, type_: str) -> Json:
    """Return the next message of a type."""
    while True:
        message: Json = await socket.receive_json(timeout=5)
        if message["type"] == type_:
            return message


async def is_closed(socket: ClientWebSocketResponse, within_s: float = 5) -> int | None:
    """Read to the end and return the close code."""
    while not socket.closed:
        await socket.receive(timeout=within_s)
    return socket.close_code
