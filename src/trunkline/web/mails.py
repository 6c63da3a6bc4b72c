"""Mails for the desk: their HTML made safe, what is attached to them, and what agents attach."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from trunkline.core.agent import Agent
from trunkline.core.errors import Rejected
from trunkline.core.ids import MessageId
from trunkline.core.interaction import Interaction
from trunkline.core.permission import Deed, may
from trunkline.floor.attaching import LARGEST_FILES, Attaching
from trunkline.floor.state import Floor, NoSuch
from trunkline.floor.text_desk import LONGEST_LETTER
from trunkline.floor.view import is_on_desk_of
from trunkline.ports.files import served_as
from trunkline.ports.mails import KeptMail, MailPart, Mails, MailViewer
from trunkline.ports.store import Store
from trunkline.web.log_in import LogIn
from trunkline.web.origin import is_foreign

FileOf = Callable[[str, Mapping[str, Any], int], Awaitable[MailPart | None]]
"""Returns a file of a message: by its channel, its details and the file's number."""
_PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
LARGEST_PREVIEW = 384 * 1024
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><base target="_blank"><style>
body {{ margin: 16px; font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff;
  overflow-wrap: anywhere; }}
img {{ max-width: 100%; height: auto; }} pre {{ white-space: pre-wrap; font: inherit; }}
blockquote {{ margin: 8px 0; padding-left: 12px; border-left: 3px solid #d0d5db; color: #57606a; }}
</style></head><body>{html}</body></html>
"""


class MailsDoor:
    """GET /api/mails/ID, …/page, …/parts/N and …/raw; GET /api/messages/ID/files/N.

    GET and POST /api/files; POST /api/mails/preview.
    """

    def __init__(
        self,
        floor: Floor,
        store: Store,
        mails: Mails,
        viewer: MailViewer,
        log_in: LogIn,
        *,
        file_of: FileOf,
        attaching: Attaching,
        origins: frozenset[str] = frozenset(),
    ) -> None:
        self._floor = floor
        self._store = store
        self._mails = mails
        self._viewer = viewer
        self._file_of = file_of
        self._attaching = attaching
        self._log_in = log_in
        self._origins = origins

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [
            web.get("/api/mails/{id}", self.told),
            web.get("/api/mails/{id}/page", self.page),
            web.get("/api/mails/{id}/raw", self.raw),
            web.get("/api/mails/{id}/parts/{number:[0-9]{1,4}}", self.part),
            web.get("/api/messages/{id}/files/{number:[0-9]{1,4}}", self.brought),
            web.post("/api/files", self.attach),
            web.get("/api/files", self.rule),
            web.post("/api/mails/preview", self.preview),
        ]

    async def told(self, request: web.Request) -> web.Response:
        """Answer with how many pictures a mail would load from elsewhere."""
        page = await self._viewer.page((await self._mail(request)).raw, remote=False)
        return web.json_response({"remote": page.remote}, headers=_PRIVATE)

    async def page(self, request: web.Request) -> web.Response:
        """Send a mail as a page that can do nothing; with `?remote=yes` it loads pictures from elsewhere."""
        remote = request.query.get("remote") == "yes"
        page = await self._viewer.page((await self._mail(request)).raw, remote=remote)
        far = " https: http:" if remote else ""
        policy = (
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
            f"img-src data:{far}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        headers = {**_PRIVATE, "Content-Security-Policy": policy}
        return web.Response(text=_PAGE.format(html=page.html), content_type="text/html", headers=headers)

    async def raw(self, request: web.Request) -> web.Response:
        """Send a mail as it came."""
        mail = await self._mail(request)
        return _file(f"mail-{mail.id}.eml", "message/rfc822", mail.raw)

    async def part(self, request: web.Request) -> web.Response:
        """Send what is attached to a mail."""
        mail = await self._mail(request)
        part = await self._viewer.part(mail.raw, int(request.match_info["number"]))
        if part is None:
            raise NoSuch("nothing of that number is attached to this mail")
        return _file(part.name, part.type, part.data)

    async def attach(self, request: web.Request) -> web.Response:
        """Keep what an agent attaches; the answer has its id. With `?channel=` it is as that channel takes it."""
        if is_foreign(request, self._origins):
            raise web.HTTPForbidden(text="this is for the service's own pages only")
        agent = await self._log_in.agent_of(request)
        if (request.content_length or 0) > LARGEST_FILES:
            raise web.HTTPRequestEntityTooLarge(LARGEST_FILES, request.content_length or 0)
        data = bytearray()
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > LARGEST_FILES:
                raise web.HTTPRequestEntityTooLarge(LARGEST_FILES, len(data))
        kind = request.content_type if _TYPE.fullmatch(request.content_type) else "application/octet-stream"
        name = " ".join(request.query.get("name", "").split())[:200] or "file"
        file = await self._attaching.attach(agent, name, kind, bytes(data), channel=request.query.get("channel"))
        return web.json_response({"id": file.id, "name": file.name, "type": file.type, "size": len(data)}, status=201)

    async def rule(self, request: web.Request) -> web.Response:
        """Answer with what files a channel takes, and with why it takes none."""
        await self._log_in.agent_of(request)
        rule = self._attaching.rule(request.query.get("channel", ""))
        told = {"most": rule.most, "largest": rule.largest, "types": sorted(rule.types), "why_not": rule.why_not}
        return web.json_response(told, headers=_PRIVATE)

    async def preview(self, request: web.Request) -> web.Response:
        """POST {text}: the page that a mail of this text would show."""
        if is_foreign(request, self._origins):
            raise web.HTTPForbidden(text="this is for the service's own pages only")
        await self._log_in.agent_of(request)
        said = await request.clone(client_max_size=LARGEST_PREVIEW).json()
        text = said.get("text") if isinstance(said, dict) else None
        if not isinstance(text, str) or len(text) > LONGEST_LETTER:
            raise Rejected(f"text must be text of at most {LONGEST_LETTER} characters")
        page = await self._viewer.preview(text)
        return web.json_response({"page": _PAGE.format(html=page.html)}, headers=_PRIVATE)

    async def brought(self, request: web.Request) -> web.Response:
        """Send a file that stands at a message, from the channel that brought it."""
        id_, interaction = await self._readable(request)
        message = await self._store.message(id_)
        file = None
        if message is not None:
            file = await self._file_of(interaction.dialled, message.details, int(request.match_info["number"]))
        if file is None:
            raise NoSuch("nothing of that number is at this message")
        return _file(file.name, file.type, file.data)

    async def _mail(self, request: web.Request) -> KeptMail:
        id_, _ = await self._readable(request)
        mail = await self._mails.mail(id_)
        if mail is None:
            raise NoSuch("there is no such mail")
        return mail

    async def _readable(self, request: web.Request) -> tuple[MessageId, Interaction]:
        """Return which message is asked for, and its interaction, to an agent who has it, or whose queue it is in."""
        agent = self._floor.agent(await self._log_in.agent_of(request))
        try:
            id_ = MessageId(str(UUID(request.match_info["id"])))
        except ValueError:
            raise NoSuch("there is no such mail") from None
        where = await self._store.message_interaction(id_)
        live = self._floor.interactions.get(where) if where is not None else None
        interaction = live or (await self._store.interaction(where) if where is not None else None)
        if interaction is None or not _may_read(agent, interaction):
            raise NoSuch("there is no such mail")
        return id_, interaction


def _may_read(agent: Agent, interaction: Interaction) -> bool:
    # Who left to be called waits no more, and those who call them read on.
    entry = interaction.entry or interaction.place
    in_queue = entry is not None and entry.queue in agent.queues
    return in_queue or is_on_desk_of(interaction, agent.id) or may(agent, Deed.READ_EVERY_MAIL)


def _file(name: str, kind: str, data: bytes) -> web.Response:
    """Return a file as one that nothing runs in."""
    content_type, headers = served_as(name, kind)
    return web.Response(body=data, content_type=content_type, headers={**headers, **_PRIVATE})
