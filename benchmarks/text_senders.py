"""Signed webhooks as a provider with Twilio's interface sends them, by as little work as can be.

What sends shares two cores with what is measured: requests are written beforehand, and of an answer only its status and
its length are looked at.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

from trunkline.channels.sms.twilio_wire import signature

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"
_OURS = "+441632960000"


def form_of(sender: str, id_: str, text: str) -> Mapping[str, str]:
    """Return the form of a message, with what Twilio puts into each."""
    account = "AC00000000000000000000000000000000"
    return {
        "ToCountry": "GB", "SmsMessageSid": id_, "NumMedia": "0", "FromCountry": "GB", "SmsSid": id_,
        "SmsStatus": "received", "Body": text, "To": _OURS, "NumSegments": "1", "MessageSid": id_,
        "AccountSid": account, "From": sender, "ApiVersion": "2010-04-01",
    }  # fmt: skip


def number_of(conversation: int) -> str:
    """Return the telephone number of whoever has this conversation, a British mobile."""
    return f"+447712{conversation:06}"


def request_of(port: int, path: str, form: Mapping[str, str], token: str) -> bytes:
    """Return a whole request, signed by this token."""
    body = urlencode(form)
    signed = signature(token, f"http://127.0.0.1:{port}{path}", list(form.items()))
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: {signed}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Sender(asyncio.Protocol):
    """One connection that is kept, and one request at a time on it."""

    def __init__(self) -> None:
        self._read = b""
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connected(cls, port: int) -> "Sender":
        """Return one that is connected."""
        _, sender = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return sender

    def send(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; the future is the status of its answer, once all of that is here."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Go."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        # uvloop's are of no common class with asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Tell of an answer that is complete."""
        self._read += data
        head = self._read.find(_END)
        if head < 0 or self._answer is None:
            return
        length = _LENGTH.search(self._read, 0, head)
        if len(self._read) >= head + len(_END) + (int(length[1]) if length else 0):
            status, self._read = int(self._read[9:12]), b""
            self._answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits for an answer that there is none."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"the connection was cut: {exc}"))
