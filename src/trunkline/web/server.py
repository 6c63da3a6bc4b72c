"""The web application: its doors, its headers, and the built desktop."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from trunkline.core.ids import InteractionId
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.permission import Deed, may
from trunkline.floor.state import Floor, NoSuch
from trunkline.ports.store import Health, Store
from trunkline.web.centre import CentreDoor
from trunkline.web.conversations import ConversationsDoor
from trunkline.web.desk_socket import DeskSocket
from trunkline.web.errors import StandingBy, errors
from trunkline.web.flows import FlowsDoor
from trunkline.web.log_in import LogIn
from trunkline.web.waiting import WaitingDoor

STATIC = Path(__file__).parent / "static"
LARGEST_BODY = 64 * 1024
_YEAR_S = 31_536_000


class Door(Protocol):
    """Something that serves requests."""

    def routes(self) -> list[web.RouteDef]:
        """Return its routes."""


class ChannelDoor(Door, Protocol):
    """The door of a channel."""

    async def close_all(self, application: web.Application, /) -> None:
        """Let everybody go: the service ends."""


def web_application(
    *,
    log_in: LogIn,
    socket: DeskSocket,
    recordings: "Recordings",
    flows: FlowsDoor,
    centre: CentreDoor,
    conversations: ConversationsDoor,
    waiting: WaitingDoor,
    channels_page: Door,
    mails: Door,
    relays: Door,
    writing: Door,
    chat_pages: Door,
    channels: Sequence[ChannelDoor],
    health: "HealthDoor",
    sip_ws_port: int,
) -> web.Application:
    """Return the application with every door; while we stand by, all but that of `health` are shut."""
    application = web.Application(middlewares=[errors, health.shut_others], client_max_size=LARGEST_BODY)
    application.on_response_prepare.append(_headers(sip_ws_port))
    application.cleanup_ctx.append(socket.looked_after)
    application.on_shutdown.extend([socket.close_all, *(each.close_all for each in channels)])
    doors: Sequence[Door] = (
        log_in,
        socket,
        recordings,
        flows,
        centre,
        conversations,
        waiting,
        channels_page,
        mails,
        relays,
        writing,
        chat_pages,
        *channels,
        health,
    )
    for door in doors:
        application.add_routes(door.routes())
    application.add_routes([web.get("/", _index)])
    if (STATIC / "assets").is_dir():
        application.router.add_static("/assets", STATIC / "assets", append_version=False)
    return application


class HealthDoor:
    """GET /healthz: ready only when every part is, and which is not; which flows serve, and the promise of routing.

    The providers of channels are told of too. One that fails is no reason to take calls elsewhere.

    `role` is `active`, or `standby` while another process serves: then everything else is answered with 503.
    """

    def __init__(
        self,
        parts: Callable[[], Mapping[str, Health]],
        flows: Callable[[], Mapping[str, Any]],
        providers: Callable[[], Mapping[str, Health]],
        *,
        serving: Callable[[], bool],
        routing: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._routing = routing
        self._parts = parts
        self._flows = flows
        self._providers = providers
        self._serving = serving

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/healthz", self.health)]

    async def health(self, _request: web.Request) -> web.Response:
        """Answer 200 when all is ready, else 503; the parts say why."""
        parts = self._parts()
        ready = all(part.ready for part in parts.values())
        body = {
            "ready": ready,
            "role": "active" if self._serving() else "standby",
            "parts": _told(parts),
            "providers": _told(self._providers()),
            "flows": self._flows(),
            "routing": self._routing(),
        }
        return web.json_response(body, status=200 if ready else 503)

    @web.middleware
    async def shut_others(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse whoever should be with the process that serves."""
        if not self._serving() and request.path != "/healthz":
            raise StandingBy
        return await handler(request)


def _told(parts: Mapping[str, Health]) -> Mapping[str, Mapping[str, object]]:
    return {name: {"ready": part.ready, "detail": part.detail} for name, part in parts.items()}


class Recordings:
    """GET /api/interactions/ID/voicemail: for agents of its queue, and each listening is in the journal."""

    def __init__(self, floor: Floor, store: Store, log_in: LogIn, folder: Path) -> None:
        self._floor = floor
        self._store = store
        self._log_in = log_in
        self._folder = folder

    def routes(self) -> list[web.RouteDef]:
        """Return the door."""
        return [web.get("/api/interactions/{id}/voicemail", self.voicemail)]

    async def voicemail(self, request: web.Request) -> web.StreamResponse:
        """Send the recording, in ranges where the browser asks for them."""
        agent = self._floor.agent(await self._log_in.agent_of(request))
        id_ = _interaction_id(request.match_info["id"])
        interaction = self._floor.interactions.get(id_) or await self._store.interaction(id_)
        if interaction is None or interaction.voicemail is None:
            raise NoSuch("there is no such voicemail")
        in_queue = interaction.entry is not None and interaction.entry.queue in agent.queues
        if not in_queue and not may(agent, Deed.HEAR_EVERY_VOICEMAIL):
            raise NoSuch("there is no such voicemail")
        file = self._folder / Path(interaction.voicemail.file).name
        if not file.is_file():
            raise NoSuch("the recording of this voicemail is not here any more")
        if "Range" not in request.headers or request.headers["Range"].startswith("bytes=0-"):
            at = self._floor.clock.now()
            self._floor.commit(journal=[JournalEntry(Happened.RECORDING_PLAYED, at, id_, agent.id)])
        return web.FileResponse(file, headers={"Content-Type": "audio/wav", "Cache-Control": "private, no-store"})


def _interaction_id(text: str) -> InteractionId:
    """Return the id in a path; what cannot be one is not looked for."""
    try:
        return InteractionId(str(UUID(text)))
    except ValueError:
        raise NoSuch("there is no such voicemail") from None


async def _index(_request: web.Request) -> web.StreamResponse:
    page = STATIC / "index.html"
    if not page.is_file():
        text = "The desktop is not built yet: run `make desktop`."
        return web.Response(status=503, text=text)
    return web.FileResponse(page, headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=64)
def _policy(authority: str, sip_ws_port: int) -> str:
    """Return what a page of ours may load, when it was asked for at this host and port."""
    host = authority.rpartition(":")[0] if not authority.endswith("]") else authority
    host = host or authority
    sip = f"ws://{host}:{sip_ws_port} wss://{host}:{sip_ws_port}"
    return (
        f"default-src 'self'; connect-src 'self' ws://{authority} wss://{authority} {sip}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def _headers(sip_ws_port: int) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return what sets the headers of every answer, refusals too: our own scripts only, our sockets and Asterisk's."""

    async def dress(request: web.Request, response: web.StreamResponse) -> None:
        if isinstance(response, web.WebSocketResponse):
            return  # no browser asks a socket what a page may do, and each keeps its headers for as long as it is open
        response.headers.setdefault("Content-Security-Policy", _policy(request.host, sip_ws_port))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "microphone=(self), camera=()")
        if request.raw_path.startswith("/assets/") and response.status < 400:
            response.headers.setdefault("Cache-Control", f"public, max-age={_YEAR_S}, immutable")

    return dress
