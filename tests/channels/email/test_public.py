"""The public collections of nasty mails: no exception, no lost part, nothing that runs, bounces known for bounces."""

import re
import tarfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.channels.email.test_mail import _RUNS
from trunkline.channels.email.automatic import Kind, bounces_in, kind_of, reported_ids
from trunkline.channels.email.folding import folded
from trunkline.channels.email.mail import Mail, read_mail
from trunkline.channels.email.markup import safe_html, text_of

PUBLIC = Path(__file__).parent / "public"
COLLECTIONS = {"mime-tools": 38, "bounces": 126, "enmime": 41}
"""Each with how many mails it has at least."""


def mails_of(collection: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(PUBLIC / f"{collection}.tar.xz") as archive:
        for member in archive:
            if (stream := archive.extractfile(member)) is not None:
                yield member.name, stream.read()


def plain(data: bytes) -> bytes:
    """Return bytes without space: how lines end and are broken is nothing that a reader misses."""
    return re.sub(rb"\s+", b"", data)


def is_there(leaf: Message, mail: Mail) -> bool:
    """Whether the content of a part is in what was read: as words, as a file, or in a mail that is kept whole."""
    data = leaf.get_payload(decode=True)
    assert isinstance(data, bytes)
    words = plain((mail.text + (mail.html or "")).encode("utf-8", "replace"))
    said = [leaf.get_content_charset() or "utf-8", "utf-8", "cp1252", "latin-1"]
    if any(plain(decoded(data, charset).encode("utf-8", "replace")) in words for charset in said):
        return True
    as_it_came = plain(str(leaf.get_payload()).encode("utf-8", "surrogateescape"))
    return any(plain(data) in plain(part.data) or as_it_came in plain(part.data) for part in mail.parts)


def decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("latin-1")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_public_mails_are_read_whole_and_run_nothing(collection: str) -> None:
    seen, lost, unsafe = 0, [], []
    for name, raw in mails_of(collection):
        seen += 1
        mail = read_mail(raw)
        _ = mail.subject, mail.from_, mail.answers, mail.message_id, mail.answers_go_to, mail.headers.people("To")
        folded(mail.text)
        kind_of(mail), bounces_in(mail), reported_ids(mail)
        if mail.html is not None:
            text_of(mail.html)
            if (runs := _RUNS.search(safe_html(mail).html)) is not None:
                unsafe.append((name, runs[0]))
        leaves = [leaf for leaf in message_from_bytes(raw).walk() if not leaf.is_multipart()]
        lost += [(name, leaf.get_content_type()) for leaf in leaves if not is_there(leaf, mail)]
    assert (lost, unsafe) == ([], [])
    assert seen >= COLLECTIONS[collection]


NO_BOUNCES = {
    # Machines that answer for people, or ask them something.
    "aol-vacation.msg": Kind.AWAY,
    "autoreply.msg": Kind.NOTICE,
    "polish-autoreply.msg": Kind.NOTICE,
    "warning-5.msg": Kind.AWAY,
    "warning-6.msg": Kind.AWAY,
    # Somebody's support team, which answers a bounce of its own by hand.
    "bluebottle.msg": Kind.PERSON,
    # Advertisements that are in the collection because they speak of addresses.
    "spam-bogus-email-in-report.msg": Kind.PERSON,
    "spam-with-image.msg": Kind.PERSON,
}


def test_what_mail_servers_send_back_is_known_for_it() -> None:
    kinds = {name.rpartition("/")[2]: kind_of(read_mail(raw)) for name, raw in mails_of("bounces")}
    assert {name: kind for name, kind in kinds.items() if kind is not Kind.BOUNCE} == NO_BOUNCES


def test_most_of_them_say_whom_and_what_they_are_about() -> None:
    reports = [read_mail(raw) for _, raw in mails_of("bounces")]
    bounces = [mail for mail in reports if kind_of(mail) is Kind.BOUNCE]
    # The others are written for people alone, in each server's own words, as before RFC 3464.
    assert sum(bool(bounces_in(mail)) for mail in bounces) >= 104
    assert sum(bool(reported_ids(mail)) for mail in bounces) >= 111
