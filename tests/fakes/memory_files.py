"""The ports `Files` and `Transcripts` without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trunkline.core.errors import Unavailable
from trunkline.core.ids import MessageId
from trunkline.ports.files import AttachedFile, FileFacts
from trunkline.ports.transcripts import Asked, Counted


@dataclass
class MemoryFiles:
    """Look at `.files`, when each came in `.came`, and in which message it is in `.attached`."""

    files: dict[str, AttachedFile] = field(default_factory=dict)
    came: dict[str, datetime] = field(default_factory=dict)
    attached: dict[str, MessageId] = field(default_factory=dict)
    requests: dict[str, Asked] = field(default_factory=dict)
    away: bool = False

    async def keep_file(self, file: AttachedFile, *, at: datetime) -> None:
        self._here()
        self.files.setdefault(file.id, file)
        self.came.setdefault(file.id, at)

    async def file(self, id_: str) -> AttachedFile | None:
        self._here()
        return self.files.get(id_)

    async def file_facts(self, ids: Sequence[str]) -> Sequence[FileFacts]:
        self._here()
        found = [self.files[id_] for id_ in ids if id_ in self.files]
        return [
            FileFacts(f.id, f.name, f.type, len(f.data), f.agent, f.channel, f.address, self.attached.get(f.id))
            for f in found
        ]

    async def brought_since(self, channel: str, address: str | None, *, since: datetime) -> tuple[int, int]:
        self._here()
        theirs = [
            len(file.data)
            for file in self.files.values()
            if file.agent is None
            and file.channel == channel
            and address in (None, file.address)
            and self.came[file.id] >= since
        ]
        return len(theirs), sum(theirs)

    async def transcripts(self, asked: Asked, *, since: datetime) -> Counted:
        self._here()
        others = [each for each in self.requests.values() if each.at >= since and each.id != asked.id]
        here = [each for each in others if each.channel == asked.channel]
        return Counted(
            sum(each.visitor == asked.visitor for each in here),
            sum(each.address == asked.address for each in others), len(here),
        )  # fmt: skip

    async def keep_transcript(self, asked: Asked) -> None:
        self._here()
        self.requests.setdefault(asked.id, asked)

    def _here(self) -> None:
        if self.away:
            raise Unavailable("the memory is away")
