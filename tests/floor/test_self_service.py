"""Flows on callers' lines: what is heard, what is kept, and what happens when something is missing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.builders import NOON
from tests.floor.conftest import Centre, open_floor
from trunkline.core.call import Where
from trunkline.core.errors import Unavailable
from trunkline.core.ids import QueueId
from trunkline.core.interaction import Outcome, Stage
from trunkline.core.journal import Happened
from trunkline.core.waiting import ENOUGH, WaitTold
from trunkline.flows.flow import Flow

ORDERS = """
flow: orders
title: Orders
media: [voice]
language: en-GB
entry: {numbers: ["200"]}
start: order
steps:
  order:
    ask: Your order number, please.
    as: digits
    length: 3
    save: order_no
    no_answer: {after: 5s, tries: 2, go: sales}
    no_match: {tries: 2, go: sales}
    next: thanks
  thanks:
    say: Thank you.
    next: sales
  sales: {queue: sales}
"""


@pytest.fixture
def world(world: SimpleNamespace) -> SimpleNamespace:
    (world.folder / "flows" / "orders.yaml").write_text(ORDERS, encoding="utf-8")
    return world


async def test_digits_are_gathered_and_shown_as_an_answer(centre: Centre) -> None:
    centre.keys += ["1", "2", "3"]
    call = centre.switch.calls_in(dialled="200")
    await centre.settled()

    interaction = centre.of(call)
    assert interaction is not None
    assert interaction.run is not None
    assert interaction.run["values"] == {"order_no": "123"}
    assert [entry.facts["answer"] for entry in centre.store.happened(Happened.ANSWERED_STEP)] == ["123"]


async def test_silence_asks_again_and_then_leads_on(centre: Centre) -> None:
    centre.keys += [None, None]
    call = centre.switch.calls_in(dialled="200")
    await centre.settled()

    assert centre.lines[call.id.uniqueid].said.count("Your order number, please.") == 2
    assert centre.stage(call) is Stage.WAITING


async def test_a_number_without_a_flow_hears_a_kind_sentence(centre: Centre) -> None:
    call = centre.switch.calls_in(dialled="999")
    await centre.settled()

    assert "not in service" in centre.lines[call.id.uniqueid].said[0]
    [ended] = [each for each in centre.store.interactions.values() if each.dialled == "999"]
    assert ended.outcome is Outcome.ENDED_IN_FLOW
    assert call.id not in centre.switch.callers


async def test_a_prompt_without_a_sound_is_left_out_and_the_call_goes_on(centre: Centre) -> None:
    voice = centre.self_service._speaking._sounds
    voice.sound_for = lambda _prompt: None  # type: ignore[method-assign]

    async def make(_prompts: object) -> None:
        raise Unavailable("nothing here can speak English")

    voice.make = make  # type: ignore[method-assign]
    call = await centre.call_waits()

    assert centre.stage(call) is Stage.WAITING


async def test_a_flow_that_fails_says_so_kindly(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("trunkline.floor.runs.begin", broken)
    call = centre.switch.calls_in()
    await centre.settled()

    assert "something went wrong" in centre.lines[call.id.uniqueid].said[0].lower()
    assert call.id not in centre.switch.callers


async def test_a_caller_whom_the_switch_took_away_is_fetched_back(centre: Centre) -> None:
    call = centre.switch.calls_in()
    await centre.settled()
    line = centre.lines[call.id.uniqueid]
    line.switch._move(call, Where.SAFE)

    line.leave("the guard was not renewed")
    await centre.until(lambda: centre.switch.where(call) is Where.FLOW)

    assert centre.lines[call.id.uniqueid] is not line
    assert centre.stage(call) is Stage.IN_FLOW


async def test_an_entry_whose_flow_is_gone_goes_on_waiting(centre: Centre) -> None:
    call = await centre.call_waits()
    gone: dict[str, Flow] = {}
    centre.library._versions.clear()
    centre.library._serving.clear()
    assert centre.library.flows == gone

    await centre.forward(300)

    interaction = centre.of(call)
    assert interaction is not None
    assert interaction.stage is Stage.WAITING
    assert interaction.entry is not None
    assert interaction.entry.overflow_at is None


async def test_an_entry_whose_step_is_gone_goes_on_waiting(centre: Centre, world: SimpleNamespace) -> None:
    call = await centre.call_waits()
    main = world.folder / "flows" / "main.yaml"
    main.write_text(main.read_text(encoding="utf-8").replace("sales:", "shop:").replace("go: sales", "go: shop"))
    centre.library._versions.clear()
    assert centre.library.load(centre.floor.centre).problems == ()

    await centre.forward(300)

    interaction = centre.of(call)
    assert interaction is not None
    assert interaction.stage is Stage.WAITING
    assert interaction.entry is not None
    assert interaction.entry.overflow_at is None


async def test_a_run_goes_on_in_the_version_it_began_with(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        call = world.switch.calls_in()
        await centre.settled()
        main = world.folder / "flows" / "main.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("What is it about?", "Hello again."), encoding="utf-8")
        centre.library.load(centre.floor.centre)
        other = world.switch.calls_in("+447700900456")
        await centre.settled()
        assert centre.lines[other.id.uniqueid].said[0] == "Hello again."

        centre.keys.append("1")
        world.switch.caller_hangs_up(other)
        await world.switch.to_flow(call)
        await centre.settled()

        assert centre.lines[call.id.uniqueid].said[0] == "What is it about?"


async def test_an_empty_voicemail_is_no_work(centre: Centre) -> None:
    centre.recording = b"R" * (44 + 100)
    centre.keys += ["2", None]
    centre.switch.calls_in()
    await centre.settled()

    assert centre.floor.interactions == {}


async def test_the_wait_is_said_once_it_is_known(centre: Centre) -> None:
    two_minutes = timedelta(minutes=2)
    centre.waiting.begin([WaitTold(QueueId("sales"), NOON, two_minutes, by_queue_s=120.0)] * ENOUGH)
    await centre.ready("ana")
    for _ in range(3):
        call, offer = await centre.call_talks()
        await centre.forward(119)
        interaction = centre.of(call)
        assert interaction is not None
        centre.switch.agent_hangs_up(offer)
        await centre.settled()
        await centre.desk.wrap_up(centre.agent("ana").id, interaction.id, "resolved", "")
    await centre.call_talks()
    second, third = await centre.call_waits("+447700900456"), await centre.call_waits("+447700900457")

    for caller in (second, third):
        centre.switch.announcement_due(caller)
        await centre.settled()

    assert [words for _, words in centre.switch.told] == [
        ["You are next in line.", "The expected wait is about 2 minutes."],
        ["You are number 2 in line.", "The expected wait is about 4 minutes."],
    ]


async def test_a_caller_who_is_gone_before_the_first_word_is_no_fault(
    centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    call = centre.switch.calls_in()
    centre.switch.caller_hangs_up(call)
    await centre.settled()

    assert [entry.facts.get("outcome") for entry in centre.store.happened(Happened.ENDED_IN_FLOW)] != []
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
