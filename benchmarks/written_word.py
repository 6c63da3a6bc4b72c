"""What `chat_durable` and `webhook_edge` share: a centre that is written to, their peer beside it, and who writes."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.centre import BenchCentre, Plan, centre, sessions_of
from benchmarks.idle import spent
from benchmarks.place import peer_process
from benchmarks.raw_messages import TABLE
from benchmarks.report import NotMeasured, significant
from trunkline.store.database import Database

AT_ONCE = 10
"""Conversations that an agent has at most."""
_FLOW = """
flow: main
media: [chat, sms]
entry: {channels: [web, text]}
start: wait
steps:
  wait: {queue: sales}
"""
_CAPACITY = f"capacity: {{usual: {{voice: 1, chat: {AT_ONCE}, sms: {AT_ONCE}}}}}"
_CHANNELS = """
web: {kind: webchat, title: Chat}
text: {kind: twilio, account: AC00000000000000000000000000000000, sender: "+441632960000", token_file: token}
"""
_STORED = """
SELECT count(*) AS rows, count(DISTINCT text) AS texts FROM {table} WHERE side = 'customer' AND starts_with(text, $1)
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds of one round: rows, and texts that are not alike."""

    rows: int
    texts: int


@dataclass(slots=True)
class WrittenCentre:
    """Ours and the peer, on one PostgreSQL."""

    house: BenchCentre
    database: Database
    token: str
    peer_pid: int
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def peer_port(self) -> int:
        """Where the peer is."""
        return self.house.spare[0]

    def doors(self, *, ours: bool, peer_path: str) -> Mapping[str, Any]:
        """Return where text messages come in."""
        port = self.house.settings.http_port if ours else self.peer_port
        path = "/sms/text" if ours else peer_path
        return {"ours": ours, "port": port, "path": path, "token": self.token, "by_chat": False}

    async def desks(self, conversations: int, *, ours: bool) -> list[Mapping[str, Any]]:
        """Return how to open so many desks as these conversations need."""
        many = -(-conversations // AT_ONCE)
        if not ours:
            return [{"url": f"ws://127.0.0.1:{self.peer_port}/desk/{each}", "headers": {}} for each in range(many)]
        url = f"http://127.0.0.1:{self.house.settings.http_port}"
        tokens = await sessions_of(self.house, self.house.agents[:many])
        cookies = [f"trunkline_session={token}" for token in tokens]
        return [{"url": f"{url}/ws", "headers": {"Origin": url, "Cookie": cookie}} for cookie in cookies]

    async def load(self, what: str, job: Mapping[str, Any]) -> dict[str, Any]:
        """Have a round written, and return what came of it, with the processor seconds that the server spent."""
        numbers = next(self._numbers) * 1000
        asked = {**job, "what": what, "salt": secrets.token_hex(4), "first_number": numbers}
        await self.database.rows("TRUNCATE raw_message")
        pid = self.house.service_pid if job["ours"] else self.peer_pid
        before = spent(pid).cpu_s
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.text_load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        answer, _ = await process.communicate(json.dumps(asked).encode())
        if process.returncode != 0:
            raise NotMeasured(f"who writes could not go on: {what}, ours: {job['ours']}")
        told: dict[str, Any] = json.loads(answer)
        if set(told["statuses"]) != {"200"}:
            raise NotMeasured(f"messages were answered {told['statuses']}")
        told["server_cpu_s"] = significant(spent(pid).cpu_s - before)
        told["stored"] = await self._stored(asked["salt"], ours=job["ours"])
        return told

    async def _stored(self, salt: str, *, ours: bool) -> Stored:
        row = await self.database.row(_STORED.format(table="message" if ours else "raw_message"), f"{salt} ")
        assert row is not None
        return Stored(row["rows"], row["texts"])


@asynccontextmanager
async def written_centre(folder: Path, *, agents: int) -> AsyncIterator[WrittenCentre]:
    """Run a centre with a web chat and text messages, and the peer."""
    token = secrets.token_hex(16)
    plan = Plan(
        _FLOW, agents, {}, {}, demo_passwords=False, more=_CAPACITY,
        channels={"channels.yaml": _CHANNELS, "token": token},
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(centre(folder, plan, spare=1))
        database = await stack.enter_async_context(Database(house.database_url, connections=1))
        fsync = await database.row("SELECT current_setting('fsync') || current_setting('synchronous_commit') AS told")
        if fsync is None or fsync["told"] != "onon":
            raise NotMeasured("PostgreSQL does not wait for the disk")
        for statement in filter(None, map(str.strip, TABLE.split(";"))):
            await database.rows(statement)
        peer = peer_process("benchmarks.raw_messages", house.spare[0], house.database_url)
        yield WrittenCentre(house, database, token, await stack.enter_async_context(peer))
