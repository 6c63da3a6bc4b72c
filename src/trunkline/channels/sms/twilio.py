"""Text messages by a provider with Twilio's interface: webhooks in, REST out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from trunkline.channels.carried import Carried
from trunkline.channels.signed import is_signed, signed_query
from trunkline.channels.sms import twilio_wire as wire
from trunkline.channels.sms.arriving import event_of
from trunkline.channels.sms.keywords import Keyword
from trunkline.channels.sms.segments import split
from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ChannelEvent, ConversationId, NotTaken
from trunkline.ports.clock import Clock
from trunkline.ports.files import FileRule, Files, served_as
from trunkline.ports.mails import MailPart

log = logging.getLogger(__name__)

TAKEN_WITHIN_S = 12.0
"""The provider waits 15 seconds for our answer."""
LARGEST_REQUEST = 64 * 1024
LARGEST_FILE = 20 * 2**20
LARGEST_MMS = 5 * 2**20
_MMS = frozenset({"image/png", "image/jpeg", "image/gif"})
"""What the provider fits to every telephone: https://www.twilio.com/docs/messaging/guides/accepted-mime-types"""
_NO_URL = "the provider cannot fetch pictures from here: an admin has to set TRUNKLINE_PUBLIC_URL"
_LISTED = 200
_COME_AGAIN = {"Retry-After": "5"}

Tell = Callable[[ChannelEvent], asyncio.Future[None]]
TakeReceipt = Callable[[MessageId, Delivery, str | None], Awaitable[None]]


