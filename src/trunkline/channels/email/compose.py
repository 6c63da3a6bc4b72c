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
from trunkline.channels.email.rich import has_looks, page_of, plain_words
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
    signature: str = ""
    rich: bool = False
    """Whether its text is Markdown: where that has looks, they go out beside the plain words."""


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
    looks = letter.rich and not letter.automatic and has_looks(letter.text)
    quoted, wrote = _quoted(letter), _wrote(letter)
    words = plain_words(letter.text) if looks else letter.text
    mail.set_content(_body(words, letter.signature, wrote, quoted), cte="quoted-printable")
    if looks:
        page = page_of(letter.text, signature=letter.signature, wrote=wrote, quoted=quoted)
        mail.add_alternative(page, subtype="html", cte="quoted-printable")
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


def _body(words: str, signature: str, wrote: str, quoted: str) -> str:
    text = "\n".join([words, *(["", "-- ", signature] if signature else [])]).rstrip()
    if not wrote:
        return f"{text}\n"
    behind = "\n".join(f"> {line}".rstrip() for line in quoted.splitlines())
    return f"{text}\n\n{wrote}\n{behind}\n"


def _wrote(letter: Letter) -> str:
    """Return what introduces what is quoted, empty where nothing is."""
    if letter.answers is None or letter.automatic:
        return ""
    writer = letter.answers.from_
    return letter.wrote.format(name=writer.name or writer.address)


def _quoted(letter: Letter) -> str:
    if letter.answers is None or letter.automatic:
        return ""
    return words_in(letter.answers)[:LONGEST_QUOTE]


def _address(person: Person) -> Address:
    name = "".join(each for each in person.name if each.isprintable())
    return Address(display_name=name, addr_spec=person.address)
