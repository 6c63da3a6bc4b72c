"""Every conversation in writing, by HTTP, for those who may look into them."""

from aiohttp import web

from trunkline.core.permission import Deed
from trunkline.floor.conversation_board import ConversationBoard
from trunkline.web.log_in import LogIn


class ConversationsDoor:
    """GET /api/conversations, for those who look into one by the command `watch`."""

    def __init__(self, board: ConversationBoard, log_in: LogIn) -> None:
        self._board = board
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/api/conversations", self.shown)]

    async def shown(self, request: web.Request) -> web.Response:
        """Answer with the conversations that are under way."""
        await self._log_in.allowed(request, Deed.HELP)
        return web.json_response(self._board.shown(), headers={"Cache-Control": "private, no-store"})