class TwilioSms(Carried):
    """One number of ours, or one messaging service: `Channel` and `Provider`."""

    medium = "sms"
    within_s = 20.0

    def __init__(
        self,
        name: str,
        *,
        account: str,
        token: str,
        sender: str,
        api: str,
        public_url: str,
        replies: Mapping[Keyword, str],
        files: Files,
        file_secret: bytes,
        clock: Clock,
    ) -> None:
        """`public_url` is our address as the provider has it, without a slash at its end.

        `file_secret` is what we sign the addresses of pictures with.
        """
        self._files, self._file_secret = files, file_secret
        self._name = name
        self._account, self._token, self._sender = account, token, sender
        self._messages = f"{api.rstrip('/')}/{wire.API_VERSION}/Accounts/{account}/Messages.json"
        self._public_url = public_url
        self._replies = replies
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self.tell: Tell | None = None
        """Takes what people send; the service sets it once it serves."""
        self.take_receipt: TakeReceipt | None = None

    @property
    def provider(self) -> "TwilioSms":
        """It carries its own messages."""
        return self

    @property
    def files(self) -> FileRule:
        """What pictures it takes, where the provider can fetch them from us."""
        return FileRule(most=10, largest=LARGEST_MMS, types=_MMS) if self._public_url else FileRule(why_not=_NO_URL)

    def routes(self) -> list[web.RouteDef]:
        """Return the doors for the provider."""
        return [
            web.post(f"/sms/{self._name}", self.message_comes),
            web.post(f"/sms/{self._name}/status/{{id}}", self.status_comes),
            web.get(f"/sms/{self._name}/media/{{id}}", self.picture_goes),
        ]

    async def close_all(self, _: web.Application) -> None:
        """Let the provider go."""
        if self._session is not None:
            await self._session.close()

    # --- for the centre ---

    def parts(self, shown: Shown) -> Sequence[str]:
        """Return a message in pieces that the provider takes; it makes segments of each, and joins them again."""
        return split(shown.text, at_most=wire.LONGEST_BODY)

    async def deliver(self, out: Outgoing) -> str:
        """Give one message to the provider; return its own id of it."""
        callback = f"{self._public_url}/sms/{self._name}/status/{out.id}" if self._public_url else None
        pictures = [self._address_of(str(each)) for each in out.details.get("files", ())]
        form = wire.message_form(
            to=out.address, sender=self._sender, text=out.text, callback=callback, media=pictures
        )  # fmt: skip
        try:
            async with self._http().post(self._messages, data=aiohttp.FormData(form)) as answer:
                body = await answer.content.read(LARGEST_REQUEST)
                return wire.taken(answer.status, body, answer.headers.get("Retry-After"))
        except aiohttp.ClientConnectorError as error:
            raise NotTaken(f"the provider cannot be reached: {error.strerror or 'no connection'}") from error
        except aiohttp.ClientError as error:
            raise Unavailable(f"the provider did not answer: {type(error).__name__}") from error

    async def find(self, out: Outgoing) -> str | None:
        """Return the provider's id of a message that it may have taken already."""
        day = (out.at - timedelta(hours=1)).strftime("%Y-%m-%d")
        query = {"To": out.address, "DateSent>": day, "PageSize": str(_LISTED)}
        try:
            async with self._http().get(self._messages, params=query) as answer:
                return wire.found(
                    answer.status, await answer.read(), out.text, out.at, pictures=len(out.details.get("files", ()))
                )  # fmt: skip
        except aiohttp.ClientError as error:
            raise Unavailable(f"the provider did not say what it has sent: {type(error).__name__}") from error

    async def file(self, details: Mapping[str, Any], number: int) -> MailPart | None:
        """Return a picture that somebody sent, from the provider who keeps it; raises Unavailable."""
        media, files = details.get("media", ()), details.get("files", ())
        if not 0 < number <= min(len(media), len(files)):
            return None
        if not wire.is_ours_to_fetch(media[number - 1], self._messages):
            return None
        try:
            # The provider sends us on to where it is kept; our password goes nowhere but to the provider.
            async with self._http().get(media[number - 1]) as answer:
                if answer.status != 200:
                    raise Unavailable(f"the provider does not give the picture: {answer.status}")
                data = bytearray()
                async for chunk in answer.content.iter_any():
                    data += chunk
                    if len(data) > LARGEST_FILE:
                        raise Unavailable("the picture is too large")
                return MailPart(files[number - 1]["name"], answer.content_type, bytes(data))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"the provider does not give the picture: {type(error).__name__}") from error

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            headers = {"Authorization": aiohttp.encode_basic_auth(self._account, self._token)}
            self._session = aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=15, connect=5))
        return self._session

    # --- for the provider ---

    async def message_comes(self, request: web.Request) -> web.StreamResponse:
        """Take a message that somebody sent us: the answer is given once it is durable."""
        form = dict(await self._signed_form(request))
        try:
            got = wire.received(form)
        except wire.BadRequest as fault:
            raise web.HTTPBadRequest(text=str(fault)) from None
        conversation = ConversationId(self._name, got.from_)
        text = got.text or " ".join(f"[{kind or 'file'}]" for _, kind in got.media)
        await self._told(
            event_of(
                conversation, text, got.id, at=self._clock.now(), replies=self._replies, details=wire.media_details(got)
            )
        )
        return web.Response(text="<Response/>", content_type="text/xml")

    async def status_comes(self, request: web.Request) -> web.StreamResponse:
        """Take what the provider tells of a message of ours."""
        told = wire.status(dict(await self._signed_form(request)))
        if told is not None:
            if self.take_receipt is None:
                raise web.HTTPServiceUnavailable(headers=_COME_AGAIN)
            try:
                await self.take_receipt(MessageId(request.match_info["id"]), told.state, told.why)
            except Unavailable:
                raise web.HTTPServiceUnavailable(headers=_COME_AGAIN) from None
        return web.Response(status=204)

    async def picture_goes(self, request: web.Request) -> web.StreamResponse:
        """Send a picture of an agent's to whoever has its signed address, which the provider alone is given."""
        id_ = request.match_info["id"]
        if not is_signed(self._file_secret, f"{self._name}/{id_}", request.query, now=self._clock.now()):
            raise web.HTTPForbidden(text="this address is not good any more")
        file = await self._files.file(id_)
        if file is None:
            raise web.HTTPNotFound
        content_type, headers = served_as(file.name, file.type)
        return web.Response(body=file.data, content_type=content_type, headers=headers)

    def _address_of(self, id_: str) -> str:
        query = signed_query(self._file_secret, f"{self._name}/{id_}", now=self._clock.now())
        return f"{self._public_url}/sms/{self._name}/media/{id_}?{query}"

    async def _signed_form(self, request: web.Request) -> list[tuple[str, str]]:
        """Return the form of a request that the provider signed; raises what any other is answered."""
        if (request.content_length or 0) > LARGEST_REQUEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST_REQUEST, request.content_length or 0)
        body = await request.content.read(LARGEST_REQUEST + 1)
        if len(body) > LARGEST_REQUEST or not request.content.at_eof():
            raise web.HTTPRequestEntityTooLarge(LARGEST_REQUEST, len(body))
        try:
            form = parse_qsl(
                body.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=200
            )
        except ValueError:
            raise web.HTTPBadRequest(text="not a form") from None
        base = self._public_url or f"{request.scheme}://{request.host}"
        if not wire.is_signed(
            self._token, f"{base}{request.raw_path}", form, request.headers.get("X-Twilio-Signature", "")
        ):
            log.warning("a request to a channel was not signed by its provider", extra={"channel": self._name})
            raise web.HTTPForbidden(text="the signature is not this channel's: see docs/how-to/add-text-messages.md")
        return form

    async def _told(self, event: ChannelEvent) -> None:
        """Have an event taken; raises what the provider is answered where what came of it is not durable."""
        if self.tell is not None:
            try:
                async with asyncio.timeout(TAKEN_WITHIN_S):
                    await asyncio.shield(self.tell(event))
            except (Unavailable, TimeoutError):
                log.warning("a message was not taken; the provider has to give it again", extra={"channel": self._name})
            else:
                return
        raise web.HTTPServiceUnavailable(headers=_COME_AGAIN)
