"""A message comes in, is durable, is at the agent's desk, is acknowledged: ours against aiohttp and one INSERT each.

Ours is the whole service: the channel's door with the signature of each request, the conversation, the ledger's group
commit in PostgreSQL (fsync on), the hub and the desk's websocket. The peer is `benchmarks/raw_messages.py`: it parses
the form, does one INSERT in a transaction of its own by asyncpg's pool, sends the message to one websocket, and
answers. A process of its own writes to both, in turn. Goals: three times the peer's messages per second; and, at a
hundred messages a second, 99 of 100 acknowledged and seen at the desk within 25 ms.
"""

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, percentile, significant, summary
from benchmarks.written_word import AT_ONCE, Stored, WrittenCentre, written_centre

SIZES = (16, 64, 256)
"""Conversations at once. In each, the next message is sent when the one before is acknowledged."""
MESSAGES = 40
"""In each conversation."""
ROUNDS = 3
BURST = 9
"""Messages of each chat at full speed, after its first: so many a visitor may write at once."""
PER_S, LASTS_S = 100, 30
"""The moderate load: so many messages a second in all, of the most conversations."""
GOAL, GOAL_P99_MS = 3.0, 25.0
_WAYS = ("text", "chat", "peer")
_NOTES = (
    f"{MESSAGES} messages in each conversation, each sent when the one before is acknowledged; the clock runs until "
    f"all are acknowledged and seen at a desk; rounds of both in turn, medians of {ROUNDS}",
    "ours: signed webhooks of Twilio's kind to a text channel, in conversations that an agent has taken at their desk, "
    f"at most {AT_ONCE} each. The web chat allows a visitor ten messages at once and then one a second: "
    f"chat_durable_chat is {BURST} messages of each of {SIZES[-1]} visitors, by their pages' websockets",
    "peer: one INSERT by `pool.execute` (a transaction each; ten connections, so that PostgreSQL commits for several "
    "at once), then the message to the one websocket it belongs to, of as many as ours has desks; uvloop as ours; the "
    "same requests, whose signatures it does not look at. It knows no conversation, agent, copy or restart",
    "PostgreSQL, the server that is measured and the process that writes share the machine; cpu: processor seconds of "
    "the server (the first messages, and the end of each conversation, included) and of who writes",
    f"chat_durable_p99: {PER_S} messages a second for {LASTS_S} s, each somewhere at random in its turn, from sending "
    "to acknowledged AND seen at the desk, as the process has it that does both. text by webhooks, chat by the page's "
    "websocket",
)


def measure() -> Outcome:
    """Measure n, 4n and 16n conversations of ours and of the peer in turn, then the latencies."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    rounds: dict[int, dict[str, list[Mapping[str, Any]]]] = {}
    async with written_centre(folder / "house", agents=-(-SIZES[-1] // AT_ONCE)) as here:
        for size in SIZES:
            rounds[size] = {"ours": [], "peer": []}
            for _ in range(ROUNDS):
                for who, seen in rounds[size].items():
                    seen.append(await _round(here, size, MESSAGES, "text" if who == "ours" else who, every_s=0))
        bursts = [await _round(here, SIZES[-1], BURST, "chat", every_s=0) for _ in range(ROUNDS)]
        every_s = SIZES[-1] / PER_S
        calm = {way: await _round(here, SIZES[-1], round(LASTS_S / every_s), way, every_s=every_s) for way in _WAYS}
    return _outcome(rounds, bursts, calm)


async def _round(here: WrittenCentre, size: int, messages: int, way: str, *, every_s: float) -> Mapping[str, Any]:
    """Have so many conversations written in, and check that each message is stored and was shown once."""
    ours = way != "peer"
    job = {
        **here.doors(ours=ours, peer_path="/message"), "by_chat": way == "chat", "conversations": size,
        "messages": messages, "every_s": every_s, "desks": await here.desks(size, ours=ours),
    }  # fmt: skip
    told = await here.load("talk", job)
    total = size * messages
    if told["stored"] != Stored(total, total) or told["seen_again"]:
        raise NotMeasured(f"{way}: of {total} messages {told['stored']}, {told['seen_again']} were shown again")
    late = summary(told["answered_and_seen_ms"])
    seen = {
        "per_s": significant(total / told["took_s"]), "answered_and_seen_ms": late,
        "cpu": {"server": told["server_cpu_s"], "writers": significant(told["load_cpu_s"])},
    }  # fmt: skip
    pace = f" at {size / every_s:.0f}/s" if every_s else ""
    print(f"  {way}: {size} conversations{pace}: {seen['per_s']:,.0f}/s, {late}", flush=True)
    return seen | {"all_ms": told["answered_and_seen_ms"]}


def _outcome(
    rounds: dict[int, dict[str, list[Mapping[str, Any]]]],
    bursts: list[Mapping[str, Any]],
    calm: Mapping[str, Mapping[str, Any]],
) -> Outcome:
    rate = {
        size: {who: statistics.median(each["per_s"] for each in seen) for who, seen in of.items()}
        for size, of in rounds.items()
    }
    rows = [
        Row(
            "chat_durable" if size == SIZES[0] else f"chat_durable_{size}",
            f"{size} conversations: {of['ours']:,.0f}/s", f"an INSERT each: {of['peer']:,.0f}/s",
            of["ours"] / of["peer"], GOAL, "messages/s",
        )
        for size, of in rate.items()
    ]  # fmt: skip
    chat = statistics.median(each["per_s"] for each in bursts)
    rows.append(
        Row("chat_durable_chat", f"{SIZES[-1]} visitors' pages: {chat:,.0f}/s",
            f"an INSERT each: {rate[SIZES[-1]]['peer']:,.0f}/s", chat / rate[SIZES[-1]]["peer"], GOAL, "messages/s")
    )  # fmt: skip
    linear = rate[SIZES[-1]]["ours"] / rate[SIZES[0]]["ours"]
    rows.append(
        Row("chat_durable_linear", f"{SIZES[-1]} conversations over {SIZES[0]}", "itself", linear, 0.8, "messages/s")
    )
    late = {way: _p99(seen["all_ms"]) for way, seen in calm.items()}
    limit = f"the limit of {GOAL_P99_MS:g}"
    rows += [
        Row(f"chat_durable_p99_{way}", f"{way}, p99 at {PER_S}/s: {late[way]:.1f}", limit,
            GOAL_P99_MS / late[way], 1, "ms")
        for way in ("text", "chat")
    ]  # fmt: skip
    rows.append(
        Row("chat_durable_p99_peer", f"text, p99 at {PER_S}/s: {late['text']:.1f}",
            f"an INSERT each: {late['peer']:.1f}", late["peer"] / late["text"], None, "ms")
    )  # fmt: skip
    raw = {
        "rounds": {
            size: {who: [_told(each) for each in seen] for who, seen in of.items()} for size, of in rounds.items()
        },
        "bursts_of_chats": [_told(each) for each in bursts],
        f"at_{PER_S}_per_s": {way: _told(seen) for way, seen in calm.items()},
    }
    return Outcome("chat_durable", rows, raw, _NOTES)


def _p99(milliseconds: Sequence[float]) -> float:
    return percentile(milliseconds, 0.99)


def _told(seen: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in seen.items() if name != "all_ms"}
