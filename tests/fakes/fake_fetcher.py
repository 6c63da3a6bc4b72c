"""Web services in a test: say beforehand what comes of an address, and look at what was asked, with which key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from trunkline.flows.talk import Fetch, Fetched, FetchFailed


@dataclass
class FakeFetcher:
    """Fetcher: `.answers` by address; an address that is not there is an unknown host. `.held`: nothing comes back."""

    answers: Mapping[str, Fetched | FetchFailed] = field(default_factory=dict)
    asked: list[tuple[Fetch, str]] = field(default_factory=list)
    held: bool = False

    async def fetch(self, want: Fetch, *, key: str) -> Fetched | FetchFailed:
        self.asked.append((want, key))
        if self.held:
            await asyncio.Event().wait()
        return self.answers.get(want.url, FetchFailed("unknown host"))
