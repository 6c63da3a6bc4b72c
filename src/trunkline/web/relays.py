"""GET /api/relays: by which relay an agent's browser may be heard, with a password of its own that expires."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from trunkline.core.ids import AgentId
from trunkline.web.log_in import LogIn


class RelaysDoor:
    """The relays for whoever is logged in; none where the centre has none."""

    def __init__(self, relays: Callable[[AgentId], Sequence[Mapping[str, Any]]], log_in: LogIn) -> None:
        self._relays = relays
        self._log_in = log_in

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/api/relays", self.shown)]

    async def shown(self, request: web.Request) -> web.Response:
        """Answer with all of them."""
        agent = await self._log_in.agent_of(request)
        return web.json_response({"relays": self._relays(agent)}, headers={"Cache-Control": "no-store"})
