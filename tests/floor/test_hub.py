"""The desk's picture: a snapshot and the events after it are the same as a new snapshot, whatever happens."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes.fake_switch import FakeSwitch
from tests.floor.conftest import MAIN, Centre, open_floor
from tests.floor.test_callback import FLOW as WITH_CALLBACKS
from trunkline.core.agent import Presence
from trunkline.core.call import OfferFailure
from trunkline.core.ids import AgentId, OfferId
from trunkline.core.interaction import Stage
from trunkline.floor import desk_figures, view
from trunkline.floor.desk_figures import QUEUES_EVERY_S
from trunkline.floor.desk_stream import KEPT_EVENTS
from trunkline.floor.view import apply

ANA = AgentId("ana")


class Screen:
    """A desk in a test: it keeps what it was sent, and applies it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.seq: int | None = None
        self.epoch: str | None = None

    def __call__(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        match message["type"]:
            case "snapshot":
                self.state, self.seq, self.epoch = message["state"], message["seq"], message["epoch"]
            case "event":
                assert self.seq is not None
                assert message["seq"] == self.seq + 1
                self.state, self.seq = apply(self.state, message["event"]), message["seq"]


async def a_random_thing_happens(centre: Centre, dice: random.Random) -> None:
    """One of everything that callers, agents, phones and time can do."""
    live = list(centre.floor.interactions.values())
    agent = AgentId(dice.choice(["ana", "ben"]))
    busy = centre.floor.in_hand_of(agent)
    switch = centre.switch
    ringing = [offer for offer, leg in switch.legs.items() if not leg.answered]
    talking = [offer for offer, leg in switch.legs.items() if leg.joined]
    dialling = [offer for offer, leg in switch.legs.items() if leg.answered and not leg.joined]
    match dice.randrange(14):
        case 0 | 1 | 2:
            await centre.call_waits(f"+4477009001{dice.randrange(10, 99)}")
        case 3 if ringing:
            answers(switch, dice.choice(ringing))
        case 4 if ringing:
            switch.fails(dice.choice(ringing), dice.choice(list(OfferFailure)))
        case 5 if talking:
            switch.agent_hangs_up(dice.choice(talking))
        case 6 if live and (call := dice.choice(live).call) is not None:
            switch.caller_hangs_up(call)
        case 7:
            await centre.desk.show(agent, Presence.READY, None)
        case 8 if busy is not None and busy.stage is Stage.WRAP_UP:
            await centre.desk.wrap_up(agent, busy.id, "resolved", "Done.")
        case 9:
            centre.clock.forward(dice.choice([1, 10, 70]))
        case 10:
            switch.phone(f"{agent}-web", reachable=dice.random() < 0.8)
        case 11 if talking:
            switch.holds(dice.choice(talking), held=dice.random() < 0.5)
        case 12 if live and (call := dice.choice(live).call) is not None:
            switch.presses(call, "1")  # where that is offered: to be called back
        case 13 if dialling:
            dice.choice([switch.customer_answers, switch.customer_is_not_reached])(dice.choice(dialling))
    await centre.settled()


def answers(switch: FakeSwitch, offer: OfferId) -> None:
    """The agent takes what rings."""
    is_callback = offer in {back.offer for back in switch.called_back}
    (switch.agent_answers_callback if is_callback else switch.answers)(offer)


def the_floor_is_sound(centre: Centre) -> None:
    """What must be true at every moment."""
    with_nobody = (Stage.IN_FLOW, Stage.WAITING, Stage.SCHEDULED)
    in_hand = [each for each in centre.floor.interactions.values() if each.stage not in with_nobody]
    holders = [each.offer.agent for each in in_hand if each.offer is not None]
    assert len(holders) == len(set(holders)), "an agent has two interactions in hand"
    for each in in_hand:
        assert each.offer is not None
        assert centre.floor.agents[each.offer.agent].busy == each.id
    for agent in centre.floor.agents.values():
        assert agent.busy is None or agent.busy in centre.floor.interactions
    free = [
        agent for agent in centre.floor.agents.values() if agent.is_free and agent.endpoint in centre.switch.reachable
    ]
    for each in centre.floor.interactions.values():
        if each.stage is Stage.WAITING and each.entry is not None:
            idle = [agent.id for agent in free if each.entry.queue in agent.queues]
            assert centre.room.is_full or idle == [], "an able agent is idle while somebody waits"


@pytest.fixture
async def with_callbacks(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(WITH_CALLBACKS, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


@pytest.fixture(params=[MAIN, WITH_CALLBACKS], ids=["calls", "calls and callbacks"])
async def some_floor(request: pytest.FixtureRequest, world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(request.param, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
async def test_snapshot_and_events_are_the_new_snapshot(some_floor: Centre, seed: int) -> None:
    centre, dice = some_floor, random.Random(seed)
    await centre.ready("ana", "ben")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)

    for _ in range(60):
        await a_random_thing_happens(centre, dice)
        the_floor_is_sound(centre)
    await asyncio.sleep(QUEUES_EVERY_S * 1.2)  # the queue figures are sent at most so often
    await centre.settled()

    fresh = Screen()
    centre.hub._streams.clear()
    await centre.hub.open(ANA, fresh, epoch=None, seq=None)
    assert screen.state == fresh.state
    assert centre.store.agents == centre.floor.agents


async def test_a_desk_resumes_with_exactly_what_it_missed(centre: Centre) -> None:
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    await centre.call_rings()
    seen = screen.seq
    centre.hub.close(ANA, screen)
    centre.switch.answers(centre.switch.rung[-1].offer)
    await centre.settled()

    again = Screen()
    again.state, again.seq, again.epoch = screen.state, screen.seq, screen.epoch
    await centre.hub.open(ANA, again, epoch=screen.epoch, seq=seen)

    assert again.messages[0]["type"] == "resumed"
    assert {message["type"] for message in again.messages[1:]} == {"event"}
    [card] = again.state["interactions"].values()
    assert card["stage"] == "talking"


async def test_a_desk_resumes_also_after_more_events_than_are_kept(centre: Centre) -> None:
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    for number in range(2 * KEPT_EVENTS + 3):
        await centre.desk.show(ANA, *((Presence.NOT_READY, "break") if number % 2 else (Presence.READY, None)))
    await centre.settled()
    seen = screen.seq - 2

    again = Screen()
    again.state, again.seq, again.epoch = screen.state, seen, screen.epoch
    await centre.hub.open(ANA, again, epoch=screen.epoch, seq=seen)

    assert again.messages[0]["type"] == "resumed"
    assert again.messages[1:] == screen.messages[-2:]


async def test_what_became_durable_together_is_made_into_one_card(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    card = view.card

    def counted(*args: Any) -> dict[str, Any]:
        made.append(args[0].stage.value)
        return card(*args)

    monkeypatch.setattr(view, "card", counted)
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    await centre.call_rings()

    shown = [message for message in screen.messages if message.get("event", {}).get("kind") == "interaction"]
    assert made == ["offered"] * len(shown)


async def test_with_many_desks_each_is_told_of_queues_less_often(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_figures, "FIGURES_PER_S", 0.1)
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)

    for _ in range(2):
        await centre.call_waits()
        await asyncio.sleep(QUEUES_EVERY_S * 1.2)
        await centre.settled()

    told = [message["event"]["queue"]["waiting"] for message in screen.messages if "queue" in message.get("event", {})]
    assert told == [1]


async def test_a_desk_that_missed_too_much_gets_a_snapshot(centre: Centre) -> None:
    await centre.ready("ana")
    screen = Screen()
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    centre.hub.close(ANA, screen)
    for number in range(2 * KEPT_EVENTS + 3):
        presence = (Presence.NOT_READY, "break") if number % 2 else (Presence.READY, None)
        await centre.desk.show(ANA, *presence)
    await centre.settled()

    again = Screen()
    await centre.hub.open(ANA, again, epoch=screen.epoch, seq=screen.seq)

    assert again.messages[0]["type"] == "snapshot"


async def test_another_services_numbers_mean_nothing(world: SimpleNamespace) -> None:
    screen = Screen()
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await centre.hub.open(ANA, screen, epoch=None, seq=None)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        again = Screen()
        await centre.hub.open(ANA, again, epoch=screen.epoch, seq=screen.seq)

    assert again.messages[0]["type"] == "snapshot"


async def test_an_unknown_event_is_no_event() -> None:
    with pytest.raises(ValueError, match="no event"):
        apply({}, {"kind": "party"})


async def somebody_asks_for_a_callback(centre: Centre) -> None:
    call = await centre.call_waits()
    centre.clock.forward(90)
    centre.switch.presses(call, "1")
    await centre.settled()


async def a_callback_is_offered(centre: Centre) -> tuple[Screen, OfferId]:
    """Ana's desk, at which a callback rings."""
    await somebody_asks_for_a_callback(centre)
    screen = Screen()
    await centre.desk.log_in(ANA)
    await centre.hub.open(ANA, screen, epoch=None, seq=None)
    await centre.ready("ana")
    return screen, centre.switch.called_back[-1].offer


async def is_not_reached(centre: Centre, offer: OfferId) -> None:
    centre.switch.agent_answers_callback(offer)
    await centre.settled()
    centre.switch.customer_is_not_reached(offer)
    await centre.settled()


async def test_a_callback_is_shown_with_the_way_of_the_call_that_asked_for_it(with_callbacks: Centre) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    [offered] = screen.state["interactions"].values()
    with_callbacks.switch.agent_answers_callback(offer)
    await with_callbacks.settled()
    [dialling] = screen.state["interactions"].values()
    with_callbacks.switch.customer_answers(offer)
    await with_callbacks.settled()
    [talking] = screen.state["interactions"].values()

    assert [step["answer"] for step in offered["path"]] == ["Sales", None]
    assert offered["callback"]["number"] == {"national": "07700 900123", "e164": "+447700900123"}
    shown = [(card["stage"], card["callback"]["dialling"]) for card in (offered, dialling, talking)]
    assert shown == [("offered", False), ("offered", True), ("talking", False)]


async def test_the_desk_is_told_that_nobody_was_reached_before_the_card_goes(with_callbacks: Centre) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    [card] = screen.state["interactions"].values()
    await is_not_reached(with_callbacks, offer)

    kinds = [message["event"]["kind"] for message in screen.messages if message["type"] == "event"]
    assert kinds.index("not_reached") < kinds.index("interaction_gone")
    assert screen.state["interactions"] == {}
    assert (screen.state["not_reached"]["id"], screen.state["not_reached"]["tries"]) == (card["id"], 1)
    assert screen.state["me"]["presence"] == "ready"


@pytest.mark.parametrize("tries", [1, 3])
async def test_it_is_told_as_well_when_the_database_was_slower_than_the_customer(
    with_callbacks: Centre, tries: int
) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    for _ in range(tries - 1):
        await is_not_reached(with_callbacks, offer)
        await with_callbacks.forward(15 * 60 + 1)
        offer = with_callbacks.switch.called_back[-1].offer
    told_before = len(screen.messages)

    with with_callbacks.slow_store():
        await is_not_reached(with_callbacks, offer)
    await with_callbacks.settled()

    events = [message["event"] for message in screen.messages[told_before:] if message["type"] == "event"]
    order = [event["kind"] for event in events if event["kind"] in {"not_reached", "interaction_gone"}]
    assert order == ["not_reached", "interaction_gone"]
    assert screen.state["not_reached"]["tries"] == tries


async def test_it_is_told_until_the_next_thing(with_callbacks: Centre) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    await is_not_reached(with_callbacks, offer)
    reloaded = Screen()
    await with_callbacks.hub.open(ANA, reloaded, epoch=None, seq=None)
    assert reloaded.state["not_reached"] is not None
    await with_callbacks.call_rings()
    assert screen.state["not_reached"] is None

    with_callbacks.switch.caller_hangs_up(with_callbacks.floor.calls()[0][1])
    await with_callbacks.settled()
    await with_callbacks.forward(15 * 60 + 1)
    await is_not_reached(with_callbacks, with_callbacks.switch.called_back[-1].offer)
    assert screen.state["not_reached"]["tries"] == 2
    await with_callbacks.desk.show(ANA, Presence.NOT_READY, "break")
    assert screen.state["not_reached"] is None


async def test_a_new_centre_file_does_not_take_it_away(with_callbacks: Centre) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    await is_not_reached(with_callbacks, offer)
    with_callbacks.hub.centre_changed(UTC)

    assert screen.messages[-1]["type"] == "snapshot"
    assert screen.state["not_reached"]["tries"] == 1


async def test_a_desk_that_never_showed_the_callback_is_told_nothing_of_it(
    with_callbacks: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    await somebody_asks_for_a_callback(with_callbacks)
    await with_callbacks.ready("ana")
    await is_not_reached(with_callbacks, with_callbacks.switch.called_back[-1].offer)

    opened = Screen()
    await with_callbacks.hub.open(ANA, opened, epoch=None, seq=None)

    assert opened.state["not_reached"] is None
    assert "a change could not be shown" not in caplog.text


async def test_what_came_of_it_goes_with_the_agent(with_callbacks: Centre) -> None:
    screen, offer = await a_callback_is_offered(with_callbacks)
    await is_not_reached(with_callbacks, offer)
    with_callbacks.hub.close(ANA, screen)
    await with_callbacks.desk.log_out(ANA)
    await with_callbacks.settled()

    next_day = Screen()
    await with_callbacks.hub.open(ANA, next_day, epoch=None, seq=None)

    assert next_day.state["not_reached"] is None
