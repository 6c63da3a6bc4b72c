"""The centre by HTTP, for admins: what is in force, what a change would do, making it, and who changed what."""

from typing import Any

from aiohttp import web

from trunkline.core.centre_version import ChangedMeanwhile
from trunkline.core.permission import Deed
from trunkline.floor.administration import HasProblems
from trunkline.floor.centre_board import CentreBoard, placed
from trunkline.floor.state import NoSuch
from trunkline.web.errors import error_json
from trunkline.web.log_in import LogIn
from trunkline.web.origin import is_foreign

LARGEST_DRAFT = 2_500_000
"""Bytes of a request: a centre file of its largest size, as JSON."""
_FRESH = {"Cache-Control": "private, no-store"}


class CentreDoor:
    """GET /api/centre, …/history, …/versions/N; POST /api/centre/plan and …/apply."""

    def __init__(self, board: CentreBoard, log_in: LogIn, *, origins: frozenset[str] = frozenset()) -> None:
        self._board = board
        self._log_in = log_in
        self._origins = origins

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [
            web.get("/api/centre", self.whole),
            web.get("/api/centre/history", self.history),
            web.get("/api/centre/versions/{number}", self.version),
            web.post("/api/centre/plan", self.plan),
            web.post("/api/centre/apply", self.apply),
        ]

    async def whole(self, request: web.Request) -> web.Response:
        """Answer with what is in force."""
        await self._log_in.allowed(request, Deed.EDIT_CENTRE)
        return web.json_response(self._board.whole(), headers=_FRESH)

    async def history(self, request: web.Request) -> web.Response:
        """Answer with the latest versions, or (`?below=N`) with older ones."""
        await self._log_in.allowed(request, Deed.EDIT_CENTRE)
        below = _number(request.query["below"]) if "below" in request.query else None
        return web.json_response(await self._board.history(below), headers=_FRESH)

    async def version(self, request: web.Request) -> web.Response:
        """Answer with one version and its text."""
        await self._log_in.allowed(request, Deed.EDIT_CENTRE)
        return web.json_response(await self._board.version(_number(request.match_info["number"])), headers=_FRESH)

    async def plan(self, request: web.Request) -> web.Response:
        """POST {base, and edits, text or back_to}: what that would change; 409 when another version is in force."""
        await self._admitted(request)
        draft = await _draft(request)
        try:
            return web.json_response(await self._board.planned(draft))
        except ChangedMeanwhile as meanwhile:
            return await self._overtaken(meanwhile)

    async def apply(self, request: web.Request) -> web.Response:
        """POST the same and a message: 200 once it is in force, 422 with its problems, 409 as above."""
        agent = await self._admitted(request)
        draft = await _draft(request)
        try:
            return web.json_response(await self._board.applied(agent, draft))
        except ChangedMeanwhile as meanwhile:
            return await self._overtaken(meanwhile)
        except HasProblems as wrong:
            text = draft.get("text", "") if isinstance(draft, dict) else ""
            return web.json_response({"error": error_json(wrong), "problems": placed(wrong.problems, text)}, status=422)

    async def _admitted(self, request: web.Request) -> Any:
        """Return who changes the centre. The cookie is same-site; another site's page is refused by its origin too."""
        if is_foreign(request, self._origins):
            raise web.HTTPForbidden(text="this is for the service's own pages only")
        return await self._log_in.allowed(request, Deed.EDIT_CENTRE)

    async def _overtaken(self, meanwhile: ChangedMeanwhile) -> web.Response:
        since = await self._board.since(meanwhile.base)
        return web.json_response({"error": error_json(meanwhile), **since}, status=409)


async def _draft(request: web.Request) -> Any:
    return await request.clone(client_max_size=LARGEST_DRAFT).json()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NoSuch("there is no such version")
    return int(text)
