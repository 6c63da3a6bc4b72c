"""A provider of text messages in a test: look at what it was given; it can refuse, be away, or keep its answer back."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.core.ids import MessageId
from trunkline.core.outgoing import Outgoing
from trunkline.flows.render import Shown
from trunkline.ports.channel import ConversationId
from trunkline.ports.files import FileRule


@dataclass
class FakeProvider:
    """Channel and Provider. `faults`: what the next tries come to, None for well; `silent`: it takes without a word."""

    medium: str = "sms"
    within_s: float = 20.0
    longest: int = 1000
    faults: deque[Exception | None] = field(default_factory=deque)
    silent: bool = False
    given: list[Outgoing] = field(default_factory=list)
    looked_for: list[Outgoing] = field(default_factory=list)
    held: asyncio.Event | None = None
    files: FileRule = field(default=FileRule(20, 20 * 2**20))
    at_once: int = 0
    most_at_once: int = 0

    @property
    def provider(self) -> "FakeProvider":
        return self

    def parts(self, shown: Shown) -> Sequence[str]:
        return [shown.text[at : at + self.longest] for at in range(0, len(shown.text), self.longest)]

    async def deliver(self, out: Outgoing) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.held is not None:
                await self.held.wait()
            fault = self.faults.popleft() if self.faults else None
            if fault is not None:
                raise fault
            self.given.append(out)
            if self.silent:
                raise TimeoutError
            return f"SM{len(self.given)}"
        finally:
            self.at_once -= 1

    async def find(self, out: Outgoing) -> str | None:
        self.looked_for.append(out)
        at = next((number for number, each in enumerate(self.given, 1) if each.id == out.id), None)
        return f"SM{at}" if at is not None else None

    async def send(
        self,
        conversation: ConversationId,
        shown: Shown,
        *,
        key: str,
        by: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        raise AssertionError("what has a provider is not shown")

    def writing(self, conversation: ConversationId, by: str) -> None:
        """Nobody sees it."""

    def read(self, conversation: ConversationId, message: MessageId) -> None:
        """Nobody sees it."""

    def over(self, conversation: ConversationId) -> None:
        """Nobody sees it."""

    def texts(self) -> list[str]:
        """Return what was given to it."""
        return [each.text for each in self.given]
