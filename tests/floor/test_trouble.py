"""What a flow, a centre file or a switch can do to a caller that nobody meant, and what becomes of the caller."""

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.builders import a_call
from tests.floor.conftest import CENTRE, Centre, open_floor
from trunkline.core.agent import Presence
from trunkline.core.call import Where
from trunkline.core.ids import AgentId
from trunkline.core.interaction import Outcome, Stage
from trunkline.core.journal import Happened
from trunkline.floor import losses, roster, self_service
from trunkline.floor.self_service import SORRY
from trunkline.flows.centre import centre_of
from trunkline.ports.voice_line import LineGone

ANA, BEN = AgentId("ana"), AgentId("ben")
WITHOUT_SALES = CENTRE.replace(b"  sales: {", b"  hardware: {").replace(b"queues: [sales", b"queues: [hardware")


def centre_file(data: bytes) -> Any:
    centre, problems = centre_of(data, "centre.yaml")
    assert centre is not None, problems
    return centre


async def follow(centre: Centre, data: bytes) -> None:
    await roster.follow(centre.floor, centre.desk, centre_file(data))
    await centre.settled()


async def until(centre: Centre, done: Any) -> None:
    """Wait for what takes real moments (the pause after a lost line)."""
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_service, "_SETTLE_S", 0.0)


# --- the centre file changes -----------------------------------------------------------------------------------------


async def test_a_flow_into_a_queue_that_is_gone_ends_in_kind_words(centre: Centre) -> None:
    await follow(centre, WITHOUT_SALES)
    centre.keys.append("1")
    call = centre.switch.calls_in()
    await centre.settled()

    assert centre.lines[call.id.uniqueid].said[-1] == SORRY.text
    assert centre.of(call) is None
    assert centre.switch.where(call) is None


async def test_who_waits_in_a_queue_that_is_gone_waits_on_and_goes_on_with_the_flow(centre: Centre) -> None:
    call = await centre.call_waits()
    await follow(centre, WITHOUT_SALES)

    assert centre.in_line() == [call.id.uniqueid]
    centre.recording = b"\0" * 44 + b"\1" * 32_000
    await centre.forward(301)
    assert len(centre.store.happened(Happened.OVERFLOWED)) == 1


async def test_an_overflow_into_a_queue_that_is_gone_leaves_the_caller_waiting(world: SimpleNamespace) -> None:
    flow = world.folder / "flows" / "main.yaml"
    text = flow.read_text()
    other = "  other:\n    queue: support\n  message:\n"
    flow.write_text(text.replace("after: 5m, go: message", "after: 5m, go: other").replace("  message:\n", other))
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        call = await centre.call_waits()
        gone = CENTRE.replace(b"  support: {title", b"  repair: {title").replace(b", support]", b", repair]")
        await follow(centre, gone)

        await centre.forward(301)

        assert centre.stage(call) is Stage.WAITING
        assert centre.switch.where(call) is Where.WAITING


async def test_a_talk_out_of_a_queue_that_is_gone_comes_to_its_wrap_up(centre: Centre) -> None:
    await centre.ready("ana")
    call, offer = await centre.call_talks()
    interaction = centre.of(call)
    assert interaction is not None
    shown: list[dict[str, Any]] = []
    await centre.hub.open(ANA, shown.append, epoch=None, seq=None)
    await follow(centre, WITHOUT_SALES)

    centre.switch.agent_hangs_up(offer)
    await centre.settled()

    assert centre.floor.interaction(interaction.id).stage is Stage.WRAP_UP
    assert shown[-1]["event"]["interaction"]["queue"] == {"id": "sales", "title": "sales"}
    await centre.forward(61)
    assert centre.agent("ana").busy is None


