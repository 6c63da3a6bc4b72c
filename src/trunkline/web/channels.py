"""The channels by HTTP, for admins."""

from uuid import UUID

from aiohttp import web

from trunkline.core.ids import MessageId
from trunkline.core.permission import Deed
from trunkline.floor.channel_board import MOST_SHOWN, ChannelBoard
from trunkline.web.log_in import LogIn
from trunkline.web.origin import is_foreign

_FRESH = {"Cache-Control": "private, no-store"}


class ChannelsDoor:
    """GET /api/channels; POST /api/channels/send_again."""

    def __init__(self, board: ChannelBoard, log_in: LogIn, *, origins: frozenset[str] = frozenset()) -> None:
        self._board = board
        self._log_in = log_in
        self._origins = origins

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [web.get("/api/channels", self.shown), web.post("/api/channels/send_again", self.send_again)]

    async def shown(self, request: web.Request) -> web.Response:
        """Answer with every channel, and what did not come there."""
        await self._log_in.allowed(request, Deed.EDIT_CENTRE)
        return web.json_response(await self._board.shown(), headers=_FRESH)

    async def send_again(self, request: web.Request) -> web.Response:
        """POST {ids} or {channel}: how many are sent again."""
        if is_foreign(request, self._origins):
            raise web.HTTPForbidden(text="this is for the service's own pages only")
        await self._log_in.allowed(request, Deed.EDIT_CENTRE)
        match await request.json():
            case {"ids": list(ids)} if len(ids) <= MOST_SHOWN and all(map(_is_id, ids)):
                return web.json_response(await self._board.send_again([MessageId(each) for each in ids], None))
            case {"channel": str(channel)}:
                return web.json_response(await self._board.send_again(None, channel))
        raise web.HTTPBadRequest(text="say which: {ids} or {channel}")


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False
