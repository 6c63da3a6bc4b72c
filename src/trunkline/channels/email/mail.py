"""An email taken apart (RFC 5322, 2045, 2047, 2231), whatever it is: nothing raises, and nothing of it is lost.

Built on the standard library's lenient parser. Its policies that understand headers raise on broken ones and take
minutes for hostile ones, so that headers are read here, as far as they can be.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import StartBoundaryNotFoundDefect
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses
from functools import cached_property
from inspect import signature
from typing import Any

from trunkline.core.mail_address import is_mail_address

log = logging.getLogger(__name__)

MOST_PARTS = 500
"""A mail of more parts than that is not taken apart any further: the rest of it is one part."""
LONGEST_HEADER = 20_000
"""So much of a header is looked at, in characters."""
MOST_LINES_IN_MULTIPARTS = 300_000
"""Multiparts that stand in each other cost the parser their number times all lines, parts a little each. What is more
than this, or has more parts, is no letter."""
MOST_SEPARATORS = 2_000
_LONGEST_DECLARATION = 4_000
MOST_PEOPLE = 200
# Since 3.11.10, 3.12.6 and 3.13 the library gives up on a whole header where one of its addresses is odd.
_LENIENT: dict[str, Any] = {"strict": False} if "strict" in signature(getaddresses).parameters else {}
_IDS = re.compile(r"<([^<>\s]{1,998})>")
_CONTROLS = tuple(map(chr, (*range(9), 11, 12, *range(14, 32), 127)))
_UNSAFE_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True, slots=True)
class Person:
    """Who is named in a header: their address in lower case, and by what name."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What is in a mail beside its words: a file, or a picture that its HTML shows by `inline`."""

    number: int
    name: str
    type: str
    data: bytes
    inline: str = ""
    """Its Content-ID without angle brackets."""


@dataclass(frozen=True)
class Mail:
    """A mail. `text` and `html` are what it says; `html` is as it came, and nothing to show."""

    headers: "Headers"
    text: str
    html: str | None
    parts: tuple[Part, ...]
    root: Message

    @cached_property
    def subject(self) -> str:
        """Return its subject in one line."""
        return " ".join(self.headers.one("Subject").split())

    @cached_property
    def message_id(self) -> str:
        """Return its Message-ID without angle brackets, empty where it has none."""
        return next(iter(self.headers.ids("Message-ID")), "")

    @cached_property
    def from_(self) -> Person:
        """Return who wrote it; nobody's address is empty."""
        return next(iter(self.headers.people("From") or self.headers.people("Sender")), Person(""))

    @cached_property
    def answers_go_to(self) -> tuple[Person, ...]:
        """Return to whom an answer goes."""
        return self.headers.people("Reply-To") or ((self.from_,) if self.from_.address else ())

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """Return the Message-IDs that it answers, the nearest first."""
        return tuple(dict.fromkeys((*self.headers.ids("In-Reply-To"), *reversed(self.headers.ids("References")))))


