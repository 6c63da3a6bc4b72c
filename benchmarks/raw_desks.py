"""The peer of `idle`: aiohttp's websockets and nothing else. `python -m benchmarks.raw_desks PORT [--plain]`.

It compresses, as aiohttp does unasked for browsers, which all offer it; a `--plain` one does not, as ours does not.
Each socket is pinged every ten seconds with the message that our desks get, and what it says is read.
"""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime

from aiohttp import web

PING_EVERY_S = 10.0
COMPRESS = web.AppKey("compress", bool)


async def desk(request: web.Request) -> web.WebSocketResponse:
    """Serve one socket until it goes."""
    socket = web.WebSocketResponse(compress=request.app[COMPRESS])
    await socket.prepare(request)
    pings = asyncio.create_task(ping(socket))
    try:
        async for message in socket:
            json.loads(message.data)
    finally:
        pings.cancel()
    return socket


async def ping(socket: web.WebSocketResponse) -> None:
    """Send the time, again and again."""
    with suppress(ConnectionError):
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await socket.send_str(json.dumps({"type": "ping", "now": datetime.now(UTC).isoformat()}))


def main(port: int, *, plain: bool) -> None:
    """Serve until killed."""
    application = web.Application()
    application[COMPRESS] = not plain
    application.add_routes([web.get("/ws", desk)])
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), plain="--plain" in sys.argv)
