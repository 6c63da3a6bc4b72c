"""Somebody who calls a flow of tones: what they hear, and what the books say of them."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.system.house import House
from tests.system.test_bad_input import rows
from tests.system.tones import Listening
from trunkline.core.journal import Happened
from trunkline.floor.recording import length_of
from trunkline.flows.run import Run, run_from_json
from trunkline.simulate.caller import Caller


class Guest:
    """One call, from its answer on."""

    def __init__(self, house: House, caller: Caller, from_: str) -> None:
        self.house, self.caller, self.from_ = house, caller, from_
        self._ear = Listening(caller)

    @classmethod
    async def calls(cls, house: House, number: str, *, from_: str) -> Self:
        return cls(house, await house.call(number=number, from_=from_), from_)

    async def hears(self, *names: str, within: float = 20) -> None:
        """Wait for these recordings, which must come next, one after the other."""
        await self._ear.hears(*names, within=within)

    def may_hear_music(self) -> None:
        """Let music come before the next recording: the switch plays it where nobody talks to a caller for seconds."""
        self._ear.music_may_come = True

    async def press(self, keys: str) -> None:
        await self.caller.press(keys)

    async def is_hung_up_on(self) -> None:
        assert (await self.caller.over()).by == "them"

    async def row(self) -> dict[str, Any]:
        """Return their interaction as it is stored."""
        sql = "SELECT * FROM interaction WHERE e164 = $1 ORDER BY arrived_at DESC LIMIT 1"
        return (await rows(self.house, sql, self.from_))[0]

    async def becomes(self, **wanted: str) -> dict[str, Any]:
        """Wait until their interaction is stored so, and return it."""
        found = await self.row()
        with suppress(TimeoutError):
            async with asyncio.timeout(15):
                while not wanted.items() <= found.items():
                    await asyncio.sleep(0.1)  # it cannot tell us
                    found = await self.row()
        assert {name: found[name] for name in wanted} == wanted
        return found

    async def reaches(self, step: str) -> None:
        """Wait until their run stands at a step."""
        async with asyncio.timeout(15):
            while (await self.run()).step != step:
                await asyncio.sleep(0.1)  # it cannot tell us

    async def run(self) -> Run:
        """Return their flow's run as it is stored."""
        return run_from_json(json.dumps((await self.row())["run"]))

    async def journal(self, *kinds: Happened) -> list[dict[str, Any]]:
        """Return what is written of them, in its order."""
        sql = "SELECT at, facts FROM journal WHERE interaction_id = $1 AND kind = ANY($2) ORDER BY seq"
        return await rows(self.house, sql, (await self.row())["id"], [kind.value for kind in kinds])

    async def steps(self) -> list[str]:
        """Return the steps that they reached, as the journal has it."""
        return [entry["facts"]["step"] for entry in await self.journal(Happened.STEP_REACHED)]

    async def answers(self) -> dict[str, str]:
        """Return what they answered where; an answer that is written twice fails."""
        answered = [entry["facts"] for entry in await self.journal(Happened.ANSWERED_STEP)]
        found = {facts["step"]: facts["answer"] for facts in answered}
        assert len(found) == len(answered)
        return found

    async def message(self) -> Path:
        """Return where their message is kept."""
        folder = self.house.settings.data_dir / "asterisk" / "recordings" / "voicemail"
        return folder / f"{(await self.row())['id']}.wav"

    async def has_spoken(self, seconds: float, *, more_than: float = 0) -> None:
        """Wait until so much of their message is recorded."""
        file = await self.message()
        async with asyncio.timeout(15):
            while length_of(file).total_seconds() < more_than + seconds:
                await asyncio.sleep(0.05)  # it cannot tell us
