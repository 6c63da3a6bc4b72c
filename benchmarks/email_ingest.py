"""Mails taken apart: ours, whole and safe, against the standard library's parser alone.

Ours reads a mail as the channel does before anything is stored: taken apart, what is new in it folded out, who wrote it
told from its headers, what it answers, and its details for the desk. The peer is the library with its policy for people
(`email.policy.default`): the mail parsed, its best body and all that is attached decoded, nothing else. `safe`: ours
with its HTML cleaned for the frame too, which happens when an agent asks for it. Goal: 0.7 of the peer's mails a
second; hostile mails in 50 ms for 100 kB.
"""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from benchmarks.report import Outcome, Row
from tests.channels.email.nasty import NASTY
from tests.channels.email.test_public import COLLECTIONS, mails_of
from trunkline.channels.email.automatic import kind_of
from trunkline.channels.email.folding import folded
from trunkline.channels.email.mail import read_mail
from trunkline.channels.email.markup import safe_html, words_in
from trunkline.channels.email.told import words_and_details

SIZES = (250, 1_000, 4_000)
ROUNDS = 3
GOAL = 0.7
SLOWEST_MS = 50.0
_TEXT = "Thanks for your answer about the order which we placed on Monday; it has not come yet, für März 1234."
_WORDS = _TEXT.split()
_NOTES = (
    "mails as people send them, made from a seed: a third plain answers with what they quote, a third with HTML beside "
    "the text, a third with HTML, a picture in it and a file of 30 kB; rounds of both in turn, medians of "
    f"{ROUNDS}",
    "email_ingest_linear: mails per second at 16n over those at n",
    "email_hostile: the slowest of the mails of tests/channels/email/nasty.py, read, cleaned, as text and folded, for "
    "each 100 kB, the least of three times; ratio: 50 ms over that. A mail of multiparts without end takes the "
    "library's own parser most of it. `email_public`: so too the 205 of tests/channels/email/public",
)


def measure() -> Outcome:
    """Read n, 4n and 16n mails, ours and the peer in turn, and each hostile one."""
    mails = [_mail(number, random.Random(number)) for number in range(60)]
    seen: dict[int, dict[str, list[float]]] = {}
    for size in SIZES:
        batch = [mails[number % len(mails)] for number in range(size)]
        seen[size] = {who: [] for who in _READERS}
        for _ in range(ROUNDS):
            for who, rates in seen[size].items():
                rates.append(_rate(_READERS[who], batch))
    public = {name: raw for collection in COLLECTIONS for name, raw in mails_of(collection)}
    return _outcome(seen, _slowest(NASTY), _slowest(public))


def _rate(read: Callable[[bytes], object], mails: Sequence[bytes]) -> float:
    begun = time.perf_counter()
    for raw in mails:
        read(raw)
    return len(mails) / (time.perf_counter() - begun)


def _ours(raw: bytes) -> object:
    mail = read_mail(raw)
    return mail.message_id, mail.answers, words_and_details(mail, kind_of(mail), verdict_by="mx.example", whole=True)


def _ours_safe(raw: bytes) -> object:
    return _ours(raw), safe_html(read_mail(raw))


def _peer(raw: bytes) -> object:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html"))
    return (
        mail["Message-ID"], mail["From"], mail["Subject"], body.get_content() if body is not None else None,
        [part.get_content() for part in mail.iter_attachments()],
    )  # fmt: skip


_READERS: dict[str, Callable[[bytes], object]] = {"ours": _ours, "safe": _ours_safe, "peer": _peer}


def _slowest(mails: Mapping[str, bytes]) -> dict[str, float]:
    return {name: _hostile_ms(raw) for name, raw in mails.items()}


def _hostile_ms(raw: bytes) -> float:
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        mail = read_mail(raw)
        safe_html(mail)
        folded(words_in(mail))
        kind_of(mail)
        took.append(time.perf_counter() - begun)
    return 1000 * min(took) / max(1.0, len(raw) / 100_000)


def _mail(number: int, dice: random.Random) -> bytes:
    """Make one mail as people send them."""
    text = "\n\n".join(" ".join(dice.choices(_WORDS, k=dice.randint(8, 40))) for _ in range(dice.randint(1, 6)))
    quoted = "\n".join(f"> {' '.join(dice.choices(_WORDS, k=10))}" for _ in range(dice.randint(5, 30)))
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Chris Müller <chris{number}@home.example>", "Acme <support@acme.example>"
    mail["Subject"], mail["Message-ID"] = f"Re: Ördër {number}", f"<{number}@home.example>"
    mail["References"] = " ".join(f"<{number}.{each}@acme.example>" for each in range(dice.randint(1, 8)))
    mail["Date"] = "Fri, 27 Nov 2026 10:00:00 +0000"
    for each in range(4):
        mail.add_header("Received", f"from a{each}.example by b{each}.example with ESMTPS; Fri, 27 Nov 2026 10:00:00")
    mail.set_content(f"{text}\n\nOn Mon, 23 Nov 2026, Acme wrote:\n{quoted}\n")
    if number % 3:
        paragraphs = "".join(f"<p style='color:#333'>{each}</p>" for each in text.split("\n\n"))
        mail.add_alternative(f"<html><body>{paragraphs}<blockquote>{quoted}</blockquote></body></html>", subtype="html")
    if number % 3 == 2:
        html: Any = mail.get_payload()[1]  # type: ignore[index]
        html.add_related(dice.randbytes(4_000), "image", "png", cid="<pic>")
        mail.add_attachment(dice.randbytes(30_000), maintype="application", subtype="pdf", filename="Rechnung März.pdf")
    return mail.as_bytes()


def _outcome(seen: dict[int, dict[str, list[float]]], hostile: dict[str, float], public: dict[str, float]) -> Outcome:
    medians = {size: {who: statistics.median(rates) for who, rates in each.items()} for size, each in seen.items()}
    rows = []
    for size, median in medians.items():
        ours, safe, peer = median["ours"], median["safe"], median["peer"]
        name = f"email_ingest_{size}"
        rows += [
            Row(name, f"{ours:,.0f}", f"{peer:,.0f}", ours / peer, GOAL, "mails/s"),
            Row(f"{name}_safe", f"{safe:,.0f}", f"{peer:,.0f}", safe / peer, None, "mails/s"),
        ]
    least, most = (medians[size]["ours"] for size in (SIZES[0], SIZES[-1]))
    rows.append(Row("email_ingest_linear", f"{most:,.0f} at 16n", f"{least:,.0f} at n", most / least, 0.8, "mails/s"))
    for name, took in (("email_hostile", hostile), ("email_public", public)):
        worst = max(took, key=took.__getitem__)
        ratio = SLOWEST_MS / took[worst]
        rows.append(Row(name, f"{took[worst]:.1f} ({worst})", f"{SLOWEST_MS:g}", ratio, 1.0, "ms/100 kB"))
    raw = {"rates": {str(size): each for size, each in seen.items()}, "hostile_ms": hostile, "public_ms": public}
    return Outcome("email_ingest", rows, raw, _NOTES)
