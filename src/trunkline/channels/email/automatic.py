"""Mails that machines write: bounces (RFC 3464), notices that somebody is away, lists, newsletters (RFC 3834)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from trunkline.channels.email.mail import Headers, Mail

_BULK = {"bulk", "junk", "list", "auto_reply"}
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster)@|^bounces?([+-].*)?@", re.IGNORECASE)
_MAILER = re.compile(r"^<?mailer-daemon@", re.IGNORECASE)
"""Nobody has this name but a mail server."""
_SAYS_AWAY = re.compile(r"^\s*(auto|automatic reply|autoreply|out of office( auto-?reply)?)\s*:", re.IGNORECASE)
"""How Notes and old Exchange begin the subject of what they write for people, some without a header that says so."""
_NO_REPLY = re.compile(r"^(no[-_.]?reply|do[-_.]?not[-_.]?reply)[+@-]", re.IGNORECASE)


class Kind(StrEnum):
    """Who wrote a mail."""

    PERSON = "person"
    NOTICE = "notice"
    """A program, of its own accord: a newsletter, a list, a shop's confirmation. Nothing answers it by itself."""
    AWAY = "away"
    """A program that answers for somebody: they are away. It answers nothing, and is never answered by itself."""
    BOUNCE = "bounce"
    """A mail server, about a mail of ours."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a mail server tells of a mail: to whom it did not come, and whether it never will (`final`)."""

    address: str
    final: bool
    delivered: bool
    why: str


def kind_of(mail: Mail) -> Kind:
    """Return who wrote a mail, as its headers tell it."""
    headers = mail.headers
    said = headers.one("Auto-Submitted").split(";")[0].strip().lower()
    if _is_report(mail.root) or _from_a_server(headers, mail.from_.address):
        return Kind.BOUNCE
    away = any(headers.raw(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"))
    away = away or headers.one("Precedence").strip().lower() == "auto_reply"
    if said.startswith("auto-replied") or away or _SAYS_AWAY.match(mail.subject):
        return Kind.AWAY
    if (
        (said and said != "no")
        or headers.one("Precedence").strip().lower() in _BULK
        or any(headers.raw(name) for name in ("List-Id", "List-Unsubscribe", "Feedback-ID"))
        or _empty_path(headers)
        or _NO_REPLY.match(mail.from_.address)
    ):
        return Kind.NOTICE
    return Kind.PERSON


def bounces_in(mail: Mail) -> list[Bounce]:
    """Return what a report tells of each recipient (RFC 3464); nothing where it is written for people alone."""
    return list(_bounces(mail.root))


def reported_ids(mail: Mail) -> list[str]:
    """Return the Message-IDs of mails that a report may be about: of the mail that it brings back, and in its words."""
    found = [
        *_ids_brought_back(mail.root),
        *mail.answers,
        *re.findall(r"<([^<>\s@]{1,200}@[^<>\s]{1,200})>", mail.text),
    ]
    return list(dict.fromkeys(found))[:50]


def _is_report(root: Message) -> bool:
    if root.get_content_type() != "multipart/report":
        return False
    return any(part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")
               for part in _within(root))  # fmt: skip


def _from_a_server(headers: Headers, address: str) -> bool:
    """Whether a mail server wrote it, by its name; of names that people have too, only where nobody can answer it."""
    if _MAILER.match(address):
        return True
    unanswerable = _empty_path(headers) or any(_MAILER.match(value.strip()) for value in headers.raw("Return-Path"))
    return unanswerable and _DAEMONS.match(address) is not None


def _empty_path(headers: Headers) -> bool:
    return any(value.strip() == "<>" for value in headers.raw("Return-Path"))


def _within(root: Message) -> list[Message]:
    payload = root.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _bounces(root: Message) -> Iterator[Bounce]:
    for part in _within(root):
        if part.get_content_type() not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        for block in _within(part):
            headers = Headers(block)
            action = headers.one("Action").strip().lower()
            if not action:
                continue
            address = headers.one("Final-Recipient").rpartition(";")[2].strip().lower()
            told = headers.one("Diagnostic-Code").partition(";")[2].strip() or headers.one("Status").strip()
            why = " ".join(told.split())[:300] or "their mail server did not say why"
            yield Bounce(address, action == "failed", action in ("delivered", "relayed", "expanded"), why)


def _ids_brought_back(root: Message) -> Iterator[str]:
    for part in _within(root):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global", "message/rfc822-headers"):
            for original in _within(part):
                yield from Headers(original).ids("Message-ID")
        if kind in ("text/rfc822-headers", "message/global-headers"):
            yield from re.findall(r"(?im)^message-id:\s*<([^<>\s]+)>", str(part.get_payload()))
