"""The web chat's door for files: visitors bring them by HTTP, and fetch those of their own conversation."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from aiohttp import web

from trunkline.channels.signed import is_signed, signed_query
from trunkline.channels.webchat.wire import MOST_IN_ONE
from trunkline.core.errors import Unavailable
from trunkline.core.file_type import ENDINGS, name_for, type_of
from trunkline.core.ids import written_id_of
from trunkline.ports.clock import Clock
from trunkline.ports.files import AttachedFile, FileFacts, FileRule, Files, served_as

LARGEST_FILE = 10 * 2**20
RULE = FileRule(MOST_IN_ONE, LARGEST_FILE, frozenset(ENDINGS))
"""What goes in one message, from an agent too."""
AN_HOUR = timedelta(hours=1)
MOST_AN_HOUR, BYTES_AN_HOUR = 20, 50 * 2**20
"""What one visitor brings within an hour."""
MOST_OF_ALL, BYTES_OF_ALL = 2_000, 2 * 2**30
"""What all visitors of a channel bring within an hour: somebody could be many visitors."""
AT_ONCE, AT_ONCE_OF_ALL = 2, 12
WITHIN_S = 180.0
"""For 10 MB by a slow line."""
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FRESH_S = 86_400

AddressOf = Callable[[web.Request], str | None]
"""Returns the address of the visitor who proves to be one by a request's headers, None for anybody else."""


