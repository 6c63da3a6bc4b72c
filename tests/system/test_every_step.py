"""Every kind of step on real calls, the death of the service in each, and files that change under their callers."""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.guest import Guest
from tests.system.house import REPOSITORY, House, Seat, seated
from tests.system.outage import Outage, Story
from tests.system.shop import Shop
from tests.system.stages import takes
from tests.system.standing import STANDING
from tests.system.switch import free_ports
from tests.system.test_bad_input import floor_is_empty, rows
from tests.system.test_flows_page import serving, version_in
from tests.system.tones import NAMES, SOUND, record
from trunkline.core.journal import Happened
from trunkline.simulate.sound import heard, read_wav

FLOWS = Path(__file__).parent / "flows"
SHORT_S, LONG_S = 0.6, 12.0


@pytest.fixture(scope="module")
def shop_port(running_house: House) -> Iterator[int]:
    """Put our flows beside the house's own, with recordings that are tones; return where their web service is to be."""
    port, folder = free_ports(1)[0], running_house.flows
    for name in NAMES:
        rest = [(f"{name}_rest", LONG_S)] if f"{name}_rest" in NAMES else []
        record(folder / "prompts", name, (name, SHORT_S), *rest)
    record(folder / "prompts", "pause", hush=LONG_S)
    shutil.copytree(FLOWS / "articles", folder / "articles")
    files = [folder / file.name for file in FLOWS.glob("*.yaml")]
    for file in files:
        file.write_text((FLOWS / file.name).read_text(encoding="utf-8").replace("SHOP", f"127.0.0.1:{port}"), "utf-8")
    asyncio.run(all_serve(running_house, {file.stem: version_in(file) for file in files}))
    yield port
    for file in files:
        file.unlink()
    shutil.rmtree(folder / "prompts")
    shutil.rmtree(folder / "articles")


