"""The demonstration: a crowd that calls, agents who answer, and one line that tells what goes on."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trunkline.simulate import sound
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.crowd import USUAL_KEYS, Arrival, arrivals
from trunkline.simulate.headless_agent import AGENT_TONE, Order

_PROMPT_S, _REST_S = 25.0, 0.8
_LOOK_S = 0.5
_LEAVE_S = 4.5
_WITH_US, _SERVED = "waiting or talking", "served"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demonstration does: who is called how often, at which switch, by which crowd."""

    server: tuple[str, int]
    number: str
    per_minute: float
    seed: int
    most_at_once: int = 30
    keys: Sequence[str] = USUAL_KEYS


class Demo:
    """Runs until cancelled; `line` tells at any moment what goes on."""

    def __init__(self, plan: Plan, agents: Sequence[Order]) -> None:
        self._plan, self._agents = plan, agents
        self._now: Counter[str] = Counter()
        self._so_far: Counter[str] = Counter()
        self._doing = {order.login: "starting" for order in agents}
        self._talked: dict[str, int] = {}
        self._waiting: int | None = None
        self.last_refusal = ""

    def line(self) -> str:
        """Return what the callers and the agents do now, and what came of the calls so far."""
        now, so_far = Counter(self._now), Counter(self._so_far)
        if self._waiting is not None:  # the desks know better than a caller who only listens
            for guessed in (now, so_far):
                guessed.pop(_WITH_US if guessed is now else _SERVED, None)
            now["waiting"] = self._waiting
            now["talking"] = sum(doing == "talking" for doing in self._doing.values())
            so_far["talked"] = sum(self._talked.values())
        here = ", ".join(f"{count} {what}" for what, count in sorted(now.items()) if count) or "nobody"
        done = ", ".join(f"{count} {what}" for what, count in sorted(so_far.items()) if count) or "no call"
        agents = ", ".join(f"{name} {doing}" for name, doing in self._doing.items()) or "none of ours"
        return f"on the line: {here} · so far: {done} · agents: {agents}"

    async def run(self) -> None:
        """Bring the agents and the callers until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for order in self._agents:
                tasks.create_task(self._run_agent(order))
            await self._bring_callers(tasks)

    async def _bring_callers(self, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for arrival in arrivals(self._plan.seed, self._plan.per_minute, keys=self._plan.keys):
            await asyncio.sleep(max(began + arrival.at - loop.time(), 0))
            if self._now.total() < self._plan.most_at_once:
                tasks.create_task(self._call(arrival))

    async def _call(self, arrival: Arrival) -> None:
        caller = await Caller.dial(
            self._plan.number,
            server=self._plan.server,
            from_=arrival.number,
            name=arrival.name,
            say=sound.tone(arrival.frequency, level=0.1),
        )
        stage = "dialling"
        self._now[stage] += 1

        def becomes(new: str) -> None:
            nonlocal stage
            self._now[stage] -= 1
            self._now[new] += 1
            stage = new

        async with caller:
            try:
                await caller.answered(15)
                becomes("in the menu")
                for keys in arrival.keys:
                    await self._press(caller, keys)
                becomes(_WITH_US)
                served = await _waits(caller, arrival.patience)
                if served:
                    with suppress(TimeoutError):
                        await caller.over(arrival.talk)
                self._so_far[_SERVED if served else "gave up"] += 1
            except (CallRefused, TimeoutError) as fault:
                self.last_refusal = str(fault) or "no answer in time"
                self._so_far["refused" if caller.answered_at is None else "ended by the centre"] += 1
            finally:
                self._now[stage] -= 1

    async def _press(self, caller: Caller, keys: str) -> None:
        """Press as people do: when the prompt has ended, or when it takes too long."""
        with suppress(TimeoutError):
            await caller.hears_sound(_PROMPT_S)
            await caller.hears_silence(_PROMPT_S, seconds=_REST_S)
        await caller.press(keys)

    def _hear_of(self, login: str, told: Mapping[str, Any]) -> None:
        self._doing[login] = told["doing"]
        self._talked[login] = told.get("talked", self._talked.get(login, 0))
        self._waiting = told.get("waiting", self._waiting)

    async def _run_agent(self, order: Order) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "trunkline.simulate.headless_agent",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we tell the agents
        )
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(order.to_json().encode() + b"\n")
            async for line in process.stdout:
                self._hear_of(order.login, json.loads(line))
            self._doing[order.login] = f"gone ({self._doing[order.login]})"
        finally:
            process.stdin.close()
            try:
                async with asyncio.timeout(_LEAVE_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _waits(caller: Caller, patience: float) -> bool:
    """Wait to be talked to; False when the patience ends first.

    An agent of ours is known by its tone; a person by the music's end: two seconds of silence on the line.
    """
    started = caller.heard_s
    while caller.heard_s - started < patience:
        latest = caller.audio(max(started, caller.heard_s - 2.0))
        with_agent = sound.heard(AGENT_TONE, latest[-8000:], seconds=0.5)
        hushed = len(latest) >= 15_900 and sound.rms(latest) < sound.QUIET
        if with_agent or hushed:
            return True
        with suppress(TimeoutError):
            await caller.over(_LOOK_S)
        if caller.ended is not None:
            raise CallRefused(caller.ended)
    return False
