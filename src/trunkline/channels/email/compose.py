"""An email of ours, from what is to go out: threaded, with what it answers below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from trunkline.channels.email.mail import Mail, Person, file_name
from trunkline.channels.email.markup import words_in
from trunkline.ports.channel import Refused
from trunkline.ports.files import AttachedFile

LONGEST_QUOTE = 20_000
MOST_REFERENCES = 30
_REPLY = ("re:", "aw:", "sv:", "antw:", "rif:", "tr:")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to go out. `answers` is the mail that it answers, None for one that begins a thread."""

    text: str
    message_id: str
    from_: Person
    reply_to: str
    to: Sequence[Person]
    at: datetime
    answers: Mail | None = None
    cc: Sequence[Person] = ()
    subject: str = ""
    files: Sequence[AttachedFile] = ()
    automatic: bool = False
    wrote: str = "{name} wrote:"
    """How what is quoted is introduced."""


def composed(letter: Letter) -> bytes:
    """Return the mail as it goes out (RFC 5322), without whom it goes to unseen; raises Refused where it is none."""
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = _address(letter.from_)
        mail["To"] = [_address(each) for each in letter.to]
        if letter.cc:
            mail["Cc"] = [_address(each) for each in letter.cc]
        mail["Subject"] = subject_of(letter)
    except (ValueError, IndexError, UnicodeError) as fault:
        raise Refused(f"an address or the subject cannot be written in a mail: {fault}") from fault
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{letter.message_id}>"
    if letter.reply_to != letter.from_.address:
        mail["Reply-To"] = letter.reply_to
    _thread(mail, letter)
    if letter.automatic:
        # RFC 3834 section 5; the second is what Exchange reads.
        mail["Auto-Submitted"] = "auto-replied" if letter.answers is not None else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_body(letter), cte="quoted-printable")
    for file in letter.files:
        main, _, sub = file.type.partition("/")
        mail.add_attachment(
            file.data, maintype=main or "application", subtype=sub or "octet-stream",
            filename=file_name(file.name, "file"),
        )  # fmt: skip
    return mail.as_bytes()


def subject_of(letter: Letter) -> str:
    """Return its subject: as it is given, else that of what it answers."""
    given = " ".join(letter.subject.split())[:200]
    if given:
        return given
    answered = letter.answers.subject[:200] if letter.answers is not None else ""
    return answered if answered.lower().startswith(_REPLY) else f"Re: {answered}".strip()


def _thread(mail: EmailMessage, letter: Letter) -> None:
    if letter.answers is None or not letter.answers.message_id:
        return
    answered = letter.answers
    before = [*answered.headers.ids("References"), answered.message_id]
    mail["In-Reply-To"] = f"<{answered.message_id}>"
    # The first one and the latest, as RFC 5322 lets long ones be cut.
    kept = before if len(before) <= MOST_REFERENCES else [before[0], *before[1 - MOST_REFERENCES :]]
    mail["References"] = " ".join(f"<{each}>" for each in dict.fromkeys(kept))


def _body(letter: Letter) -> str:
    text = letter.text.rstrip()
    if letter.answers is None or letter.automatic:
        return f"{text}\n"
    quoted = "\n".join(f"> {line}".rstrip() for line in words_in(letter.answers)[:LONGEST_QUOTE].splitlines())
    writer = letter.answers.from_
    return f"{text}\n\n{letter.wrote.format(name=writer.name or writer.address)}\n{quoted}\n"


def _address(person: Person) -> Address:
    name = "".join(each for each in person.name if each.isprintable())
    return Address(display_name=name, addr_spec=person.address)