class ChatFiles:
    """POST /chat/NAME/files and GET /chat/NAME/files/ID."""

    def __init__(
        self,
        channel: str,
        *,
        files: Files,
        secret: bytes,
        clock: Clock,
        is_allowed: Callable[[web.Request], bool],
        address_of: AddressOf,
    ) -> None:
        """`secret` signs the addresses of files; `is_allowed` says whether a page may have this chat."""
        self._channel = channel
        self._files = files
        self._secret = secret
        self._clock = clock
        self._is_allowed = is_allowed
        self._address_of = address_of
        self._under_way: Counter[str] = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        path = f"/chat/{self._channel}/files"
        return [web.post(path, self.bring), web.options(path, self.asks), web.get(f"{path}/{{id}}", self.fetch)]

    def address(self, id_: str) -> str:
        """Return where a visitor fetches a file, below our own address."""
        query = signed_query(self._secret, self._what(id_), now=self._clock.now())
        return f"/chat/{self._channel}/files/{id_}?{query}"

    async def of(self, address: str, ids: Sequence[str]) -> Sequence[FileFacts] | None:
        """Return files that a visitor brought, None where one is not theirs; raises Unavailable."""
        found = await self._files.file_facts(ids)
        theirs = [each for each in found if (each.channel, each.address) == (self._channel, address)]
        return theirs if len(theirs) == len(ids) else None

    # --- for pages ---

    async def asks(self, request: web.Request) -> web.Response:
        """Answer a browser that asks whether a site's page may bring something (the CORS protocol of Fetch)."""
        headers = {
            **self._cors(request), "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type, x-identity", "Access-Control-Max-Age": "600",
        }  # fmt: skip
        return web.Response(status=204, headers=headers)

    async def bring(self, request: web.Request) -> web.Response:
        """Keep a file that a visitor brings, under the page's own name of it: the answer has our id of it.

        The same file again is the same one. It is in no message until the page says so.
        """
        cors = self._cors(request)
        key, address = request.query.get("id", ""), self._address_of(request)
        if not _KEY.fullmatch(key):
            raise web.HTTPBadRequest(text="`id` is the page's own name of the file", headers=cors)
        if address is None:
            raise web.HTTPUnauthorized(text="a visitor's token is needed, of one whose chat is open", headers=cors)
        id_ = written_id_of(f"{self._channel}/files", f"{address}/{key}")
        try:
            known = bool(await self._files.file_facts([id_]))
            with self._one_more(address, cors):
                if not known:
                    await self._refuse_too_many(address, request.content_length or 0, cors)
                data = await _body(request, cors)
            kind = type_of(data)
            if kind is None and not known:
                raise web.HTTPUnsupportedMediaType(text=", ".join(sorted(ENDINGS)), headers=cors)
            if not known and kind is not None:
                name = name_for(request.query.get("name", "")[:1000], kind)
                file = AttachedFile(id_, name, kind, data, channel=self._channel, address=address)
                await self._files.keep_file(file, at=self._clock.now())
            [kept] = await self._files.file_facts([id_])
        except Unavailable:
            raise web.HTTPServiceUnavailable(text="come again", headers={**cors, "Retry-After": "5"}) from None
        told = {"id": kept.id, "name": kept.name, "type": kept.type, "size": kept.size, "url": self.address(kept.id)}
        return web.json_response(told, status=200 if known else 201, headers=cors)

    async def fetch(self, request: web.Request) -> web.Response:
        """Send a file to whoever has its signed address."""
        try:
            id_ = str(UUID(request.match_info["id"]))
        except ValueError:
            raise web.HTTPNotFound from None
        if not is_signed(self._secret, self._what(id_), request.query, now=self._clock.now()):
            raise web.HTTPForbidden(text="this address is not good any more: open the chat again")
        file = await self._files.file(id_)
        if file is None:
            raise web.HTTPNotFound
        content_type, headers = served_as(file.name, file.type)
        more = {
            "Cache-Control": f"private, max-age={_FRESH_S}, immutable", "Cross-Origin-Resource-Policy": "cross-origin"
        }  # fmt: skip
        return web.Response(body=file.data, content_type=content_type, headers={**headers, **more})

    def _what(self, id_: str) -> str:
        return f"{self._channel}/{id_}"

    def _cors(self, request: web.Request) -> dict[str, str]:
        """Return the headers that let the page read the answer; raises HTTPForbidden for sites that are not named."""
        if not self._is_allowed(request):
            raise web.HTTPForbidden(text="this site may not have this chat: name it in the channels file")
        return {"Access-Control-Allow-Origin": request.headers.get("Origin", ""), "Vary": "Origin"}

    @contextmanager
    def _one_more(self, address: str, cors: dict[str, str]) -> Iterator[None]:
        """Count an upload for as long as it goes on; raises HTTPServiceUnavailable where there are too many."""
        if self._under_way[address] >= AT_ONCE or self._under_way.total() >= AT_ONCE_OF_ALL:
            raise web.HTTPServiceUnavailable(text="too many at once", headers={**cors, "Retry-After": "2"})
        self._under_way[address] += 1
        try:
            yield
        finally:
            self._under_way -= Counter([address])

    async def _refuse_too_many(self, address: str, size: int, cors: dict[str, str]) -> None:
        since = self._clock.now() - AN_HOUR
        for whose, most, largest in ((address, MOST_AN_HOUR, BYTES_AN_HOUR), (None, MOST_OF_ALL, BYTES_OF_ALL)):
            many, bytes_ = await self._files.brought_since(self._channel, whose, since=since)
            if many >= most or bytes_ + size > largest:
                raise web.HTTPTooManyRequests(
                    text=f"{MOST_AN_HOUR} files and {BYTES_AN_HOUR // 2**20} MB an hour are enough",
                    headers={**cors, "Retry-After": "900"},
                )


async def _body(request: web.Request, cors: dict[str, str]) -> bytes:
    """Return a request's body, whole; raises HTTPRequestEntityTooLarge, and HTTPRequestTimeout for a slow one."""
    if (request.content_length or 0) > LARGEST_FILE:
        raise _too_large(request.content_length or 0, cors)
    data = bytearray()
    try:
        async with asyncio.timeout(WITHIN_S):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > LARGEST_FILE:
                    raise _too_large(len(data), cors)
    except TimeoutError:
        raise web.HTTPRequestTimeout(headers=cors) from None
    return bytes(data)


def _too_large(size: int, cors: dict[str, str]) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(LARGEST_FILE, size, headers=cors)
