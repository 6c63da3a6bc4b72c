"""A text channel in a test: look at what was sent to whom; away it takes nothing, held it takes without saying so."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.errors import Unavailable
from trunkline.core.file_type import ENDINGS
from trunkline.core.ids import MessageId
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId, Provider
from trunkline.ports.files import FileRule


@dataclass
class FakeChannel:
    """Channel: what comes again with its key is one message. `taking` is called before each is taken."""

    medium: str
    provider: Provider | None = None
    away: bool = False
    held: bool = False
    sent: list[tuple[str, Shown]] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    brought: list[str] = field(default_factory=list)
    files: FileRule = field(default=FileRule(5, 10 * 2**20, frozenset(ENDINGS)))
    reads: list[tuple[str, str]] = field(default_factory=list)
    writers: list[tuple[str, str]] = field(default_factory=list)
    taking: Callable[[], None] = lambda: None

    async def send(
        self,
        conversation: ConversationId,
        shown: Shown,
        *,
        key: str,
        by: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if self.away:
            raise Unavailable("the provider does not answer")
        self.taking()
        if key not in self.keys:
            self.sent.append((conversation.address, shown))
            self.authors.append(by)
            self.brought += [file["name"] for file in files]
        self.keys.append(key)
        if self.held:
            await asyncio.Event().wait()

    def writing(self, conversation: ConversationId, by: str) -> None:
        self.writers.append((conversation.address, by))

    def read(self, conversation: ConversationId, message: MessageId) -> None:
        self.reads.append((conversation.address, message))

    def over(self, conversation: ConversationId) -> None:
        self.ended.append(conversation.address)

    def texts(self, address: str) -> list[str]:
        """Return what somebody was sent, a text for each message."""
        return [shown.text for to, shown in self.sent if to == address]
