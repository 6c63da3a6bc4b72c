"""GET /api/writing: what agents write with, fetched once by each desk and again when it is other."""

from aiohttp import web

from trunkline.floor.replies import Replies
from trunkline.web.log_in import LogIn

_A_WEEK_S = 7 * 24 * 3600


class WritingDoor:
    """The centre's replies, and the channels whose mails have looks. The snapshot's `centre.replies` is the revision.

    Asked for by `?revision=`, they are kept by the browser: another revision has another address.
    """

    def __init__(self, replies: Replies, log_in: LogIn) -> None:
        self._replies = replies
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/api/writing", self.whole)]

    async def whole(self, request: web.Request) -> web.Response:
        """Answer with all of them."""
        await self._log_in.agent_of(request)
        asked = request.query.get("revision")
        kept = f"max-age={_A_WEEK_S}" if asked and asked == self._replies.revision else "no-store"
        headers = {"Cache-Control": f"private, {kept}", "Content-Encoding": "gzip", "Vary": "Cookie"}
        return web.Response(body=self._replies.packed(), content_type="application/json", headers=headers)
