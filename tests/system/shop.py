"""A web service on loopback that flows ask: it tells of an order at once, and takes its time to make one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from aiohttp import web


class Shop:
    """GET /orders/NUMBER is answered at once; of POST /orders the first is held, and never answered."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        """The numbers of the orders that somebody asked for."""
        self.keys: list[str | None] = []
        """The Idempotency-Key of each order that was to be made, in their order."""
        self.holds = asyncio.Event()
        """Set once it holds its answer back."""

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int) -> AsyncIterator[Self]:
        """Open it for a while."""
        shop = cls()
        application = web.Application()
        application.add_routes([web.get("/orders/{number}", shop._tell), web.post("/orders", shop._make)])
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield shop
        finally:
            await runner.cleanup()

    async def _tell(self, request: web.Request) -> web.Response:
        self.asked.append(request.match_info["number"])
        return web.json_response({"status": "shipped", "name": "Ada Byron"})

    async def _make(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        if len(self.keys) == 1:
            self.holds.set()
            await asyncio.Event().wait()
        return web.json_response({"made": len(self.keys)})
