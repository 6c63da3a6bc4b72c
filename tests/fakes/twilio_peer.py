"""A provider with Twilio's interface on a port of ours, which misbehaves on order."""

import asyncio
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from trunkline.channels.sms.twilio_wire import signature

ACCOUNT, TOKEN = "AC0123456789", "a token of the tests"


@dataclass
class TwilioPeer:
    """Look at what was sent; `orders` says what the next requests come to.

    A number is answered with, `silent` takes the message and closes the connection without a word, `deaf` closes it
    without taking anything, `slow` takes it and answers after a second.
    """

    port: int = 0
    orders: deque[int | str] = field(default_factory=deque)
    retry_after: str = ""
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    callbacks: dict[str, str] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    fetched: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    """The pictures of each message that we sent, type and bytes, as it got them from us."""
    addresses: list[str] = field(default_factory=list)
    """Where it was told to fetch pictures."""
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def texts(self, to: str | None = None) -> list[str]:
        """Return what was sent, to one number or to all."""
        return [each["body"] for each in self.sent if to in (None, each["to"])]

    async def has_sent(self, text: str, within: float = 10) -> Mapping[str, Any]:
        """Return the latest message with this text as soon as there is one."""
        async with asyncio.timeout(within), self.came:
            await self.came.wait_for(lambda: any(text in each["body"] for each in self.sent))
        return next(each for each in reversed(self.sent) if text in each["body"])

    async def posts(
        self, url: str, form: Mapping[str, str], *, signed_as: str | None = None, token: str = TOKEN
    ) -> int:
        """Call one of our webhooks as the provider does, and return the status; the connection is a new one."""
        given = signature(token, signed_as or url, list(form.items()))
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=form, headers={"X-Twilio-Signature": given}) as answer,
        ):
            return answer.status

    async def texts_us(self, url: str, text: str, *, from_: str, sid: str | None = None, **more: str) -> int:
        """Have somebody send us a message."""
        sid = sid or f"SM{uuid.uuid4().hex}"
        form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": from_, "To": "+442079460000", "Body": text, **more}
        return await self.posts(url, form)

    async def tells(self, message: Mapping[str, Any], state: str, **more: str) -> int:
        """Call back with how far a message has come."""
        form = {"MessageSid": message["sid"], "MessageStatus": state, "AccountSid": ACCOUNT, **more}
        return await self.posts(self.callbacks[message["sid"]], form)

    async def _takes(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        form = await request.post()
        order = self.orders.popleft() if self.orders else 201
        if isinstance(order, int) and order != 201:
            body = {
                "code": 20429 if order == 429 else 21211 if order == 400 else None,
                "message": "On order",
                "status": order,
            }
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response(body, status=order, headers=headers)
        if order == "deaf":
            self._drop(request)
        fetched = [await self._fetches(str(url)) for url in form.getall("MediaUrl", [])]
        message = {
            "sid": f"SM{uuid.uuid4().hex}", "to": form["To"], "from": form.get("From", ""), "body": form["Body"],
            "status": "queued", "direction": "outbound-api",
            "num_media": str(len(fetched)),
            "date_created": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000"),
        }  # fmt: skip
        self.sent.append(message)
        self.fetched[str(message["sid"])] = fetched
        self.callbacks[str(message["sid"])] = str(form.get("StatusCallback", ""))
        async with self.came:
            self.came.notify_all()
        if order == "silent":
            self._drop(request)
        if order == "slow":
            await asyncio.sleep(1)
        return web.json_response(message, status=201)

    async def _fetches(self, url: str) -> tuple[str, bytes]:
        """Fetch a picture as the provider does: with nothing but its address; what cannot be had is told as that."""
        self.addresses.append(url)
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return (answer.content_type, await answer.read()) if answer.status == 200 else (f"{answer.status}", b"")

    async def _lists(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        to = request.query["To"]
        return web.json_response({"messages": [each for each in reversed(self.sent) if each["to"] == to]})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        if request.match_info["media"] not in self.media:
            raise web.HTTPNotFound
        return web.Response(body=self.media[request.match_info["media"]], content_type="image/png")

    def has_picture(self, data: bytes) -> dict[str, str]:
        """Keep a picture; return what a webhook says of it."""
        id_ = f"ME{len(self.media)}"
        self.media[id_] = data
        url = f"{self.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/SM1/Media/{id_}"
        return {"NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/png"}

    def _check(self, request: web.Request) -> None:
        assert request.match_info["account"] == ACCOUNT
        if request.headers.get("Authorization") != aiohttp.encode_basic_auth(ACCOUNT, TOKEN):
            body = {"code": 20003, "message": "Authenticate", "status": 401}
            raise web.HTTPUnauthorized(text=json.dumps(body), content_type="application/json")

    def _drop(self, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.abort()
        raise asyncio.CancelledError


@asynccontextmanager
async def twilio_peer(port: int = 0) -> AsyncIterator[TwilioPeer]:
    """Open a provider on a port, any free one for 0, until the block ends."""
    peer = TwilioPeer()
    application = web.Application()
    path = "/2010-04-01/Accounts/{account}/Messages.json"
    media = "/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}"
    application.add_routes([web.post(path, peer._takes), web.get(path, peer._lists), web.get(media, peer._media)])
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        peer.port = runner.addresses[0][1]
        yield peer
    finally:
        await runner.cleanup()
