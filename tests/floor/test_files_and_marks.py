"""Files at messages, and how far each side has read: on the floor, through restarts."""

from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from tests.floor.test_hub import Screen
from tests.floor.test_text_desk import ANA, accepts, at_desk, chat, nobody_asks, says
from trunkline.core.ids import MessageId, new_id, written_id_of
from trunkline.core.interaction import Interaction, Stage
from trunkline.core.message import Side
from trunkline.floor.attaching import Unfit
from trunkline.floor.reading import GATHERED_FOR
from trunkline.floor.state import NoSuch
from trunkline.floor.text_desk import LetterHead, NothingWritten
from trunkline.ports.channel import ConversationId, Said
from trunkline.ports.files import FileRule

__all__ = ["nobody_asks"]
PNG = b"\x89PNG\r\n\x1a\n"
SECOND = GATHERED_FOR.total_seconds()


async def attached(centre: Centre, name: str = "a.png", data: bytes = PNG, *, channel: str = "chat") -> str:
    return (await centre.text_desk.files.attach(ANA, name, "x/y", data, channel=channel)).id


async def brings(centre: Centre, name: str, *, of: str = "visitor-1", text: str = "") -> None:
    """Have a visitor send a file."""
    details = {"files": [{"number": 1, "id": new_id(), "name": name, "type": "image/png", "size": 9}]}
    said = Said(ConversationId("chat", of), text, centre.clock.now(), f"{of}: {name}", details=details)
    await centre.texts.told(said)
    await centre.settled()


async def test_a_file_alone_is_a_message(centre: Centre) -> None:
    await centre.ready("ana")
    screen = await at_desk(centre)
    await brings(centre, "broken.png")
    talking = await accepts(centre)
    id_ = await attached(centre)
    await centre.text_desk.say(ANA, talking.id, " ", key="1", letter=LetterHead(files=(id_,)))
    await centre.text_desk.say(ANA, talking.id, " ", key="1", letter=LetterHead(files=(id_,)))
    await centre.settled()

    thread = screen.state["threads"][talking.id]
    assert [(each["text"], [file["name"] for file in each["details"].get("files", ())]) for each in thread] == [
        ("", ["broken.png"]), ("Welcome to Acme.", []), ("", ["a.png"])
    ]  # fmt: skip
    assert (centre.chat.brought, centre.store.attached[id_]) == (["a.png"], MessageId(thread[-1]["id"]))


async def test_what_an_agent_attaches_is_theirs_and_goes_once(centre: Centre) -> None:
    await centre.ready("ana")
    await says(centre, "Hi")
    talking = await accepts(centre)
    id_ = await attached(centre)
    await centre.text_desk.say(ANA, talking.id, "", key="1", letter=LetterHead(files=(id_,)))
    with pytest.raises(Unfit, match="sent already"):
        await centre.text_desk.say(ANA, talking.id, "", key="2", letter=LetterHead(files=(id_,)))
    with pytest.raises(NoSuch):
        await centre.text_desk.say(ANA, talking.id, "", key="3", letter=LetterHead(files=(new_id(),)))
    with pytest.raises(NothingWritten):
        await centre.text_desk.say(ANA, talking.id, "", key="4", letter=LetterHead())
    many = tuple([await attached(centre) for _ in range(6)])
    with pytest.raises(Unfit, match="at most 5"):
        await centre.text_desk.say(ANA, talking.id, "", key="5", letter=LetterHead(files=many))
    with pytest.raises(Unfit, match="of a kind"):
        await attached(centre, "a.png", b"MZ\0")


async def test_a_picture_goes_out_by_a_provider_that_takes_pictures(centre: Centre) -> None:
    await centre.ready("ana")
    where = ConversationId("line", "+447700900601")
    await centre.texts.told(Said(where, "Hi", centre.clock.now(), "m1"))
    await centre.settled()
    talking = await accepts(centre, of="+447700900601")
    centre.line.files = FileRule(10, 5 * 2**20, frozenset({"image/png"}))
    id_ = await attached(centre, channel="line")
    await centre.text_desk.say(ANA, talking.id, "", key="1", letter=LetterHead(files=(id_,)))
    await centre.settled()
    assert [(each.text, each.details) for each in centre.line.given] == [("", {"files": [id_]})]

    await centre.text_desk.say(ANA, talking.id, "x" * 1500, key="2", letter=LetterHead(files=(await attached(centre),)))
    await centre.settled()
    assert [len(each.details.get("files", ())) for each in centre.line.given] == [1, 1, 0]
    for rule, why in (
        (FileRule(why_not="by SMPP goes text alone"), "text alone"),
        (FileRule(10, 3, frozenset({"image/png"})), "0 MB"),
        (FileRule(10, 5 * 2**20, frozenset({"image/gif"})), "of a kind"),
    ):
        centre.line.files = rule
        with pytest.raises(Unfit, match=why):
            await centre.text_desk.say(ANA, talking.id, "", key="3", letter=LetterHead(files=(await attached(centre),)))
    assert len(centre.line.given) == 3