async def test_a_voicemail_is_kept_though_the_flow_cannot_say_goodbye(world: SimpleNamespace) -> None:
    flow = world.folder / "flows" / "main.yaml"
    text = flow.read_text()
    asking = "  open: {hours: support, open: thanks, closed: bye}\n  thanks:\n"
    flow.write_text(text.replace("next: thanks", "next: open").replace("  thanks:\n", asking))
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await follow(centre, CENTRE.replace(b"hours:\n  support:", b"hours:\n  repair:"))
        centre.recording = b"\0" * 44 + b"\1" * 32_000
        centre.keys.append("2")
        centre.switch.calls_in()
        await centre.settled()

        assert len(world.store.happened(Happened.VOICEMAIL_LEFT)) == 1


async def test_agents_come_go_and_change_queues_while_the_service_runs(centre: Centre) -> None:
    await centre.ready("ana")
    changed = CENTRE.replace(b"  ana: {name: Ana Torres, queues: [sales]}", b"  ana: {name: Ana T, queues: [support]}")
    await follow(centre, changed.replace(b"  ben: {name: Ben Okafor,", b"  cleo: {name: Cleo Fox, role: supervisor,"))
    call = await centre.call_waits()

    assert centre.stage(call) is Stage.WAITING
    assert centre.agent("ana").name == "Ana T"
    assert centre.agent("cleo").role == "supervisor"
    assert centre.agent("ben").queues == {}


async def test_who_has_left_the_centre_file_gets_nothing_and_finishes_what_is_in_hand(centre: Centre) -> None:
    await centre.ready("ana")
    talk, offer = await centre.call_talks()
    without = CENTRE.replace(b"  ana: {name: Ana Torres, queues: [sales]}\n", b"")
    await follow(centre, without)
    interaction = centre.of(talk)
    assert interaction is not None

    assert centre.agent("ana").presence is Presence.OFFLINE
    assert interaction.stage is Stage.TALKING
    centre.switch.agent_hangs_up(offer)
    await centre.settled()
    await centre.forward(61)
    assert centre.agent("ana").busy is None
    await centre.call_waits()
    assert len(centre.switch.rung) == 1


async def test_what_rings_at_who_has_left_goes_back_to_its_place(centre: Centre) -> None:
    await centre.ready("ana")
    call, _ = await centre.call_rings()

    await follow(centre, CENTRE.replace(b"  ana: {name: Ana Torres, queues: [sales]}\n", b""))

    assert centre.stage(call) is Stage.WAITING
    assert centre.switch.legs == {}


