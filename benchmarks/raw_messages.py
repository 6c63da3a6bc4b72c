"""The peers of `chat_durable` and `webhook_edge`: aiohttp and asyncpg, and nothing else.

`python -m benchmarks.raw_messages PORT DATABASE_URL`. Each door reads the form of a text message and answers once it is
durable. None knows a signature, a copy, a conversation, an agent or a flow. On uvloop, as ours.
- `/message`: one INSERT in a transaction of its own, by a pool as asyncpg makes it unasked; then the message is sent to
  the desk that its address belongs to.
- `/webhook`: the INSERTs of all that come while one is written are one, in one transaction; nobody is told.
- `/webhook-single`: one INSERT each.
"""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import asyncpg
import uvloop
from aiohttp import web

TABLE = """
CREATE TABLE IF NOT EXISTS raw_message (
    id           uuid PRIMARY KEY,
    conversation text NOT NULL,
    at           timestamptz NOT NULL,
    side         text NOT NULL CHECK (side IN ('customer', 'flow', 'agent')),
    text         text NOT NULL,
    seq          bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX IF NOT EXISTS raw_message_of_conversation ON raw_message (conversation, seq);
"""
"""Our table of messages, without what only we have."""
_ONE = "INSERT INTO raw_message (id, conversation, at, side, text) VALUES ($1, $2, $3, 'customer', $4)"
_MANY = """
INSERT INTO raw_message (id, conversation, at, side, text)
SELECT id, conversation, at, 'customer', text
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[]) AS m (id, conversation, at, text)
"""

_Row = tuple[uuid.UUID, str, datetime, str]


class RawMessages:
    """The three doors, and the desks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any = None
        self._desks: dict[int, web.WebSocketResponse] = {}
        self._lines: list[tuple[_Row, asyncio.Future[None]]] = []
        self._written = asyncio.Event()

    async def message(self, request: web.Request) -> web.Response:
        """Store, show, answer."""
        form = await request.post()
        row = _row(str(form["From"]), str(form["Body"]))
        await self._pool.execute(_ONE, *row)
        id_, conversation, at, text = row
        told = {"id": str(id_), "at": at.isoformat(), "side": "customer", "text": text}
        event = {"kind": "message", "id": conversation, "message": told}
        await self._desks[int(conversation[-5:]) % len(self._desks)].send_str(json.dumps(event))
        return _taken()

    async def webhook(self, request: web.Request) -> web.Response:
        """Store with all others that come now, answer."""
        form = await request.post()
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.append((_row(str(form["From"]), str(form["Body"])), durable))
        self._written.set()
        await durable
        return _taken()

    async def webhook_single(self, request: web.Request) -> web.Response:
        """Store, answer."""
        form = await request.post()
        await self._pool.execute(_ONE, *_row(str(form["From"]), str(form["Body"])))
        return _taken()

    async def desk(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one desk until it goes."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self._desks[int(request.match_info["number"])] = socket
        async for _ in socket:
            pass
        self._desks.clear()  # they come and go together
        return socket

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Have the pool, and the writer of what comes together."""
        async with asyncpg.create_pool(self._url) as self._pool, self._pool.acquire() as connection:
            writer = asyncio.create_task(self._write(await connection.prepare(_MANY)))
            yield
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer

    async def _write(self, many: Any) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            lines, self._lines = self._lines, []
            await many.fetch(*(list(column) for column in zip(*(row for row, _ in lines), strict=True)))
            for _, durable in lines:
                durable.set_result(None)


def _row(conversation: str, text: str) -> _Row:
    return uuid.uuid4(), conversation, datetime.now(UTC), text


def _taken() -> web.Response:
    return web.Response(text="<Response/>", content_type="text/xml")


def main(port: int, url: str) -> None:
    """Serve until killed."""
    raw = RawMessages(url)
    application = web.Application()
    application.add_routes([
        web.post("/message", raw.message), web.post("/webhook", raw.webhook),
        web.post("/webhook-single", raw.webhook_single), web.get("/desk/{number}", raw.desk),
    ])  # fmt: skip
    application.cleanup_ctx.append(raw.running)
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