ASKS = """
flow: asks
media: [chat]
entry: {channels: [chat]}
start: number
steps:
  number:
    {ask: Which order?, as: digits, save: order, no_match: {say: That is no number., tries: 2, go: words}, next: words}
  words: {ask: What is wrong with it?, as: text, save: what, next: menu}
  menu: {menu: Anything else?, choices: [{label: "Yes", go: leave}], no_match: {tries: 1, go: rating}}
  rating: {rate: How was it?, next: leave}
  leave: {voicemail: Leave a message., queue: sales, next: bye}
  bye: {end: Goodbye.}
"""


async def test_a_file_answers_a_flow_by_its_name_and_breaks_nothing(centre: Centre, world: SimpleNamespace) -> None:
    (world.folder / "flows" / "chat.yaml").write_text(ASKS, encoding="utf-8")
    centre.load_flows()
    await says(centre, "Hi")
    for name in ("invoice.png", "again.png", "broken.png", "what.png", "five.png", "six.png", "message.png"):
        await brings(centre, name)
    await centre.settled()

    assert centre.chat.texts("visitor-1")[:3] == [
        "Which order?",
        "That is no number.\nWhich order?",
        "What is wrong with it?",
    ]
    waits = chat(centre)
    assert (waits.run or {})["values"]["what"] == "[broken.png]"
    assert (waits.stage, waits.entry and waits.entry.queue) == (Stage.WAITING, "sales")
    names = [each.details["files"][0]["name"] for each in centre.floor.threads[waits.id] if each.details]
    assert names[-1] == "message.png"


# --- how far each side has read ---


def name(text: str, of: str = "visitor-1") -> MessageId:
    return written_id_of("chat", f"{of}: {text}")


async def in_talk(centre: Centre) -> tuple[Screen, Interaction]:
    await centre.ready("ana")
    screen = await at_desk(centre)
    for text in ("one", "two", "three"):
        await says(centre, text)
    talking = await accepts(centre)
    for key in ("1", "2"):
        await centre.text_desk.say(ANA, talking.id, f"Answer {key}", key=key)
    await centre.settled()
    return screen, talking


def ours(talking: Interaction, key: str) -> MessageId:
    return written_id_of("chat", f"{talking.id}/{ANA}/{key}")


def read_on(screen: Screen, talking: Interaction) -> list[str]:
    return [each["text"] for each in screen.state["threads"][talking.id] if each["read"]]


async def test_marks_of_a_moment_are_written_together(centre: Centre) -> None:
    screen, talking = await in_talk(centre)
    saves = len(centre.store.saves)
    for key in ("1", "2"):
        centre.texts.reads(ConversationId("chat", "visitor-1"), ours(talking, key))
    for text in ("one", "three"):
        await centre.text_desk.read(ANA, talking.id, name(text))
    await centre.settled()
    assert (len(centre.store.saves), read_on(screen, talking)) == (saves, [])
    await centre.forward(SECOND)

    assert len(centre.store.saves) == saves + 1
    assert read_on(screen, talking) == ["Answer 2"]
    assert centre.store.reads[talking.id, Side.AGENT].message == name("three")


async def test_a_mark_never_goes_back(centre: Centre) -> None:
    screen, talking = await in_talk(centre)
    visitor = ConversationId("chat", "visitor-1")
    centre.texts.reads(visitor, ours(talking, "2"))
    centre.texts.reads(visitor, ours(talking, "1"))
    await centre.forward(SECOND)
    saves = len(centre.store.saves)
    for message in (ours(talking, "1"), ours(talking, "2"), name("three"), MessageId(new_id())):
        centre.texts.reads(visitor, message)
    centre.texts.reads(ConversationId("chat", "nobody"), ours(talking, "2"))
    await centre.text_desk.read(ANA, talking.id, ours(talking, "2"))  # their own
    await centre.forward(SECOND)

    assert read_on(screen, talking) == ["Answer 2"]
    assert len(centre.store.saves) == saves
    assert talking.id in centre.floor.reads


async def test_marks_outlive_the_service_and_its_desks(centre: Centre, world: SimpleNamespace) -> None:
    _, talking = await in_talk(centre)
    centre.texts.reads(ConversationId("chat", "visitor-1"), ours(talking, "1"))
    await centre.text_desk.read(ANA, talking.id, name("two"))
    await centre.forward(SECOND)
    async with open_floor(world.folder, world.store, world.clock, world.switch) as after:
        screen = await at_desk(after)
        assert read_on(screen, talking) == ["Answer 1"]
        after.texts.reads(ConversationId("chat", "visitor-1"), ours(talking, "2"))
        await after.forward(SECOND)
        assert read_on(screen, talking) == ["Answer 2"]
        again = await at_desk(after)
        assert again.state["threads"] == screen.state["threads"]
        assert await after.store.read_by_agents("chat", "visitor-1") == name("two")


async def test_what_is_over_meanwhile_is_let_be(centre: Centre) -> None:
    _, talking = await in_talk(centre)
    centre.texts.reads(ConversationId("chat", "visitor-1"), ours(talking, "1"))
    await centre.desk.wrap_up(ANA, talking.id, "resolved", "")
    await centre.forward(SECOND)
    assert (centre.store.reads, centre.floor.reads) == ({}, {})
