"""What a flow asks of the world while a caller is on the line: web services, customers, messages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.fakes.fake_fetcher import FakeFetcher
from tests.floor.conftest import Centre, open_floor
from trunkline.core.customer import Customer
from trunkline.core.ids import CustomerId
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened
from trunkline.floor.errands import facts_of
from trunkline.floor.messenger import ChannelMessenger
from trunkline.flows.talk import Fetched, FetchFailed, Send, SendFailed

FLOW = """
flow: main
media: [voice]
entry: {numbers: ["100"]}
start: number
steps:
  number: {ask: Your number?, as: digits, length: 2, save: order_no, no_answer: {go: bye}, next: look}
  look:
    http: {get: "https://shop.example/orders/{order_no}"}
    save: order
    found: tell
    missing: bye
    failed: away
  tell: {say: "It is {order.status}.", next: who}
  away: {say: We cannot look it up now., next: who}
  who: {customer: "{caller}", name: Chris, next: hello}
  hello: {say: "Thank you, {customer.name}.", next: note}
  note: {send: "Order {order_no}", by: sms, failed: unsent, next: rest}
  unsent: {say: No message., next: rest}
  rest: {wait: 5s, next: rate}
  rate: {rate: How was it?, next: bye}
  bye: {end: Goodbye.}
"""
URL = "https://shop.example/orders/42"


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


async def test_a_caller_is_told_what_a_web_service_says_and_gets_a_message(centre: Centre) -> None:
    centre.fetcher.answers = {URL: Fetched(200, {"status": "on its way"})}
    centre.keys.extend(["4", "2"])
    call = centre.switch.calls_in()
    await centre.settled()
    await centre.forward(6)

    said = centre.lines[call.id.uniqueid].said
    assert said[:3] == ["Your number?", "It is on its way.", "Thank you, Chris."]
    [(key, sent)] = centre.messenger.sent.items()
    assert (sent.medium, sent.to, sent.text) == ("sms", "+447700900123", "Order 42")
    assert key.startswith(centre.of(call).id if centre.of(call) else "")
    asked = centre.store.happened(Happened.WEB_SERVICE_ASKED)
    assert [(e.facts["step"], e.facts["came"]) for e in asked] == [("look", 200)]
    assert "42" not in str([e.facts for e in asked])


async def test_what_fails_leads_on_by_the_flows_own_way(centre: Centre) -> None:
    centre.fetcher.answers = {URL: FetchFailed("timeout")}
    centre.messenger.fails = "no channel"
    centre.keys.extend(["4", "2"])
    call = centre.switch.calls_in()
    await centre.settled()

    said = centre.lines[call.id.uniqueid].said
    assert "We cannot look it up now." in said
    assert "No message." in said


async def test_a_score_is_journaled(centre: Centre) -> None:
    centre.keys.extend(["4", "2", "5"])
    call = centre.switch.calls_in()
    await centre.settled()
    await centre.forward(6)
    await centre.settled()

    assert centre.lines[call.id.uniqueid].said[-1] == "Goodbye."
    assert centre.lines[call.id.uniqueid].rested == [timedelta(seconds=5)]
    assert [e.facts["score"] for e in centre.store.happened(Happened.RATED)] == [5]


async def test_a_score_is_journaled_under_the_flow_that_asked_for_it(world: SimpleNamespace) -> None:
    flows = world.folder / "flows"
    ask = "{run: survey, next: bye}\n  bye: {end: Goodbye.}\n"
    (flows / "main.yaml").write_text(f'flow: main\nentry: {{numbers: ["100"]}}\nstart: ask\nsteps:\n  ask: {ask}')
    (flows / "survey.yaml").write_text(
        "flow: survey\nstart: a\nsteps:\n  a: {rate: How was it?, next: b}\n  b: {end: }\n"
    )
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        centre.keys.append("5")
        world.switch.calls_in()
        await centre.settled()

    rated = {"flow": "survey", "question": "rating", "score": 5}
    assert [entry.facts for entry in world.store.happened(Happened.RATED)] == [rated]


async def test_a_request_in_the_middle_of_which_the_service_dies_is_the_same_one_again(world: SimpleNamespace) -> None:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        centre.fetcher.held = True
        centre.keys.extend(["4", "2"])
        call = world.switch.calls_in()
        await centre.settled()
        [(_, first)] = centre.fetcher.asked
        assert centre.stage(call) is Stage.IN_FLOW
        world.switch.lost()

    fetcher = FakeFetcher({URL: Fetched(200, {"status": "here"})})
    async with open_floor(world.folder, world.store, world.clock, world.switch, fetcher) as centre:
        assert [key for _, key in fetcher.asked] == [first]
        assert "It is here." in centre.lines[call.id.uniqueid].said


async def test_a_caller_who_comes_back_into_the_flow_is_who_it_found_before(world: SimpleNamespace) -> None:
    steps = FLOW.replace("start: number", "start: who").replace('"{caller}"', '"chris@example.com", by: email')
    (world.folder / "flows" / "main.yaml").write_text(steps, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        call = world.switch.calls_in()
        await centre.settled()
        found = centre.of(call).customer  # type: ignore[union-attr]
        world.switch.lost()

    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        interaction = centre.of(call)
        assert interaction is not None
        assert interaction.customer == found == centre.floor.profiles[interaction.id].customer.id  # type: ignore[union-attr]
        assert world.store.customers[found].name == "Chris"


async def test_without_a_channel_nothing_is_sent_and_the_flow_hears_so(centre: Centre) -> None:
    answer = await ChannelMessenger(centre.floor, {}, centre.outbox).send(
        Send("sms", "+447700900123", "Hello", None), key="k"
    )

    assert answer == SendFailed("no channel for sms is set up")


def test_a_tag_with_a_colon_is_a_fact() -> None:
    customer = Customer(CustomerId("c"), "Chris", (), tags=("vip", "tier:gold", "1:x"))

    assert facts_of(customer) == {"tier": "gold", "name": "Chris", "tags": ["vip", "tier:gold", "1:x"]}
