"""A centre full of what it can hold: calls in every stage, voicemails and callbacks, for `recovery` to kill."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

import aiohttp

from benchmarks.centre import BenchCentre, Manager, killed, restarted, sessions_of
from benchmarks.phones import AgentPhone, phones_of
from benchmarks.report import NotMeasured
from benchmarks.seats import OurSeat
from trunkline.core.callback import plan
from trunkline.core.ids import InteractionId, new_id
from trunkline.core.interaction import Interaction, Stage, Voicemail, Work
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

JUDGES = 3
"""How often the service is killed at each size: each time another agent's phone is the one that must ring."""
TALKING, RINGING, WRAP_UP = 40, 20, 20
_WAITING, _IN_FLOW = 0.3, 0.01
"""The parts of all that is live."""
_AT_ONCE = 40
_FILL_WITHIN_S = 180.0
_LEASE = timedelta(minutes=5)
_CENSUS = "SELECT work || ' ' || stage AS kind, count(*) AS n FROM interaction WHERE ended_at IS NULL GROUP BY 1"
"""What is live, by work and stage."""


async def census(database: Database) -> dict[str, int]:
    """Return how many of what are live, by work and stage."""
    return {row["kind"]: int(row["n"]) for row in await database.rows(_CENSUS)}


class Crowd:
    """Whoever calls, and whoever answers."""

    def __init__(self, house: BenchCentre, manager: Manager, database: Database, phones: Sequence[AgentPhone]) -> None:
        self._house, self._manager, self._database = house, manager, database
        self._store = PostgresStore(database)
        self._phones = phones
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._callers = self._messages = 0

    @classmethod
    async def arrived(cls, house: BenchCentre, manager: Manager, database: Database, stack: AsyncExitStack) -> Self:
        """Return the crowd with every agent's phone plugged in, and nobody ready yet."""
        judges = len(house.agents) - TALKING - RINGING - WRAP_UP
        talks: list[float | None] = [0.2] * judges + [3600.0] * TALKING + [None] * RINGING + [0.2] * WRAP_UP
        talk_of = dict(zip(house.agents, talks, strict=True))
        phones = await phones_of(house, talk_of.__getitem__)
        for phone in phones:
            stack.callback(phone.close)
        crowd = cls(house, manager, database, phones)
        stack.push_async_callback(crowd._session.close)
        return crowd

    async def grow(self, size: int) -> None:
        """Make so many live: first the calls in every stage, then what has no call of its own."""
        working = TALKING + RINGING + WRAP_UP
        first = self._callers == 0
        now = await census(self._database)
        await self._dial("100", round(size * _WAITING) - now.get("call waiting", 0) + (working if first else 0))
        await self._dial("101", round(size * _IN_FLOW) - now.get("call in_flow", 0))
        if first:
            await self._all_work()
        await self._leave_messages(size - sum((await census(self._database)).values()))

    async def absent(self, judge: int) -> AgentPhone:
        """Have an agent ready whose phone is unplugged, and return the phone."""
        phone = self._phones[judge]
        await phone.register(for_s=0)
        await asyncio.sleep(1.0)
        seat = await self._seated(phone)
        await seat.free()
        await asyncio.sleep(1.0)
        await seat.stand_up()
        return phone

    async def _dial(self, number: str, count: int) -> None:
        """Bring so many callers to a number, never far ahead: whoever is not served in time is sent through again."""
        kind = "call waiting" if number == "100" else "call in_flow"
        before = there = (await census(self._database)).get(kind, 0)
        dialled = 0
        try:
            async with asyncio.timeout(_FILL_WITHIN_S):
                while there < before + count:
                    while dialled < min(count, there - before + _AT_ONCE):
                        await self._originate(number)
                        dialled += 1
                    await asyncio.sleep(0.1)
                    there = (await census(self._database)).get(kind, 0)
        except TimeoutError:
            raise NotMeasured(f"of {before + count} callers {there} are there: {kind}") from None

    async def _originate(self, number: str) -> None:
        self._callers += 1
        await self._manager.act(
            Action="Originate", Channel=f"Local/{number}@from-trunk/n", CallerID=f"<+4477009{self._callers:05}>",
            Application="BridgeWait", Data=f"far-end-{self._callers},participant,e(n)", Variable="__TL_TRUNK=demo",
            Timeout="60000", Async="true",
        )  # fmt: skip

    async def _all_work(self) -> None:
        """Have the agents who are no judges take a call each, and wait until each is where they shall be."""
        working = self._phones[len(self._phones) - TALKING - RINGING - WRAP_UP :]
        for phone in working:
            await (await self._seated(phone)).free()
        wanted = {"call talking": TALKING, "call offered": RINGING, "call wrap_up": WRAP_UP}
        async with asyncio.timeout(30):
            while not wanted.items() <= (await census(self._database)).items():  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def _seated(self, phone: AgentPhone) -> OurSeat:
        (token,) = await sessions_of(self._house, [phone.name])
        seat = OurSeat(phone)
        await seat.sit_down(self._session, self._house, token)
        return seat

    async def _leave_messages(self, count: int) -> None:
        """Store voicemails and callbacks as the service would, while it is away, and have it find out who left them."""
        row = await self._database.row("SELECT id FROM interaction WHERE stage = 'waiting' AND work = 'call' LIMIT 1")
        model = await self._store.interaction(InteractionId(str(row["id"]))) if row else None
        if model is None:
            raise NotMeasured("nobody waits")
        await killed(self._house)
        if not await self._store.take_lease(await self._store.lease(), "crowd", lasts=_LEASE, holder_died=True):
            raise NotMeasured("somebody else decides")
        messages = [_message(model, self._messages + number) for number in range(count)]
        self._messages += count
        for start in range(0, count, 512):
            await self._store.save([Change(interactions=messages[start : start + 512])])
        await self._store.give_lease_back()
        await restarted(self._house)
        async with asyncio.timeout(120):
            while await self._database.row("SELECT FROM interaction WHERE ended_at IS NULL AND customer_id IS NULL"):  # noqa: ASYNC110
                await asyncio.sleep(0.5)


def _message(model: Interaction, number: int) -> Interaction:
    """Return a voicemail or a callback of a caller who went through the flow as the model did.

    Every third is a callback, and of these every second waits for its time.
    """
    at = datetime.now(UTC)
    caller = f"+4420790{number:05}"
    left = replace(
        model, id=InteractionId(new_id()), address=replace(model.address, raw=caller, e164=caller), customer=None,
        arrived_at=at, stage_since=at,
    )  # fmt: skip
    assert model.entry is not None
    entry = replace(model.entry, since=at)
    if number % 3 == 0:
        due_at = at + timedelta(hours=2) if number % 6 == 0 else None
        return plan(left.id, left, caller, entry, due_at=due_at, at=at)
    voicemail = Voicemail(f"{left.id}.wav", timedelta(seconds=20))
    return replace(left, stage=Stage.WAITING, work=Work.VOICEMAIL, call=None, voicemail=voicemail, entry=entry)