async def all_serve(house: House, versions: Mapping[str, str], within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not versions.items() <= (await serving(house)).items():
            await asyncio.sleep(0.02)  # it cannot tell us


# --- every kind, on one call ---

TOUR = [
    "welcome", "words", "choose", "order_no", "keep", "which", "open", "look_up", "told", "who", "delivery", "mark",
    "both", "hello", "spanish", "language", "words", "again", "english", "done", "opinion", "score", "done",
    "note", "rest", "call_me", "outside", "line", "nobody",
]  # fmt: skip
ANSWERS = {
    "choose": "Go on", "order_no": "123456", "language": "Go on", "score": "5", "note": "not sent",
    "call_me": "no callback", "outside": "not transferred",
}  # fmt: skip


async def tours(guest: Guest, *, typing_ahead: bool) -> None:
    """Pass through every step up to the last menu."""
    await guest.hears("welcome", SOUND, "choose")
    if typing_ahead:
        await guest.press("1123456")
    else:
        await guest.press("1")
        await guest.hears("order_no")
        await guest.press("123456")
    await guest.hears(SOUND, "hello_en", "spanish")
    await guest.press("1")
    await guest.hears(SOUND, "hello_es", "score")
    await guest.press("5")
    await guest.hears(SOUND, "nobody")


async def test_one_call_passes_through_a_step_of_every_kind(house: House, shop_port: int, tmp_path: Path) -> None:
    async with Shop.open(shop_port) as shop, seated(house, "ana") as ana:
        phone = await house.phone("ana", tmp_path, hertz=1750)
        one = await Guest.calls(house, "301", from_="+447700900401")
        two = await Guest.calls(house, "301", from_="+447700900402")
        await asyncio.gather(tours(one, typing_ahead=True), tours(two, typing_ahead=False))

        await one.press("1")
        await one.becomes(stage="waiting", queue="sales")
        await two.press("2")
        await two.hears("message", "beep")
        await two.has_spoken(2)
        await two.press("#")
        await two.hears("thanks")
        await two.is_hung_up_on()
        assert shop.asked == ["123456", "123456"]

        await ana.ready_with_sip_phone()
        await takes(ana, phone)
        await one.caller.hears_tone(1750)
        shows_the_tour(await ana.card("talking"), [*TOUR, "person"], {**ANSWERS, "nobody": "A person"})
        await one.caller.hang_up()
        await ana.wrap_up()

        shows_the_tour(await works_on_a_message(ana), [*TOUR, "message"], {**ANSWERS, "nobody": "A message"})
        await ana.desk.command("presence", presence="not_ready", reason="break")

    await is_written_down(one, [*TOUR, "person"], {**ANSWERS, "nobody": "A person"})
    await is_written_down(two, [*TOUR, "message"], {**ANSWERS, "nobody": "A message"})
    assert [each["facts"]["priority"] for each in await one.journal(Happened.QUEUED)] == [0, 7]
    assert heard(440, read_wav(await two.message()), seconds=1.5)
    await floor_is_empty(house)


async def works_on_a_message(seat: Seat) -> dict[str, Any]:
    """Return the card of the message that is offered next, and has been worked on."""
    card = await seat.card("offered")
    assert card["work"] == "voicemail"
    await seat.desk.command("accept", offer=card["offer"]["id"])
    await seat.desk.command("hang_up", interaction=card["id"])
    await seat.wrap_up()
    return card


def shows_the_tour(card: Mapping[str, Any], steps: list[str], answers: Mapping[str, str]) -> None:
    """The desk shows the way that a caller came, and all that was learned on it."""
    assert [visit["step"] for visit in card["path"]] == steps
    assert {visit["step"]: visit["answer"] for visit in card["path"] if visit["answer"] is not None} == answers
    assert card["customer"]["name"] == "Ada Byron"
    learned = card["answers"]
    assert (learned["order_no"], learned["known"], learned["csat"]) == ("123456", "True", "5")
    assert "shipped" in learned["order"]


async def is_written_down(guest: Guest, steps: list[str], answers: Mapping[str, str]) -> None:
    """The journal tells each step and what was done in it, once; the run kept the marks and came back to English."""
    assert await guest.steps() == steps
    assert await guest.answers() == answers
    run, row = await guest.run(), await guest.row()
    assert (run.tags, run.language) == (("tour", "shipped"), "en-GB")
    asked, sent, found, rated, overflowed = [
        [entry["facts"] for entry in await guest.journal(kind)]
        for kind in (
            Happened.WEB_SERVICE_ASKED, Happened.MESSAGE_SENT, Happened.CUSTOMER_FOUND, Happened.RATED,
            Happened.OVERFLOWED,
        )
    ]  # fmt: skip
    assert asked == [{"step": "look_up", "method": "GET", "came": 200}]
    assert [(each["step"], each["failed"] is not None) for each in sent] == [("note", True)]
    assert found == [{"customer": str(row["customer_id"])}]
    assert rated == [{"flow": "survey", "question": "csat", "score": 5}]
    assert overflowed == [{"queue": "support", "to": "nobody"}]
    assert await guest.journal(Happened.CALLBACK_PLANNED, Happened.TRANSFER_STARTED) == []


# --- the service dies in each kind of step in which time passes ---


async def newcomer(house: House) -> None:
    """Who calls after the files were changed gets them as they are now."""
    guest = await Guest.calls(house, "302", from_="+447700900431")
    await guest.hears("which")
    await guest.press("09")
    await guest.hears("inner_new")
    await guest.press("1")
    await guest.hears("told", "after_new")
    await guest.is_hung_up_on()


@asynccontextmanager
async def unplugged(house: House) -> AsyncIterator[None]:
    """Leave no call behind."""
    try:
        yield
    finally:
        await house.unplug()


async def work_through_messages(house: House, folder: Path) -> None:
    """Leave no work behind either."""
    left = await rows(house, "SELECT 1 FROM interaction WHERE work = 'voicemail' AND stage = 'waiting'")
    async with seated(house, "ana") as ana:
        await house.phone("ana", folder, hertz=1750)
        await ana.ready_with_sip_phone()
        for _ in left:
            await works_on_a_message(ana)
        await ana.desk.command("presence", presence="not_ready", reason="break")


async def one_kill(house: House, port: int, folder: Path) -> dict[str, BaseException | None]:
    """Bring a call into each kind of step, kill the service once, and return what became of each."""

    def change_the_files() -> None:
        for name, step in (("standing", "after"), ("inner", "inner")):
            file = house.flows / f"{name}.yaml"
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace(f"{{recording: {step}}}", f"{{recording: {step}_new}}"), encoding="utf-8")

    async with Shop.open(port) as shop, unplugged(house):
        outage = Outage(shop)
        stories: dict[Guest, Story] = {}
        for place, standing in enumerate(STANDING.values()):
            guest = await Guest.calls(house, "302", from_=f"+4477009004{place + 10}")
            stories[guest] = standing.lives_through
        ended = await outage.under(house, stories, change_the_files)
        new = await asyncio.gather(newcomer(house), return_exceptions=True)
        await work_through_messages(house, folder)
    return dict(zip([*STANDING, "newcomer"], [*ended, *new], strict=True))


