"""Agents' desks that take every conversation, and note when each message is seen; and visitors of the web chat."""

import asyncio
import itertools
import json
import re
import time
from typing import Any

import aiohttp

from benchmarks.report import NotMeasured

_EVENT, _MESSAGE = '{"type":"event"', '"kind":"message"'


class Seen:
    """When each of so many messages was first seen at a desk, and how many were seen again."""

    def __init__(self, salt: str, count: int) -> None:
        self._name = re.compile(rf"{salt} m(\d{{7}})")
        self.at = [0.0] * count
        self.again = 0
        self._left = count
        self.all = asyncio.Event()

    def look(self, told: str) -> None:
        """Look at what a desk is told of a message."""
        found = self._name.search(told)
        if found is None:
            return  # a first one, which nobody measures
        number = int(found[1])
        if self.at[number]:
            self.again += 1
            return
        self.at[number] = time.perf_counter()
        self._left -= 1
        if self._left == 0:
            self.all.set()


class WatchedDesk:
    """A desk. At ours, whoever sits there accepts what is offered, and closes all of it in the end."""

    def __init__(self, seen: Seen, *, ours: bool) -> None:
        self._seen, self._ours = seen, ours
        self._numbers = itertools.count(1)
        self._accepted: set[str] = set()
        self.talking: set[str] = set()
        """The interactions that this desk has."""

    async def open(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
        """Connect, and at ours be ready."""
        self._socket = await session.ws_connect(url, headers=headers, max_msg_size=0)
        self._task = asyncio.create_task(self._listen())
        if self._ours:
            await self._socket.send_json({"type": "hello", "epoch": None, "seq": None})
            await self._command("presence", presence="ready")

    async def finish(self) -> None:
        """Take nothing more, and close every conversation."""
        if self._ours:
            await self._command("presence", presence="not_ready", reason="break")
            for id_ in list(self.talking):
                await self._command("wrap_up", interaction=id_, disposition="resolved", note="")

    async def close(self) -> None:
        """Go; raises what this desk could not go on with."""
        if self._task.done():
            await self._task
            raise NotMeasured(f"a desk was closed while it was measured ({self._socket.close_code})")
        self._task.cancel()
        await self._socket.close()

    async def _command(self, name: str, **args: str) -> None:
        command = {"type": "command", "id": str(next(self._numbers)), "name": name, "args": args}
        await self._socket.send_json(command)

    async def _listen(self) -> None:
        async for message in self._socket:
            told: str = message.data
            if _MESSAGE in told or not self._ours:
                self._seen.look(told)
            elif told.startswith(_EVENT):
                await self._hear(json.loads(told)["event"])
            else:
                await self._answer(json.loads(told))

    async def _answer(self, said: dict[str, Any]) -> None:
        if said["type"] == "ping":
            await self._socket.send_json({"type": "pong"})
        elif said["type"] == "reply" and not said["ok"]:
            raise NotMeasured(f"a desk was refused: {said['error']}")

    async def _hear(self, event: dict[str, Any]) -> None:
        if event["kind"] == "interaction_gone":
            self.talking.discard(event["id"])
        elif event["kind"] == "interaction":
            card = event["interaction"]
            if card["stage"] == "offered" and card["offer"]["id"] not in self._accepted:
                self._accepted.add(card["offer"]["id"])  # a card is told again once it is known whose it is
                await self._command("accept", offer=card["offer"]["id"])
            elif card["stage"] == "talking":
                self.talking.add(card["id"])


class Visitor:
    """A page of the web chat, and one message at a time on it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answer: asyncio.Future[int] | None = None
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def connected(cls, session: aiohttp.ClientSession, port: int) -> "Visitor":
        """Return one who is welcome, and new."""
        url = f"http://127.0.0.1:{port}"
        socket = await session.ws_connect(f"{url}/chat/web/ws", headers={"Origin": url})
        await socket.send_json({"type": "hello"})
        await socket.receive_json(timeout=10)
        return cls(socket)

    def send(self, frame: bytes) -> asyncio.Future[int]:
        """Say something; the future is 200 once it is taken, and 503 where it is not."""
        self._answer = asyncio.get_running_loop().create_future()
        self._saying = asyncio.ensure_future(self._socket.send_str(frame.decode()))
        return self._answer

    def close(self) -> None:
        """Go."""
        self._task.cancel()

    async def _listen(self) -> None:
        async for frame in self._socket:
            told = json.loads(frame.data)
            if told["type"] in {"taken", "refused"} and self._answer is not None:
                self._answer.set_result(200 if told["type"] == "taken" else 503)