class Headers:
    """The headers of a message, read one by one as they are asked for."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def raw(self, name: str) -> list[str]:
        """Return every header of a name as it stands there, unfolded."""
        with suppress(Exception):  # the library's own reading of broken headers
            return [_unfolded(str(value)) for value in self._message.get_all(name, [])]
        return []

    def one(self, name: str) -> str:
        """Return the first header of a name, decoded; empty where there is none."""
        return next((decoded(value) for value in self.raw(name)), "")

    def ids(self, name: str) -> tuple[str, ...]:
        """Return the message ids in the headers of a name."""
        return tuple(dict.fromkeys(each for value in self.raw(name) for each in _IDS.findall(value)))

    def people(self, name: str) -> tuple[Person, ...]:
        """Return the people in the headers of a name."""
        found: dict[str, Person] = {}
        for value in self.raw(name):
            with suppress(Exception):
                for words, address in getaddresses([value], **_LENIENT):
                    plain = address.strip().strip("<>").lower()
                    if is_mail_address(plain) and len(found) < MOST_PEOPLE:
                        found.setdefault(plain, Person(plain, " ".join(decoded(words).split())[:200]))
        return tuple(found.values())


def read_mail(raw: bytes) -> Mail:
    """Return a mail taken apart."""
    try:
        if not _is_endless(raw):
            root = message_from_bytes(raw)
            text, html, parts = _taken_apart(root)
            if _was_cut(root):
                parts = (*parts, Part(len(parts) + 1, "mail.eml", "message/rfc822", raw))
            if text or html or parts:
                return Mail(Headers(root), text, html, parts, root)
            # Words that stand in no part of it, if there are any.
            return Mail(Headers(root), _letters_of(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1]), None, (), root)
    except Exception:  # RecursionError too
        log.info("a mail cannot be taken apart", exc_info=True)
    # What no program can read is shown as it is.
    root = _unreadable(raw)
    return Mail(Headers(root), _letters_of(raw), None, (Part(1, "mail.eml", "message/rfc822", raw),), root)


def decoded(value: str) -> str:
    """Return a header with its encoded words read (RFC 2047); what cannot be read stays as it stands."""
    if "=?" not in value:
        return _printable(value)
    try:
        return _printable("".join(_word(word, charset) for word, charset in decode_header(value)))
    except Exception:
        return _printable(value)


def words_of(data: bytes, charset: str | None) -> str:
    """Return bytes as text by the charset that they are said to have, or by one that fits."""
    for name in (charset, "utf-8"):
        with suppress(LookupError, UnicodeError, ValueError):
            if name:
                return data.decode(name)
    return data.decode("cp1252", "replace")


def file_name(text: str, fallback: str) -> str:
    """Return a name under which a file can be kept anywhere, its ending included."""
    plain = _UNSAFE_IN_NAMES.sub("_", " ".join(text.split())).strip(" .")
    if len(plain) <= 120:
        return plain or fallback
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: 119 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else plain[:120]


# --- taking apart ----------------------------------------------------------------------------------------------------


def _is_endless(raw: bytes) -> bool:
    """Whether this would take a parser without end, or nearly."""
    multiparts = raw.count(b"boundary=")
    if not multiparts:
        return False
    return multiparts * raw.count(b"\n") > MOST_LINES_IN_MULTIPARTS or raw.count(b"\n--") > MOST_SEPARATORS


def _taken_apart(root: Message) -> tuple[str, str | None, tuple[Part, ...]]:
    texts: list[str] = []
    htmls: list[str] = []
    parts: list[Part] = []
    for leaf in _leaves(root):
        kind = _safe(leaf.get_content_type, "application/octet-stream")
        data = _content(leaf)
        is_body = not _is_attached(leaf)
        if is_body and kind == "text/plain":
            texts.append(_printable(words_of(data, _charset(leaf))))
        elif is_body and kind == "text/html" and not htmls:
            htmls.append(words_of(data, _charset(leaf)))
        elif data or _name(leaf):
            number = len(parts) + 1
            parts.append(Part(number, _name_of(leaf, kind, number), kind, data, _content_id(leaf)))
    for rest in _after_the_end(root):
        parts.append(Part(len(parts) + 1, f"after-the-end-{len(parts) + 1}.txt", "text/plain", rest))
    text = "\n\n".join(filter(None, (each.strip("\r\n") for each in texts)))
    return text.replace("\r\n", "\n"), htmls[0] if htmls else None, tuple(parts)


def _leaves(root: Message) -> Iterator[Message]:
    """Yield what is no multipart any more, in its order; a mail in a mail is one leaf."""
    stack, seen = [root], 0
    while stack:
        message = stack.pop()
        _shorten_declarations(message)
        payload = message.get_payload()
        if message.get_content_maintype() == "multipart" and isinstance(payload, list) and seen < MOST_PARTS:
            stack.extend(part for part in reversed(payload) if isinstance(part, Message))
        else:
            seen += 1
            yield message


def _shorten_declarations(message: Message) -> None:
    """Cut what a part says of itself: the library takes each of a thousand parameters apart each time it is asked."""
    for name in ("Content-Type", "Content-Disposition"):
        for value in _safe(lambda: message.get_all(name, []), ()):  # noqa: B023 - asked at once
            if len(str(value)) > _LONGEST_DECLARATION:
                message.replace_header(name, str(value)[:_LONGEST_DECLARATION])


def _was_cut(root: Message) -> bool:
    """Whether the library has thrown lines away: those behind an end for which there was no beginning."""
    stack = [root]
    while stack:
        message = stack.pop()
        if any(isinstance(defect, StartBoundaryNotFoundDefect) for defect in message.defects):
            return True
        payload = message.get_payload()
        if isinstance(payload, list):
            stack.extend(part for part in payload if isinstance(part, Message))
    return False


def _after_the_end(root: Message) -> Iterator[bytes]:
    """Yield what stands behind the last boundary of a multipart, where nobody looks, and before one without parts."""
    stack = [root]
    while stack:
        message = stack.pop()
        payload = message.get_payload()
        if isinstance(payload, list):
            stack.extend(part for part in payload if isinstance(part, Message))
        for words in (message.epilogue, message.preamble if payload == [] else None):
            if words and words.strip():
                yield words.encode("utf-8", "surrogateescape")


def _content(leaf: Message) -> bytes:
    payload = leaf.get_payload()
    if isinstance(payload, list):  # message/rfc822, or a multipart too many
        return b"\r\n".join(_safe(each.as_bytes, b"") for each in payload if isinstance(each, Message))
    data = _safe(lambda: leaf.get_payload(decode=True), None)
    if isinstance(data, bytes):
        return data
    return str(payload or "").encode("utf-8", "surrogateescape")


def _is_attached(leaf: Message) -> bool:
    return _safe(leaf.get_content_disposition, None) == "attachment" or bool(_name(leaf))


def _charset(leaf: Message) -> str | None:
    charset: str | None = _safe(leaf.get_content_charset, None)
    return charset


def _content_id(leaf: Message) -> str:
    return str(_safe(lambda: leaf.get("Content-ID", ""), "")).strip().strip("<>")[:998]


def _name(leaf: Message) -> str:
    value = _safe(lambda: leaf.get_param("filename", None, "content-disposition") or leaf.get_param("name"), None)
    return decoded(_safe(lambda: collapse_rfc2231_value(value), "")) if value else ""


def _name_of(leaf: Message, kind: str, number: int) -> str:
    ending = {"message/rfc822": ".eml", "text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html"}.get(kind)
    if ending is None and kind.startswith("image/"):
        ending = f".{kind.removeprefix('image/')[:5]}"
    return file_name(_name(leaf), f"part-{number}{ending or ''}")


def _safe(ask: Callable[[], Any], otherwise: Any) -> Any:
    """Return what the library says, or something else where a broken header makes it raise."""
    try:
        return ask()
    except Exception:
        return otherwise


def _word(word: str | bytes, charset: str | None) -> str:
    return word if isinstance(word, str) else words_of(word, charset)


def _unfolded(value: str) -> str:
    text = value.replace("\r", "").replace("\n", "")[:LONGEST_HEADER]
    if text.isascii():
        return text
    # What is not ASCII came raw, which RFC 6532 allows in UTF-8.
    return words_of(text.encode("utf-8", "surrogateescape"), None)


def _printable(text: str) -> str:
    # One after the other: a hundred kilobytes may be unpacked into six times as many zeros, each a match of a pattern.
    for control in _CONTROLS:
        text = text.replace(control, "\ufffd")
    return text.encode("utf-8", "replace").decode()


def _letters_of(raw: bytes) -> str:
    return _printable(words_of(raw, None)).replace("\r\n", "\n")


def _unreadable(raw: bytes) -> Message:
    """Return at least the headers."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    try:
        return message_from_bytes(head[:200_000] + b"\r\n\r\n")
    except Exception:
        return Message()


def summary(people: Sequence[Person]) -> list[dict[str, str]]:
    """Return people as JSON has them."""
    return [{"address": each.address, "name": each.name} for each in people]
