"""Everybody who waits, by HTTP, for those who may give a wait to one agent."""

from aiohttp import web

from trunkline.core.permission import Deed
from trunkline.floor.waiting_board import WaitingBoard
from trunkline.web.log_in import LogIn


class WaitingDoor:
    """GET /api/waiting, for those who assign by the command `assign`; GET /api/colleagues, for every agent."""

    def __init__(self, board: WaitingBoard, log_in: LogIn) -> None:
        self._board = board
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [web.get("/api/waiting", self.shown), web.get("/api/colleagues", self.colleagues)]

    async def shown(self, request: web.Request) -> web.Response:
        """Answer with who waits now, and who is at work."""
        await self._log_in.allowed(request, Deed.ASSIGN)
        return web.json_response(self._board.shown(), headers={"Cache-Control": "private, no-store"})

    async def colleagues(self, request: web.Request) -> web.Response:
        """Answer with who else is at work, and whether they have room for `?medium=`."""
        agent = await self._log_in.agent_of(request)
        told = self._board.colleagues(agent, request.query.get("medium", "voice"))
        return web.json_response(told, headers={"Cache-Control": "private, no-store"})
