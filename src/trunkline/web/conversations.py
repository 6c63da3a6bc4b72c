"""Conversations in writing, by HTTP: all of them for those who may look into them, one for whoever calls back."""

from uuid import UUID

from aiohttp import web

from trunkline.core.ids import InteractionId
from trunkline.core.permission import Deed
from trunkline.floor import view
from trunkline.floor.conversation_board import ConversationBoard
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.text_state import conversation_of
from trunkline.ports.store import Store
from trunkline.web.log_in import LogIn

MOST_SHOWN = 200
"""Messages of what was written before a callback."""
_PRIVATE = {"Cache-Control": "private, no-store"}


class ConversationsDoor:
    """GET /api/conversations, for those who look into one by the command `watch`.

    GET /api/interactions/ID/written: what was written before a callback, for the agent who has it before them.
    """

    def __init__(self, board: ConversationBoard, log_in: LogIn, floor: Floor, store: Store) -> None:
        self._board = board
        self._log_in = log_in
        self._floor = floor
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [
            web.get("/api/conversations", self.shown),
            web.get("/api/interactions/{id}/written", self.written),
        ]

    async def shown(self, request: web.Request) -> web.Response:
        """Answer with the conversations that are under way."""
        await self._log_in.allowed(request, Deed.HELP)
        return web.json_response(self._board.shown(), headers=_PRIVATE)

    async def written(self, request: web.Request) -> web.Response:
        """Answer with the latest messages of who asked in writing to be called, in their order."""
        agent = await self._log_in.agent_of(request)
        try:
            id_ = InteractionId(str(UUID(request.match_info["id"])))
        except ValueError:
            raise NoSuch("there is no such callback") from None
        callback = self._floor.interactions.get(id_)
        if callback is None or callback.callback is None or not view.is_on_desk_of(callback, agent):
            raise NoSuch("there is no such callback")
        asked_in = callback.callback.asked_in
        before = await self._store.interaction(asked_in) if asked_in is not None else None
        if before is None:
            raise NoSuch("nothing was written before this callback")
        where = conversation_of(before)
        thread = await self._store.thread(where.channel, where.address, at_most=MOST_SHOWN)
        told = [view.message(each, self._floor.centre) for each in thread]
        return web.json_response({"medium": before.medium, "messages": told}, headers=_PRIVATE)
