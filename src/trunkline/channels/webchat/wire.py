"""What a visitor's page and we say to each other: JSON over a websocket (docs/chat-protocol.md). Nothing here waits."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from trunkline.core.errors import Rejected
from trunkline.core.ids import MessageId
from trunkline.core.message import LONGEST_MESSAGE, Message, Side

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
MOST_IN_ONE = 5
"""Files that go in one message."""
_LONGEST_ADDRESS = 320


class BadFrame(Rejected):
    """A page sent what no page of ours sends; the text says what."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame: the token that this browser was given before, and who the site says it is, if they have them."""

    token: str | None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """The visitor wrote this. `key` is the page's own name of it: it says it again under the same one until taken.

    `files` are ids of what it has brought; a message of files needs no text.
    """

    key: str
    text: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """The visitor has had this message of an agent's before their eyes, and all before it."""

    message: MessageId


@dataclass(frozen=True, slots=True)
class Transcript:
    """The visitor wants the conversation by mail. `key` is the page's own name of the request."""

    key: str
    to: str
    language: str


@dataclass(frozen=True, slots=True)
class Writing:
    """The visitor is writing."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The visitor has closed the conversation, not just the page."""


@dataclass(frozen=True, slots=True)
class Call:
    """The visitor wants to talk, by their browser."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The visitor does not want to talk any more, and nobody does yet."""


Frame = Hello | Say | Writing | Read | Transcript | Leave | Call | HangUp
_PLAIN: Mapping[str, type[Writing | Leave | Call | HangUp]] = {
    "writing": Writing, "leave": Leave, "call": Call, "hang_up": HangUp,
}  # fmt: skip


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
            said, files = said.strip(), _files_of(told.get("files", []))
            if not (said or files) or len(said) > LONGEST_MESSAGE:
                raise BadFrame(f"a message has 1 to {LONGEST_MESSAGE} characters")
            return Say(key, said, files)
        case {"type": "read", "message": str(message)}:
            return Read(MessageId(_uuid(message)))
        case {"type": "transcript", "id": str(key), "to": str(to)} if _KEY.fullmatch(key):
            language = told.get("language")
            return Transcript(key, to.strip()[:_LONGEST_ADDRESS], language if isinstance(language, str) else "")
        case {"type": str(kind)} if kind in _PLAIN:
            return _PLAIN[kind]()
    raise BadFrame("no such frame")


def is_token(text: str) -> bool:
    """Whether this can be a visitor's secret."""
    return _TOKEN.fullmatch(text) is not None


def _files_of(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or len(given) > MOST_IN_ONE or not all(isinstance(each, str) for each in given):
        raise BadFrame(f"files are the ids of at most {MOST_IN_ONE}")
    return tuple(dict.fromkeys(_uuid(each) for each in given))


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise BadFrame("an id is a UUID") from None


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


def welcome(
    token: str,
    title: str,
    messages: Sequence[Mapping[str, Any]],
    *,
    known: bool,
    read: MessageId | None = None,
    transcript: bool = False,
    email: str = "",
    calls: bool = False,
    call: Mapping[str, Any] | None = None,
) -> str:
    """Return the answer to hello: the whole conversation so far, and the token to come back with.

    `known`: it is known who they are, as the site says, and their `email` if it says that. `read`: up to which of their
    messages an agent has read. `transcript`: they can have it by mail. `calls`: they can talk by their browser, and
    `call` is how that stands, as `call_told` has it.
    """
    return _json({
        "type": "welcome", "visitor": token, "title": title, "known": known, "messages": messages, "read": read,
        "transcript": transcript, "email": email, "calls": calls, "call": call,
    })  # fmt: skip


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


def read(message: MessageId) -> str:
    """Return that an agent has read up to this message of theirs."""
    return _json({"type": "read", "message": message})


def transcript(key: str, why_not: str | None) -> str:
    """Return that the conversation is on its way by mail, or why it is not."""
    return _json({"type": "transcript", "id": key, "why_not": why_not})


def call_told(stage: str, account: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Return how a visitor's call stands; `account` is where their browser registers, while it is to."""
    return {"stage": stage, "account": account}


def call(told: Mapping[str, Any]) -> str:
    """Return that their call stands like this now; a stage that is none of a call's says why there is none."""
    return _json({"type": "call", "call": told})


def over() -> str:
    """Return that nobody here reads on; what is written next begins anew."""
    return _json({"type": "over"})


def shown(written: Message, by: str = "", *, address_of: Callable[[str], str] = lambda id_: id_) -> Mapping[str, Any]:
    """Return a message as a page shows it. Visitors learn an agent's name, and nothing else of them.

    `address_of` is where a file is fetched, by its id.
    """
    files = [
        {"name": each["name"], "type": each["type"], "size": each["size"], "url": address_of(each["id"])}
        for each in written.details.get("files", ())
    ]
    return {
        **({"files": files} if files else {}),
        "id": written.id,
        "at": written.at.isoformat(),
        "side": written.side.value,
        "text": written.text,
        "by": by if written.side is Side.AGENT else "",
        "choices": [choice.label for choice in written.choices],
        "keyboard": written.keyboard,
        "hidden": written.hidden,
    }


_json = json.JSONEncoder(separators=(",", ":")).encode
