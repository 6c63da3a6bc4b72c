"""A service that a desk can log in to: the commands it got are kept, the test says what happens."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer


def a_state(**changes: Any) -> dict[str, Any]:
    me = {"id": "ben", "presence": "not_ready", "reason": "logged_in", "busy": None, "phone": {"kind": "browser"}}
    return {"me": me, "interactions": {}, "queues": {}, "today": {}, "parts": {}, "centre": {}, **changes}


def a_card(stage: str, work: str = "call", **changes: Any) -> dict[str, Any]:
    return {"id": "i1", "stage": stage, "work": work, "note": "", "offer": {"id": "o1"}, **changes}


class FakeService:
    """Takes `ben` with `secret`; a command changes the state as the real one would."""

    def __init__(self) -> None:
        self.state, self.seq, self.logins = a_state(), 0, 0
        self.commands: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self.hellos: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.url = ""

    async def log_in(self, request: web.Request) -> web.Response:
        self.logins += 1
        if await request.json() != {"login": "ben", "password": "secret"}:
            return web.json_response({"error": {"code": "wrong", "message": "no"}}, status=401)
        answer = web.json_response({"agent": {"id": "ben"}})
        answer.set_cookie("trunkline_session", "s", httponly=True)
        return answer

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        assert request.cookies["trunkline_session"] == "s"
        assert request.headers["Origin"] == self.url
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(socket, message.json())
        return socket

    async def _hear(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        if message["type"] == "hello":
            self.hellos.append(message)
            await socket.send_json({"type": "ping", "now": "2026-11-23T12:00:00Z"})
            await socket.send_json({"type": "snapshot", "epoch": "e", "seq": self.seq, "now": "", "state": self.state})
        elif message["type"] == "command":
            await self._obey(socket, message)

    async def _obey(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        name, args, me = message["name"], message["args"], self.state["me"]
        known = name in {"phone", "presence", "wrap_up", "accept", "hang_up"}
        error = {} if known else {"error": {"code": "unknown", "message": "unknown command"}}
        await socket.send_json({"type": "reply", "id": message["id"], "ok": known, **error})
        if name == "phone":
            await self.tell({"kind": "me", "me": {**me, "phone": {"kind": args["kind"]}}})
        elif name == "presence":
            await self.tell({"kind": "me", "me": {**me, "presence": args["presence"], "reason": None}})
        elif name == "wrap_up":
            await self.tell({"kind": "interaction_gone", "id": args["interaction"]})
        self.commands.put_nowait((name, args))

    async def tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "me":
            self.state = {**self.state, "me": event["me"]}
        self.seq += 1
        await self.sockets[-1].send_json({"type": "event", "seq": self.seq, "event": event})

    async def commanded(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(10):
            return await self.commands.get()


@asynccontextmanager
async def fake_service(
    service: FakeService | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[FakeService]:
    service = service or FakeService()
    app = web.Application()
    app.router.add_post("/api/login", service.log_in)
    app.router.add_get("/ws", service.socket)
    server = TestServer(app)
    await server.start_server(ssl=tls)
    service.url = str(server.make_url("/")).rstrip("/")
    try:
        yield service
    finally:
        await server.close()
