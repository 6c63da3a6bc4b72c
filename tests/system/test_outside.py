"""Callbacks and transfers on the real machine: customers and others outside are SIP phones at the end of a trunk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.system.carrier import Carrier
from tests.system.house import House, Seat, seated, start_house, stop_house
from tests.system.phone import Phone
from tests.system.switch import free_ports, open_folder
from trunkline.simulate.desk import State
from trunkline.store.database import connect_once
from trunkline.store.embedded import dsn

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

CUSTOMER, CLERK = "+447700900123", "+442079460000"
SHOWN = "+442071234567"
TRUNKS = """\
trunks:
  - name: outward
    hosts: ["127.0.0.1:{port}"]
    match: [192.0.2.1]
    codecs: [ulaw]
    calls_out: {{to: ["+44"], as: "+442071234567"}}
"""
FLOW = """
flow: outside
entry: {numbers: ["200"]}
start: menu
steps:
  menu:
    menu: What is it?
    choices:
      - {key: "1", label: Waiting, go: wait}
      - {key: "2", label: Outside, go: clerk}
    no_answer: {go: bye}
  wait:
    queue: sales
    while_waiting: {announce: [], every: 10s}
    offer_callback: {after: 10s, key: "9"}
  clerk: {transfer: "+442079460000", timeout: 8s, failed: nobody}
  nobody: {say: Nobody is there., next: bye}
  bye: {end: Goodbye.}
"""


@pytest.fixture(scope="module")
def outward() -> Iterator[tuple[House, int]]:
    """The whole centre with a trunk that may call out: whoever is called is a phone on the port."""
    with open_folder() as folder:
        port = free_ports(10)[0]
        trunks = folder / "trunks.yaml"
        trunks.write_text(TRUNKS.format(port=port))
        with Carrier(port) as carrier:
            house = start_house(folder, trunks_file=trunks)
            (house.flows / "outside.yaml").write_text(FLOW)
            yield house, carrier.phone_port
            stop_house(house)


@pytest.fixture
async def house(outward: tuple[House, int]) -> AsyncIterator[House]:
    yield outward[0]
    await outward[0].unplug()


@pytest.fixture
async def number_of(outward: tuple[House, int], tmp_path: Path) -> AsyncIterator["NumberOf"]:
    numbers = NumberOf(tmp_path, outward[1])
    yield numbers
    for phone in numbers.phones:
        await phone.close()


class NumberOf:
    """Somebody outside, who has a telephone with this number."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self.phones: list[Phone] = []

    async def __call__(self, number: str, *, hertz: int, answers: str = "manual") -> Phone:
        phone = Phone(self._folder / f"outside-{number}", self._port)
        await phone.start(f"<sip:{number}@127.0.0.1:{self._port}>;regint=0;answermode={answers}", hertz)
        self.phones.append(phone)
        return phone


async def outcomes(house: House) -> list[str]:
    """What the database says of the interactions that have ended, the latest last."""
    connection = await connect_once(dsn(house.settings))
    try:
        rows = await connection.fetch("SELECT outcome FROM interaction WHERE ended_at IS NOT NULL ORDER BY ended_at")
        return [row["outcome"] for row in rows]
    finally:
        await connection.close()


async def flow_serves(house: House) -> None:
    """Wait until the flow of these tests is live."""
    async with asyncio.timeout(10):
        while "outside" not in await serving(house):
            await asyncio.sleep(0.05)


async def serving(house: House) -> set[str]:
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/healthz") as answer:
        return {flow["name"] for flow in (await answer.json())["flows"]["serving"]}


def waiting(state: State) -> int:
    count: int = state["queues"]["sales"]["waiting"]
    return count


async def rung_for_a_callback(house: House, number_of: NumberOf, ana: Seat, ana_phone: Phone) -> Phone:
    """Let a waiting caller ask for a callback and Ana answer it; return the customer's phone, which rings."""
    caller = await house.call(number="200", from_=CUSTOMER)
    await caller.hears_sound(10)
    await caller.press("1")
    await ana.sees(lambda state: waiting(state) == 1)
    await caller.press("9")
    await caller.over(15)
    customer = await number_of(CUSTOMER, hertz=700)
    await ana.ready_with_sip_phone()
    await ana_phone.event("CALL_INCOMING")
    ana_phone.do("accept")
    await customer.event("CALL_INCOMING")
    return customer