async def test_a_restart_ends_the_work_of_an_agent_who_is_retired(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.ready("ana")
        call, _ = await centre.call_talks()
        interaction = centre.of(call)
        assert interaction is not None
    load = world.store.load

    async def without_ana() -> Any:
        situation = await load()
        return replace(situation, agents=tuple(each for each in situation.agents if each.id != ANA))

    world.store.load = without_ana
    world.switch.deaf = True
    world.switch.caller_hangs_up(call)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        assert centre.floor.settled
        assert centre.floor.interaction(interaction.id).stage is Stage.WRAP_UP
        await centre.forward(61)
    assert world.store.interactions[interaction.id].outcome is Outcome.HANDLED


async def test_desks_begin_anew_with_the_new_centre_file(centre: Centre) -> None:
    shown: list[dict[str, Any]] = []
    await centre.hub.open(ANA, shown.append, epoch=None, seq=None)
    await follow(centre, CENTRE.replace(b"title: Sales", b"title: Selling"))

    centre.hub.centre_changed(centre.clock.now().tzinfo)

    assert shown[-1]["type"] == "snapshot"
    assert shown[-1]["state"]["queues"]["sales"]["title"] == "Selling"
    assert shown[-1]["epoch"] != shown[0]["epoch"]
    again: list[dict[str, Any]] = []
    await centre.hub.open(ANA, again.append, epoch=shown[-1]["epoch"], seq=shown[-1]["seq"])
    assert again[0]["type"] == "resumed"


# --- what desks leave behind -----------------------------------------------------------------------------------------


async def test_an_agent_who_left_leaves_no_picture_behind(centre: Centre) -> None:
    send: Any = [].append
    await centre.desk.log_in(ANA)
    await centre.hub.open(ANA, send, epoch=None, seq=None)
    centre.hub.close(ANA, send)
    assert ANA in centre.hub._streams  # a reload is back in a moment

    await centre.desk.log_out(ANA)

    assert centre.hub._streams == {}
    await centre.hub.open(BEN, send, epoch=None, seq=None)
    centre.hub.close(BEN, send)
    assert centre.hub._streams == {}


async def test_an_old_number_of_a_forgotten_picture_is_not_resumed(centre: Centre) -> None:
    first: list[dict[str, Any]] = []
    await centre.hub.open(ANA, first.append, epoch=None, seq=None)
    centre.hub.close(ANA, first.append)
    again: list[dict[str, Any]] = []
    send: Any = again.append
    await centre.hub.open(ANA, send, epoch=first[0]["epoch"], seq=0)

    assert again[0]["type"] == "snapshot"


async def test_what_cannot_be_shown_stops_nothing(centre: Centre) -> None:
    def breaks(_change: object) -> None:
        raise ZeroDivisionError

    centre.ledger.listeners.insert(0, breaks)
    await centre.ready("ana")

    call, _ = await centre.call_talks()

    assert centre.stage(call) is Stage.TALKING


# --- the switch takes callers out of their flow ----------------------------------------------------------------------


class Unheard:
    """A line on which nothing can be said: the switch leaves AGI at each sound."""

    times = 0

    async def play(self, _sounds: list[Path], *, stop_on: str = "") -> str | None:
        Unheard.times += 1
        raise LineGone("Asterisk cannot read it")


async def test_a_caller_lost_at_one_step_again_and_again_gets_to_people(centre: Centre) -> None:
    Unheard.times = 0
    centre.self_service._lines = lambda _call: Unheard()  # type: ignore[assignment,return-value]
    await centre.ready("ana")
    call = centre.switch.calls_in()
    await centre.settled()

    await until(centre, lambda: centre.stage(call) is Stage.OFFERED)

    assert Unheard.times == 3
    assert centre.switch.where(call) is Where.WAITING


async def test_a_caller_lost_for_good_in_a_flow_without_a_queue_is_let_go(world: SimpleNamespace) -> None:
    flow = "flow: main\ntitle: X\nmedia: [voice]\nlanguage: en-GB\nentry: {numbers: ['100']}\nstart: a\nsteps:\n"
    (world.folder / "flows" / "main.yaml").write_text(flow + "  a: {say: Hello., next: b}\n  b: {end: Bye.}\n")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        Unheard.times = 0
        centre.self_service._lines = lambda _call: Unheard()  # type: ignore[assignment,return-value]
        call = world.switch.calls_in()
        await centre.settled()

        await until(centre, lambda: centre.switch.where(call) is None)

    assert Unheard.times == 3
    assert [entry.facts["by"] for entry in world.store.happened(Happened.ENDED_IN_FLOW)] == ["fault"]


async def test_losses_are_counted_anew_at_each_step(centre: Centre) -> None:
    counted = losses.Losses(centre.floor)
    call = centre.switch.calls_in()
    await centre.settled()
    interaction = centre.of(call)
    assert interaction is not None
    further = replace(interaction, run={**(interaction.run or {}), "step": "bye"})

    assert [counted.count(each) for each in (interaction, interaction, further, interaction)] == [1, 2, 1, 1]
    centre.switch.caller_hangs_up(call)
    await centre.settled()
    assert counted._counted == {}


async def test_a_finding_that_comes_too_late_does_not_keep_the_floor_closed(centre: Centre) -> None:
    await centre.ready("ana")
    call, _ = await centre.call_rings()
    del centre.floor.agents[ANA]
    centre.switch.deaf = True
    centre.switch.caller_hangs_up(call)
    await centre.call_waits(str(a_call().id.uniqueid))

    centre.switch.found()
    await centre.settled()

    assert centre.floor.settled
