"""Those who write, and the desks that see it: a process of their own, alike for ours and for the peers.

`python -m benchmarks.text_load` reads what to do as JSON and prints what came of it as JSON.
"""

import asyncio
import gc
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import uvloop

from benchmarks.report import NotMeasured
from benchmarks.text_desks import Seen, Visitor, WatchedDesk
from benchmarks.text_senders import Sender, form_of, number_of, request_of

_WORDS = "Hello, my parcel has not come yet: it was to be here on Tuesday. Can you see where it is?"
_WITHIN_S = 120.0
_CALM_S = 0.5
"""Between the last first message and the clock."""


class Writer(Protocol):
    """Somebody who writes one message after the other."""

    def send(self, request: bytes) -> asyncio.Future[int]:
        """Send one; the future is what it was answered, as a status of HTTP."""

    def close(self) -> None:
        """Go."""


async def talk(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Have agents in conversations, and measure what is written there from then on."""
    count, each = job["conversations"], job["messages"]
    seen = Seen(job["salt"], count * each)
    jar, connector = aiohttp.DummyCookieJar(), aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(cookie_jar=jar, connector=connector) as session:
        desks = [WatchedDesk(seen, ours=job["ours"]) for _ in job["desks"]]
        for desk, at in zip(desks, job["desks"], strict=True):
            await desk.open(session, at["url"], at["headers"])
        writers: Sequence[Writer] = [
            await (Visitor.connected(session, job["port"]) if job["by_chat"] else Sender.connected(job["port"]))
            for _ in range(count)
        ]
        await _begun(job, writers)
        await _until_all_talk(desks, count if job["ours"] else 0)
        requests = [_request(job, number // each, _id(job, number), number) for number in range(count * each)]
        async with _clock() as told:
            sent, statuses = await _written(job, writers, requests)
            async with asyncio.timeout(30):
                await seen.all.wait()
            told |= {"statuses": statuses, "seen_again": seen.again}
            told["answered_and_seen_ms"] = [
                1000 * (max(answered, at) - began) for (began, answered), at in zip(sent, seen.at, strict=True)
            ]
        for desk in desks:
            await desk.finish()
        async with asyncio.timeout(30):
            while any(desk.talking for desk in desks):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        for one in writers:
            one.close()
        for desk in desks:
            await desk.close()
    return told


async def webhooks(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send messages and copies of them, each on the first connection that is free."""
    count = job["conversations"]
    senders = [await Sender.connected(job["port"]) for _ in range(count)]
    await _begun(job, senders)
    distinct = [_request(job, number % count, _id(job, number), number) for number in range(job["distinct"])]
    order = _with_copies(job["distinct"], job["copies"], nearby=count // 2, seed=job["salt"])
    rest, statuses = iter([distinct[number] for number in order]), Counter[int]()

    async def work(sender: Sender) -> None:
        for request in rest:
            statuses[await sender.send(request)] += 1

    await asyncio.sleep(_CALM_S)
    async with _clock() as told:
        await asyncio.gather(*(work(sender) for sender in senders))
    forged = _request({**job, "token": "somebody else's"}, 0, _id(job, job["distinct"]), job["distinct"])
    told |= {"statuses": statuses, "forged": await senders[0].send(forged)}
    for sender in senders:
        sender.close()
    return told


def _with_copies(distinct: int, copies: int, *, nearby: int, seed: str) -> list[int]:
    """Return the numbers of messages, each once, and of copies after their first ones.

    Half of the copies are so near that the first one is still being taken, half come at any time later.
    """
    dice = random.Random(seed)
    places = [(float(number), number) for number in range(distinct)]
    for place in range(copies):
        number = dice.randrange(distinct)
        later = dice.uniform(0, nearby) if place % 2 else dice.uniform(0, distinct - number)
        places.append((number + later, number))
    return [number for _, number in sorted(places)]


async def _begun(job: Mapping[str, Any], writers: Sequence[Writer]) -> None:
    """Begin every conversation: its first message is taken, and its flow, where there is one, has done its part."""
    async with asyncio.timeout(_WITHIN_S):
        statuses = await asyncio.gather(
            *(
                writer.send(_request(job, conversation, f"{_id(job, conversation)}-first", None))
                for conversation, writer in enumerate(writers)
            )
        )
    if set(statuses) != {200}:
        raise NotMeasured(f"first messages were answered {Counter(statuses)}")


async def _until_all_talk(desks: Sequence[WatchedDesk], count: int) -> None:
    try:
        async with asyncio.timeout(30):
            while (talking := sum(len(desk.talking) for desk in desks)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise NotMeasured(f"of {count} conversations {talking} have an agent") from None
    await asyncio.sleep(_CALM_S)


async def _written(
    job: Mapping[str, Any], writers: Sequence[Writer], requests: Sequence[bytes]
) -> tuple[list[tuple[float, float]], dict[int, int]]:
    """Return when each message was sent and answered, by its number, and how often which status was the answer."""
    each = job["messages"]
    sent, statuses = [(0.0, 0.0)] * len(requests), Counter[int]()
    began = time.perf_counter()

    async def write(conversation: int, writer: Writer) -> None:
        for message in range(each):
            number = conversation * each + message
            at = await _due(began, message * job["every_s"], job["every_s"])
            statuses[await writer.send(requests[number])] += 1
            sent[number] = at, time.perf_counter()

    async with asyncio.timeout(_WITHIN_S):
        await asyncio.gather(*(write(conversation, writer) for conversation, writer in enumerate(writers)))
    return sent, statuses


async def _due(began: float, after_s: float, every_s: float) -> float:
    """Wait for the time of a message, somewhere in its turn, and return when it counts as sent.

    One that comes late because the one before was not answered counts from when it was due.
    """
    due = began + after_s + random.uniform(0, every_s)
    pause = due - time.perf_counter()
    if every_s and pause < 0:
        return due
    if pause > 0:
        await asyncio.sleep(pause)
    return time.perf_counter()


@asynccontextmanager
async def _clock() -> AsyncIterator[dict[str, Any]]:
    """Measure a block; this process collects no garbage in it."""
    gc.collect()
    gc.disable()
    began, cpu = time.perf_counter(), time.process_time()
    told: dict[str, Any] = {}
    try:
        yield told
        told |= {"took_s": time.perf_counter() - began, "load_cpu_s": time.process_time() - cpu}
    finally:
        gc.enable()


def _request(job: Mapping[str, Any], conversation: int, id_: str, number: int | None) -> bytes:
    text = f"{job['salt']} m{number:07} {_WORDS}" if number is not None else _WORDS
    if job["by_chat"]:
        return json.dumps({"type": "say", "id": id_, "text": text}).encode()
    sender = number_of(job["first_number"] + conversation)
    return request_of(job["port"], job["path"], form_of(sender, id_, text), job["token"])


def _id(job: Mapping[str, Any], number: int) -> str:
    return f"SM{job['salt']}{number:07}"


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        asked = json.load(sys.stdin)
        print(json.dumps(runner.run({"talk": talk, "webhooks": webhooks}[asked["what"]](asked))))
