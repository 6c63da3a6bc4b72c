"""What the desk is told of a mail beside its words."""

import re
from collections.abc import Mapping
from typing import Any

from trunkline.channels.email.automatic import Kind
from trunkline.channels.email.folding import folded
from trunkline.channels.email.mail import Mail, summary
from trunkline.channels.email.markup import words_in
from trunkline.core.message import LONGEST_MESSAGE

MOST_FILES = 50
MOST_PEOPLE = 50
LONGEST_SUBJECT = 300
_DMARC = re.compile(r"\bdmarc\s*=\s*([a-z]{2,20})", re.IGNORECASE)


def words_and_details(mail: Mail, kind: Kind, *, verdict_by: str | None, whole: bool) -> tuple[str, Mapping[str, Any]]:
    """Return what is new in a mail, and the details of it, JSON-able.

    `more`: there is more than these words: something quoted, HTML, or a text that is too long.
    """
    parts = folded(words_in(mail))
    shown_inside = mail.html or ""
    details = {
        "subject": mail.subject[:LONGEST_SUBJECT],
        "from": summary([mail.from_])[0],
        "answers_go_to": summary(mail.answers_go_to[:MOST_PEOPLE]),
        "to": summary(mail.headers.people("To")[:MOST_PEOPLE]),
        "cc": summary(mail.headers.people("Cc")[:MOST_PEOPLE]),
        "more": bool(parts.rest or mail.html is not None or len(parts.text) > LONGEST_MESSAGE),
        "whole": whole,
        "kind": kind.value,
        "verdict": verdict(mail, verdict_by),
        "files": [
            {"number": part.number, "name": part.name, "type": part.type, "size": len(part.data)}
            for part in mail.parts
            if not (part.inline and f"cid:{part.inline}" in shown_inside)
        ][:MOST_FILES],
    }
    return parts.text, details


def verdict(mail: Mail, by: str | None) -> str | None:
    """Return what a server that we trust says of DMARC (RFC 8601): pass, fail, none; None where it says nothing.

    Others' words in the same header are whoever's who wrote the mail.
    """
    if by is None:
        return None
    for value in mail.headers.raw("Authentication-Results"):
        server, _, results = value.partition(";")
        if server.split() and server.split()[0].lower() == by.lower():
            found = _DMARC.search(results)
            return found.group(1).lower() if found else "none"
    return None
