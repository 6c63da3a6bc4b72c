"""Signed webhooks, three of ten of them copies: ours, which checks both, against aiohttp that checks neither.

Ours is the whole service: the text channel's door checks each signature (HMAC-SHA1 of address and form), finds out
copies, and answers once the message stands in its conversation in PostgreSQL (fsync on), by the ledger's group commit.
The peer is `benchmarks/raw_messages.py`: it parses the same forms, stores each as it comes, copies included, and
answers once that is durable, by one INSERT each, as a plain handler does and as the peer of `chat_durable`. Goal: 0.8
of its requests a second, with exactly one message stored of each distinct webhook, and nothing of a forged one. Told
beside it, without a goal: against a handler that gathers, all that come while one INSERT is written being the next.
"""

import asyncio
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.place import folder_for_all
from benchmarks.report import NotMeasured, Outcome, Row, significant
from benchmarks.written_word import Stored, WrittenCentre, written_centre

SIZES = (16, 64, 256)
"""Connections of the provider's, and as many conversations, which wait in a queue."""
REQUESTS = 40
"""For each connection, copies included."""
COPIES = 0.3
ROUNDS = 3
GOAL = 0.8
_DOORS = {"ours": "", "gathered": "/webhook", "single": "/webhook-single"}
_NOTES = (
    f"{REQUESTS} requests for each connection, {COPIES:.0%} of them copies of earlier ones: half of the copies follow "
    "so closely that the first one is still being taken, on another connection, half come at any later time; rounds in "
    f"turn, medians of {ROUNDS}",
    "after each round of ours, exactly one message is stored of each distinct webhook, every request was answered 200, "
    "and one with a signature of another token 403, with nothing stored of it; the peers store one of each request",
    "peer: single, an INSERT each by a pool of ten; gathered: one connection writes, each INSERT all that came while "
    "the one before was written (prepared, by unnest). uvloop as ours. Neither looks at the signature, knows a copy, a "
    "conversation, a queue or an agent. Its table has the keys and the index of ours, without the reference",
    "all messages are of conversations that have begun and wait in a queue; what is stored stands in the conversation "
    "as the agent will see it. PostgreSQL, the server that is measured and the process that writes share the machine; "
    "cpu: processor seconds of the server (first messages included) and of who writes",
)


def measure() -> Outcome:
    """Send to ours and to the peers in turn, on n, 4n and 16n connections."""
    with folder_for_all() as folder:
        return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Outcome:
    rounds: dict[int, dict[str, list[Mapping[str, Any]]]] = {}
    async with written_centre(folder / "house", agents=1) as here:
        for size in SIZES:
            rounds[size] = {who: [] for who in _DOORS}
            for _ in range(ROUNDS):
                for who, seen in rounds[size].items():
                    seen.append(await _round(here, size, who))
    return _outcome(rounds)


async def _round(here: WrittenCentre, size: int, who: str) -> Mapping[str, Any]:
    """Send all requests of a round, and check what is stored."""
    ours, total = who == "ours", size * REQUESTS
    copies = round(total * COPIES)
    distinct = total - copies
    job = {
        **here.doors(ours=ours, peer_path=_DOORS[who]), "conversations": size, "distinct": distinct, "copies": copies,
    }  # fmt: skip
    told = await here.load("webhooks", job)
    if ours and (told["stored"] != Stored(distinct, distinct) or told["forged"] != 403):
        raise NotMeasured(f"of {distinct} webhooks {told['stored']}; a forged one was answered {told['forged']}")
    if not ours and told["stored"].rows < total:
        raise NotMeasured(f"{who}: of {total} requests {told['stored']}")
    seen = {
        "per_s": significant(total / told["took_s"]),
        "cpu": {"server": told["server_cpu_s"], "writers": significant(told["load_cpu_s"])},
    }
    print(f"  {who}: {size} connections: {seen['per_s']:,.0f}/s, cpu {seen['cpu']}", flush=True)
    return seen


def _outcome(rounds: dict[int, dict[str, list[Mapping[str, Any]]]]) -> Outcome:
    rate = {
        size: {who: statistics.median(each["per_s"] for each in seen) for who, seen in of.items()}
        for size, of in rounds.items()
    }
    rows = [
        Row(
            "webhook_edge" if size == SIZES[0] else f"webhook_edge_{size}",
            f"{size} at once, checked: {of['ours']:,.0f}/s", f"unchecked, an INSERT each: {of['single']:,.0f}/s",
            of["ours"] / of["single"], GOAL, "requests/s",
        )
        for size, of in rate.items()
    ]  # fmt: skip
    rows += [
        Row(
            f"webhook_edge_gathered_{size}", f"{size} at once, checked: {of['ours']:,.0f}/s",
            f"unchecked, gathered: {of['gathered']:,.0f}/s", of["ours"] / of["gathered"], None, "requests/s",
        )
        for size, of in rate.items()
    ]  # fmt: skip
    most = rate[SIZES[-1]]
    linear = most["ours"] / rate[SIZES[0]]["ours"]
    rows.append(Row("webhook_edge_linear", f"{SIZES[-1]} at once over {SIZES[0]}", "itself", linear, 0.8, "requests/s"))
    return Outcome("webhook_edge", rows, {"rounds": rounds}, _NOTES)
