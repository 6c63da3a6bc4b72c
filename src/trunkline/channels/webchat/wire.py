"""What a visitor's page and we say to each other: JSON over a websocket (docs/chat-protocol.md). Nothing here waits."""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from trunkline.core.errors import Rejected
from trunkline.core.ids import MessageId
from trunkline.core.message import LONGEST_MESSAGE, Message, Side

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BadFrame(Rejected):
    """A page sent what no page of ours sends; the text says what."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame: the token that this browser was given before, and who the site says it is, if they have them."""

    token: str | None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """The visitor wrote this. `key` is the page's own name of it: it says it again under the same one until taken."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Writing:
    """The visitor is writing."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The visitor has closed the conversation, not just the page."""


Frame = Hello | Say | Writing | Leave


def frame_of(text: str) -> Frame:
    """Return what a page sent; raises BadFrame."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    match told:
        case {"type": "hello"}:
            token, identity = told.get("visitor"), told.get("identity")
            return Hello(
                token if isinstance(token, str) and _TOKEN.fullmatch(token) else None,
                identity if isinstance(identity, str) else None,
            )
        case {"type": "say", "id": str(key), "text": str(said)} if _KEY.fullmatch(key):
            said = said.strip()
            if not 0 < len(said) <= LONGEST_MESSAGE:
                raise BadFrame(f"a message has 1 to {LONGEST_MESSAGE} characters")
            return Say(key, said)
        case {"type": "writing"}:
            return Writing()
        case {"type": "leave"}:
            return Leave()
    raise BadFrame("no such frame")


def new_token() -> str:
    """Return a visitor's secret: whoever has it reads and goes on with what they wrote (256 random bits)."""
    return secrets.token_urlsafe(32)


def address_of(token: str) -> str:
    """Return the address of who has a token. It is stored and shown to agents, and does not tell the token."""
    return "visitor-" + hashlib.sha256(token.encode()).hexdigest()[:24]


def is_origin(text: str) -> bool:
    """Whether a text is a site as browsers name it in `Origin` (RFC 6454): scheme, host and port, and no more."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    named = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return parts.scheme in ("http", "https") and bool(host) and text == named


# --- what we say -----------------------------------------------------------------------------------------------------


def welcome(token: str, title: str, messages: Sequence[Mapping[str, Any]], *, known: bool) -> str:
    """Return the answer to hello: the whole conversation so far, and the token to come back with.

    `known`: it is known who they are, as the site says.
    """
    return _json({"type": "welcome", "visitor": token, "title": title, "known": known, "messages": messages})


def message(shown: Mapping[str, Any]) -> str:
    """Return a new message."""
    return _json({"type": "message", "message": shown})


def taken(key: str, id_: MessageId) -> str:
    """Return that what the page said is safe, and under which id it stands in the thread."""
    return _json({"type": "taken", "id": key, "message": id_})


def refused(key: str, why: str) -> str:
    """Return that what the page said was not taken: `too_fast` and `later` are to be said again after a while."""
    return _json({"type": "refused", "id": key, "why": why})


def writing(by: str) -> str:
    """Return that an agent of this name is writing."""
    return _json({"type": "writing", "by": by})


def over() -> str:
    """Return that nobody here reads on; what is written next begins anew."""
    return _json({"type": "over"})


def shown(written: Message, by: str = "") -> Mapping[str, Any]:
    """Return a message as a page shows it. Visitors learn an agent's name, and nothing else of them."""
    return {
        "id": written.id,
        "at": written.at.isoformat(),
        "side": written.side.value,
        "text": written.text,
        "by": by if written.side is Side.AGENT else "",
        "choices": [choice.label for choice in written.choices],
        "keyboard": written.keyboard,
        "hidden": written.hidden,
    }


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
