"""What a provider with Twilio's interface and we say to each other (Twilio's API of 2010-04-01). Nothing here waits.

Requests to us are forms with a signature: https://www.twilio.com/docs/usage/security#validating-requests
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from trunkline.core.errors import Rejected, Unavailable
from trunkline.core.outgoing import Delivery
from trunkline.ports.channel import NotTaken, Refused

LONGEST_BODY = 1600
"""Characters that one message may have."""
API_VERSION = "2010-04-01"

_STATES: Mapping[str, Delivery] = {
    "queued": Delivery.SENT, "accepted": Delivery.SENT, "scheduled": Delivery.SENT, "sending": Delivery.SENT,
    "sent": Delivery.SENT, "delivered": Delivery.DELIVERED, "read": Delivery.DELIVERED,
    "undelivered": Delivery.FAILED, "failed": Delivery.FAILED, "canceled": Delivery.FAILED,
}  # fmt: skip
_OPTED_OUT = 21610
_LATER = frozenset({20003, 20005, 20429, 21611, 30001})
"""Codes that say nothing of the message: who we are, how much at once."""
_PORTS = {"https": 443, "http": 80}


class BadRequest(Rejected):
    """A request that no provider of ours sends; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Received:
    """Somebody sent this to a number of ours. `media` are the addresses and kinds of pictures and the like."""

    id: str
    from_: str
    to: str
    text: str
    media: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How far a message of ours has come."""

    state: Delivery
    why: str | None


def signature(token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """Return the signature of a request: HMAC-SHA1 of the address and the sorted form, in base64."""
    return _signed(token, url, _written(form))


def is_signed(token: str, url: str, form: Sequence[tuple[str, str]], given: str) -> bool:
    """Whether a signature is that of a request to this address; the provider may have signed its port or not."""
    written, said = _written(form), given.encode(errors="replace")
    return any(
        hmac.compare_digest(_signed(token, each, written).encode(), said) for each in _with_and_without_port(url)
    )


def received(form: Mapping[str, str]) -> Received:
    """Return what a form says that tells of a message; raises BadRequest."""
    id_, from_, to = form.get("MessageSid") or form.get("SmsSid", ""), form.get("From", ""), form.get("To", "")
    if not (0 < len(id_) <= 64 and 0 < len(from_) <= 64 and to):
        raise BadRequest("MessageSid, From and To are missing")
    try:
        count = min(int(form.get("NumMedia", "0") or "0"), 20)
    except ValueError:
        raise BadRequest("NumMedia is no number") from None
    media = tuple(
        (form[f"MediaUrl{number}"], form.get(f"MediaContentType{number}", ""))
        for number in range(count)
        if f"MediaUrl{number}" in form
    )
    return Received(id_, from_, to, form.get("Body", ""), media)


def media_details(got: Received) -> Mapping[str, Any]:
    """Return what the desk shows of the files of a message, and where the provider keeps them."""
    if not got.media:
        return {}
    files = [
        {"number": number, "name": f"file-{number}{_ending(kind)}", "type": kind, "size": 0}
        for number, (_, kind) in enumerate(got.media, 1)
    ]
    return {"files": files, "media": [url for url, _ in got.media]}


def is_ours_to_fetch(url: str, api: str) -> bool:
    """Whether a file is where the provider keeps them: whoever forged its address would have us look around in here."""
    wanted, there = urlsplit(url), urlsplit(api)
    if (wanted.scheme, wanted.netloc) == (there.scheme, there.netloc):
        return True
    hosts = (wanted.hostname or "", there.hostname or "")
    return wanted.scheme == "https" and all(host.endswith(".twilio.com") for host in hosts)


def _ending(kind: str) -> str:
    main, _, sub = kind.partition("/")
    return f".{sub[:5]}" if main in ("image", "video", "audio") and sub.isalnum() else ""


def status(form: Mapping[str, str]) -> Status | None:
    """Return what a form says that tells of a message of ours; None for a state that is not known."""
    state = _STATES.get(form.get("MessageStatus") or form.get("SmsStatus", ""))
    if state is None:
        return None
    code = form.get("ErrorCode", "")
    return Status(state, _why(code, form.get("ErrorMessage", "")) if state is Delivery.FAILED else None)


def message_form(
    *, to: str, sender: str, text: str, callback: str | None, media: Sequence[str] = ()
) -> Sequence[tuple[str, str]]:
    """Return the form that sends a message; `sender` is a number, or the id of a messaging service.

    `media` are the addresses at which the provider fetches pictures.
    """
    by = ("MessagingServiceSid", sender) if sender.startswith("MG") else ("From", sender)
    told = [("StatusCallback", callback)] if callback else []
    return [("To", to), by, ("Body", text), *told, *(("MediaUrl", each) for each in media)]


def taken(status_code: int, body: bytes, retry_after: str | None) -> str:
    """Return the id of a message that was sent; raises NotTaken, Refused, and Unavailable where the answer is none."""
    answer = _json(body)
    if status_code in (200, 201) and isinstance(sid := answer.get("sid"), str) and sid:
        return sid
    code, words = answer.get("code"), str(answer.get("message", ""))[:200]
    why = _why(str(code) if code else str(status_code), words)
    if status_code in {429, 503}:
        raise NotTaken(why, again_in=_pause(retry_after))
    if status_code in {401, 403, 404, 408, 425} or code in _LATER:
        # About us, or the address of the interface: nothing that is wrong with this message.
        raise NotTaken(why)
    if 400 <= status_code < 500:
        raise Refused(why, wants_nothing=code == _OPTED_OUT)
    raise Unavailable(why)


def found(status_code: int, body: bytes, text: str, since: datetime, *, pictures: int = 0) -> str | None:
    """Return the id of a message with this text and as many pictures, sent since then, from a list; raises Unavailable.

    Several that are alike are told apart by nothing: the earliest is taken for it.
    """
    answer = _json(body)
    listed = answer.get("messages")
    if status_code != 200 or not isinstance(listed, list):
        raise Unavailable(f"the provider did not say what it has sent: {status_code}")
    ours = [
        (_at(each), each["sid"])
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("sid"), str) and each.get("body") == text
        and str(each.get("num_media") or "0") == str(pictures)
        and str(each.get("direction", "")).startswith("outbound")
        and each.get("status") not in ("failed", "undelivered", "canceled")
    ]  # fmt: skip
    # Its clock counts whole seconds, and is not ours.
    since -= timedelta(seconds=5)
    return min(((at, sid) for at, sid in ours if at is not None and at >= since), default=(None, None))[1]


def _signed(token: str, url: str, written: str) -> str:
    digest = hmac.digest(token.encode(), (url + written).encode(), sha1)
    return base64.b64encode(digest).decode()


def _written(form: Sequence[tuple[str, str]]) -> str:
    # A value that comes twice counts once.
    return "".join(f"{name}{value}" for name, value in sorted(set(form)))


@lru_cache(maxsize=256)  # receipts have an address each: those come once
def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.rsplit(":", 1)[0] if parts.port is not None else host
    ported = host if parts.port is not None else f"{host}:{_PORTS.get(parts.scheme, 443)}"
    return urlunsplit(parts._replace(netloc=bare)), urlunsplit(parts._replace(netloc=ported))


def _why(code: str, words: str) -> str:
    return f"{words or 'the provider refused it'} ({code})" if code else words or "the provider refused it"


def _pause(retry_after: str | None) -> timedelta:
    try:
        return timedelta(seconds=min(max(float(retry_after or 1), 1.0), 3600.0))
    except ValueError:
        return timedelta(seconds=1)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _at(listed: Mapping[str, Any]) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(listed.get("date_created")))
    except ValueError:
        return None
    # `-0000` is UTC as well (RFC 5322 section 3.3), which the library leaves without a zone.
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