@pytest.fixture(scope="module")
def became(
    running_house: House, shop_port: int, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BaseException | None]:
    """What became of each call when the service was killed under all of them."""
    return asyncio.run(one_kill(running_house, shop_port, tmp_path_factory.mktemp("phones")))


@pytest.mark.parametrize("kind", STANDING)
def test_call_goes_on_rightly_after_a_kill_in(kind: str, became: dict[str, BaseException | None]) -> None:
    if (fault := became[kind]) is not None:
        raise fault


def test_who_calls_after_that_gets_the_changed_files(became: dict[str, BaseException | None]) -> None:
    if (fault := became["newcomer"]) is not None:
        raise fault


# --- files change under their callers ---

RELOADED = """\
flow: reloaded
entry: {numbers: ["303"]}
start: menu
steps:
  menu:
    menu: {recording: menu}
    choices: [{key: "1", label: Go on, go: after}]
    no_answer: {after: 30s}
  after: {end: {recording: after}}
"""
BETTER = RELOADED.replace("recording: menu", "recording: entry").replace("recording: after", "recording: after_new")
WORSE = RELOADED.replace("go: after}", "go: aftr}")


@pytest.fixture
async def reloaded(house: House, shop_port: int) -> AsyncIterator[Path]:
    """A flow file that a test may change."""
    del shop_port
    file = house.flows / "reloaded.yaml"
    file.write_text(RELOADED, encoding="utf-8")
    await all_serve(house, {"reloaded": version_in(file)})
    yield file
    file.unlink()


async def test_saved_file_serves_the_next_call_at_once_and_a_run_keeps_its_own(house: House, reloaded: Path) -> None:
    first = await Guest.calls(house, "303", from_="+447700900441")
    await first.hears("menu")
    saved = time.monotonic()
    reloaded.write_text(BETTER, encoding="utf-8")
    await all_serve(house, {"reloaded": version_in(reloaded)})
    second = await Guest.calls(house, "303", from_="+447700900442")
    took = time.monotonic() - saved

    assert took < 2, f"a call came to the saved file after {took:.1f} s only"
    await second.hears("entry")
    await second.press("1")
    await first.press("1")
    await second.hears("after_new")
    await first.hears("after")


async def test_bad_file_is_refused_wherever_an_admin_looks(house: House, reloaded: Path) -> None:
    good = version_in(reloaded)
    reloaded.write_text(WORSE, encoding="utf-8")
    problem = f'{reloaded}:7:44: menu "menu": key 1 goes to "aftr", which no step is called; did you mean "after"?'
    async with asyncio.timeout(2), aiohttp.ClientSession() as session:
        while (told := await flows_told(house, session))["problems"] != [problem]:
            await asyncio.sleep(0.02)  # it cannot tell us

    assert {each["name"]: each["version"] for each in told["serving"]}["reloaded"] == good
    code, said = await typed_status(house)
    assert code == 1
    assert f"reloaded {good}  reloaded" in said
    assert problem in said
    lines = [json.loads(line) for line in house.settings.log_file.read_text(encoding="utf-8").splitlines()]
    assert [line["level"] for line in lines if line["event"] == f"problem in a flow file: {problem}"] == ["error"]
    guest = await Guest.calls(house, "303", from_="+447700900443")
    await guest.hears("menu")


async def flows_told(house: House, session: aiohttp.ClientSession) -> dict[str, Any]:
    async with session.get(f"{house.url}/healthz") as answer:
        told: dict[str, Any] = (await answer.json())["flows"]
        return told


async def typed_status(house: House) -> tuple[int | None, list[str]]:
    """Type `trunkline flow status`; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trunkline", "flow", "status", env=os.environ | house.environment, cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(15):
        said, _ = await process.communicate()
    return process.returncode, said.decode().splitlines()