async def test_waiting_caller_is_called_back_at_their_place_and_talks(
    house: House, number_of: NumberOf, tmp_path: Path
) -> None:
    await flow_serves(house)
    ana_phone = await house.phone("ana", tmp_path, hertz=440)
    async with seated(house, "ana") as ana:
        caller = await house.call(number="200", from_=CUSTOMER)
        await caller.hears_sound(10)
        await caller.press("1")
        await ana.sees(lambda state: waiting(state) == 1)
        since = await ana.sees(lambda state: state["queues"]["sales"]["longest_since"])
        await caller.press("9")
        await caller.over(15)
        assert await ana.sees(lambda state: state["queues"]["sales"]["longest_since"]) == since, "the place is kept"

        customer = await number_of(CUSTOMER, hertz=700)
        await ana.ready_with_sip_phone()
        card = await ana.card("offered")
        assert card["work"] == "callback"
        await ana_phone.event("CALL_INCOMING")
        ana_phone.do("accept")
        ringing = await customer.event("CALL_INCOMING")
        assert SHOWN in str(ringing)
        customer.do("accept")
        assert (await ana.card("talking"))["id"] == card["id"]
        await customer.event("CALL_RTCP", within_s=15)
        customer.do("hangup")
        await ana.wrap_up()
        await ana.sees(lambda state: not state["interactions"])
        await ana.desk.command("presence", presence="not_ready", reason="break")

    await ana_phone.event("CALL_CLOSED")
    await ana_phone.close()
    await customer.close()
    assert customer.heard(440) > 10 * customer.heard(700)
    assert ana_phone.heard(700) > 10 * ana_phone.heard(440)
    assert (await outcomes(house))[-2:] == ["callback_planned", "handled"]


async def test_customer_who_is_busy_is_tried_later_and_the_agent_is_free(
    house: House, number_of: NumberOf, tmp_path: Path
) -> None:
    await flow_serves(house)
    ana_phone = await house.phone("ana", tmp_path, hertz=440)
    async with seated(house, "ana") as ana:
        customer = await rung_for_a_callback(house, number_of, ana, ana_phone)
        customer.do("hangup")

        await ana.sees(lambda state: not state["interactions"])
        assert await ana.sees(lambda state: state["me"]["presence"]) == "ready"
        assert await ana.sees(lambda state: state["me"]["busy"] is None and waiting(state) == 0)
        await ana.desk.command("presence", presence="not_ready", reason="break")
    connection = await connect_once(dsn(house.settings))
    again = await connection.fetchval("SELECT callback->>'due_at' FROM interaction WHERE stage = 'scheduled'")
    await connection.execute(
        "UPDATE interaction SET stage='ended', ended_at=now(), outcome='handled' WHERE stage='scheduled'"
    )
    await connection.close()
    assert datetime.fromisoformat(again) > datetime.now(UTC) + timedelta(minutes=10)


async def test_callback_outlives_the_service_while_the_customers_phone_rings(
    house: House, number_of: NumberOf, tmp_path: Path
) -> None:
    await house.ready(other_than=house.kill_the_service())  # what the test before put right by hand is known now
    await flow_serves(house)
    ana_phone = await house.phone("ana", tmp_path, hertz=440)
    async with seated(house, "ana") as ana:
        customer = await rung_for_a_callback(house, number_of, ana, ana_phone)

        await house.ready(other_than=house.kill_the_service())
        customer.do("accept")
        await customer.event("CALL_RTCP", within_s=15)

        assert (await ana.card("talking"))["work"] == "callback"
        customer.do("hangup")
        await ana.wrap_up()
        await ana.sees(lambda state: not state["interactions"])
        await ana.desk.command("presence", presence="not_ready", reason="break")
    assert [event["type"] for event in ana_phone.seen].count("CALL_INCOMING") == 1


async def test_caller_is_handed_to_somebody_outside(house: House, number_of: NumberOf) -> None:
    await flow_serves(house)
    clerk = await number_of(CLERK, hertz=700)
    caller = await house.call(number="200", from_=CUSTOMER, hertz=500)
    await caller.hears_sound(10)
    await caller.press("2")
    ringing = await clerk.event("CALL_INCOMING")
    assert SHOWN in str(ringing)
    clerk.do("accept")

    await caller.hears_tone(700)
    async with asyncio.timeout(10):
        while "transferred" not in await outcomes(house):
            await asyncio.sleep(0.05)
    await house.ready(other_than=house.kill_the_service())
    begun = caller.heard_s
    await caller.hears_tone(700)
    assert caller.heard_s > begun, "the two talk on without us"
    clerk.do("hangup")
    await caller.over(10)


async def test_caller_whom_nobody_takes_goes_on_in_the_flow(house: House, number_of: NumberOf) -> None:
    await flow_serves(house)
    clerk = await number_of(CLERK, hertz=700)
    caller = await house.call(number="200", from_=CUSTOMER)
    await caller.hears_sound(10)
    await caller.press("2")
    await clerk.event("CALL_INCOMING")
    clerk.do("hangup")

    await caller.over(20)
    connection = await connect_once(dsn(house.settings))
    steps = await connection.fetch(
        "SELECT facts->>'step' AS step FROM journal WHERE kind = 'step_reached' ORDER BY seq DESC LIMIT 2"
    )
    await connection.close()
    assert [row["step"] for row in steps] == ["bye", "nobody"]
