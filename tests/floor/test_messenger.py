"""Notes of a flow to somebody's number: by which channel, once for each key, and what cannot be sent."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.fakes.fake_channel import FakeChannel
from tests.floor.conftest import Centre, open_floor
from trunkline.core.hours import opens_after
from trunkline.core.journal import Happened
from trunkline.floor.messenger import ChannelMessenger
from trunkline.flows.render import Shown
from trunkline.flows.talk import Send, SendFailed, Sent

CHRIS = "+447700900123"
NOTE = Send("sms", "07700 900123", "Su pedido", None, "es")
FLOW = """
flow: main
media: [voice]
entry: {numbers: ["100"]}
start: note
steps:
  note: {send: Your order is here., to: "07700 900888", failed: unsent, next: bye}
  unsent: {say: No message., next: bye}
  bye: {end: Goodbye.}
"""


@pytest.fixture
def text() -> FakeChannel:
    return FakeChannel("sms")


@pytest.fixture
async def centre(world: SimpleNamespace) -> AsyncIterator[Centre]:
    (world.folder / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    async with open_floor(world.folder, world.store, world.clock, world.switch) as opened:
        yield opened


@pytest.fixture
def messenger(centre: Centre, text: FakeChannel) -> ChannelMessenger:
    channels = {"web": FakeChannel("chat"), "text": text, "spare": FakeChannel("sms")}
    return ChannelMessenger(centre.floor, channels, centre.outbox)


async def test_note_goes_out_by_the_first_channel_for_it_in_its_language(
    messenger: ChannelMessenger, text: FakeChannel
) -> None:
    assert await messenger.send(NOTE, key="k") == Sent()

    assert text.sent == [(CHRIS, Shown(("Su pedido",), "es"))]


async def test_note_that_is_sent_again_with_its_key_is_one(messenger: ChannelMessenger, text: FakeChannel) -> None:
    assert [await messenger.send(NOTE, key=key) for key in ("k", "k", "other")] == [Sent()] * 3

    assert text.texts(CHRIS) == ["Su pedido"] * 2


@pytest.mark.parametrize(
    ("want", "why"),
    [
        (Send("sms", "12", "Hello", None), "no number"),
        (Send("email", "chris@example.com", "Hello", "Hi"), "no channel for email is set up"),
    ],
)
async def test_note_without_a_number_or_a_channel_is_not_sent(
    messenger: ChannelMessenger, text: FakeChannel, want: Send, why: str
) -> None:
    assert await messenger.send(want, key="k") == SendFailed(why)

    assert text.keys == []


async def test_channel_that_is_away_and_one_that_does_not_say_lead_on_by_failed(
    messenger: ChannelMessenger, text: FakeChannel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("trunkline.floor.messenger.SEND_WITHIN", timedelta())
    text.away = True
    away = await messenger.send(NOTE, key="k")
    text.away, text.held = False, True
    silent = await messenger.send(NOTE, key="k")

    assert (away, silent) == (SendFailed("unavailable"), SendFailed("timeout"))
    assert [record.message for record in caplog.records] == ["a text message was not sent"] * 2
    assert CHRIS not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(("away", "failed", "said"), [(False, None, []), (True, "unavailable", ["No message."])])
async def test_caller_has_a_note_sent_by_a_channel(  # noqa: PLR0917 - a case, and who takes part
    centre: Centre, messenger: ChannelMessenger, text: FakeChannel, away: bool, failed: str | None, said: list[str]
) -> None:
    centre.self_service._errands._messenger = messenger
    text.away = away
    call = centre.switch.calls_in()
    await centre.settled()

    assert text.texts("+447700900888") == ([] if away else ["Your order is here."])
    assert centre.lines[call.id.uniqueid].said == [*said, "Goodbye."]
    [noted] = centre.store.happened(Happened.MESSAGE_SENT)
    assert noted.facts == {"step": "note", "medium": "sms", "failed": failed}


async def test_what_comes_by_night_waits_for_the_hours_of_its_channel(centre: Centre) -> None:
    messenger = ChannelMessenger(centre.floor, {"line": centre.line}, centre.outbox, {"line": "support"})
    while centre.clock.now().hour != 22:
        centre.clock.forward(timedelta(hours=1).total_seconds())
    assert await messenger.send(NOTE, key="night") == Sent()
    await centre.settled()
    assert centre.line.texts() == []
    until = opens_after(centre.floor.centre.hours["support"], centre.clock.now())
    assert until is not None
    centre.clock.forward((until - centre.clock.now()).total_seconds())
    await centre.settled()
    assert centre.line.texts() == ["Su pedido"]
    assert await messenger.send(NOTE, key="day") == Sent()
    await centre.settled()
    assert centre.line.texts() == ["Su pedido", "Su pedido"]
