"""The port `Mails` without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.ports.mails import AttachedFile, FileFacts, KeptMail, KnownMail


@dataclass
class MemoryMails:
    """Look at `.mails`, `.mailboxes` and `.files`; set `.away` and every call raises Unavailable."""

    mails: dict[MessageId, KeptMail] = field(default_factory=dict)
    mailboxes: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: dict[str, AttachedFile] = field(default_factory=dict)
    away: bool = False

    async def keep_mail(self, mail: KeptMail) -> None:
        self._here()
        self.mails.setdefault(mail.id, mail)

    async def mail(self, id_: MessageId) -> KeptMail | None:
        self._here()
        return self.mails.get(id_)

    async def known_mails(self, channel: str, message_ids: Sequence[str]) -> Mapping[str, KnownMail]:
        self._here()
        found: dict[str, KnownMail] = {}
        for mail in self._of(channel):
            if mail.message_id in message_ids:
                first = next(each for each in self._of(channel) if each.thread == mail.thread)
                found[mail.message_id] = KnownMail(mail.thread, first.address, mail.incoming, mail.address)
        return found

    async def latest_mail(self, channel: str, thread: str, *, incoming: bool = False) -> KeptMail | None:
        self._here()
        wanted = [each for each in self._of(channel) if each.thread == thread and (each.incoming or not incoming)]
        return wanted[-1] if wanted else None

    async def automatic_mails(self, channel: str, address: str, *, since: datetime) -> int:
        self._here()
        return sum(
            each.automatic and not each.incoming and each.address == address and each.at >= since
            for each in self._of(channel)
        )

    async def read_to(self, channel: str) -> tuple[int, int] | None:
        self._here()
        return self.mailboxes.get(channel)

    async def have_read(self, channel: str, uid_validity: int, uid: int) -> None:
        self._here()
        self.mailboxes[channel] = (uid_validity, uid)

    async def keep_file(self, file: AttachedFile, *, at: datetime) -> None:
        self._here()
        self.files.setdefault(file.id, file)

    async def file(self, id_: str) -> AttachedFile | None:
        self._here()
        return self.files.get(id_)

    async def files_facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        self._here()
        found = [self.files[each] for each in ids if each in self.files]
        return [FileFacts(each.id, each.name, each.type, len(each.data), each.agent) for each in found]

    def _of(self, channel: str) -> list[KeptMail]:
        return [each for each in self.mails.values() if each.channel == channel]

    def _here(self) -> None:
        if self.away:
            raise Unavailable("the memory is away")
