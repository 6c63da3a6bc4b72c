"""The flows by HTTP, for those who look after them: what serves, what is wrong, what tests came to, the drawings."""

from aiohttp import web

from trunkline.core.permission import Deed
from trunkline.floor.flow_board import FlowBoard
from trunkline.web.log_in import LogIn

_DRAWING = {
    "Content-Type": "image/svg+xml; charset=utf-8",
    # Opened by itself, it is a page of ours: one that runs nothing and loads nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
}


class FlowsDoor:
    """GET /api/flows, /api/flows/NAME and /api/flows/NAME/drawing."""

    def __init__(self, board: FlowBoard, log_in: LogIn) -> None:
        self._board = board
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [
            web.get("/api/flows", self.listed),
            web.get("/api/flows/{name}", self.whole),
            web.get("/api/flows/{name}/drawing", self.drawing),
        ]

    async def listed(self, request: web.Request) -> web.Response:
        """Answer with every flow in short."""
        await self._log_in.allowed(request, Deed.SEE_FLOWS)
        return web.json_response(self._board.listed(), headers={"Cache-Control": "private, no-store"})

    async def whole(self, request: web.Request) -> web.Response:
        """Answer with all of one flow."""
        await self._log_in.allowed(request, Deed.SEE_FLOWS)
        flow = await self._board.whole(request.match_info["name"])
        return web.json_response(flow, headers={"Cache-Control": "private, no-store"})

    async def drawing(self, request: web.Request) -> web.Response:
        """Answer with the picture of the version that serves, or (`?of=disk`) of the file as it is on disk.

        Whoever has this very picture already gets 304.
        """
        await self._log_in.allowed(request, Deed.SEE_FLOWS)
        on_disk = request.query.get("of") == "disk"
        drawing = await self._board.drawing(request.match_info["name"], on_disk=on_disk)
        headers = _DRAWING | {"ETag": f'"{drawing.tag}"', "Cache-Control": "private, no-cache"}
        known = {tag.value for tag in request.if_none_match or ()}
        if drawing.tag in known:
            return web.Response(status=304, headers=headers)
        return web.Response(body=drawing.picture.encode(), headers=headers)
