"""What strangers send and admins mistype, through the real switch: nothing is lost, nothing is carried out."""

import asyncio
import json
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.system.house import House, seated, start, type_in
from tests.system.raw_ami import RawAmi
from tests.system.stages import no_gap, pressed_until, takes
from tests.system.switch import free_ports
from trunkline import secrets
from trunkline.cli.switch import switches_of
from trunkline.simulate.caller import Caller
from trunkline.store.database import Database
from trunkline.store.embedded import dsn

PWNED = "trunkline-was-here"
CUT = 79
"""Asterisk itself keeps no more of a caller's number."""


@dataclass(frozen=True)
class Stranger:
    """How somebody presents themselves on the wire, and how the desk is to show them."""

    from_: str | bytes
    name: str | bytes
    raw: str
    shown_name: str


STRANGERS = [
    Stranger("+447700900201", 'Bobby"; DROP TABLE agent; --', "+447700900201", 'Bobby"; DROP TABLE agent; --'),
    Stranger("+447700900202", "O'Neil, Ann <ann@example.com>", "+447700900202", "O'Neil, Ann <ann@example.com>"),
    Stranger("+447700900203", f"${{SHELL(touch /tmp/{PWNED})}}", "+447700900203", f"${{SHELL(touch /tmp/{PWNED})}}"),
    Stranger(f"${{SHELL(touch /tmp/{PWNED})}}", "${EPOCH}", f"${{SHELL(touch /tmp/{PWNED})}}", "${EPOCH}"),
    Stranger("+447700900204", "Zoë 😀 \u202eevil", "+447700900204", "Zoë 😀 \u202eevil"),
    Stranger(b"+447700900205", b'"\xff\xfe\x80"', "+447700900205", "\ufffd\ufffd\ufffd"),
    Stranger("evil\r\nAction: Originate\r\n\r\nX: 1", "a", "evilAction: OriginateX: 1", "a"),
    Stranger("anonymous", "Anonymous", "", "Anonymous"),
    Stranger("", "", "", ""),
    Stranger("7" * 2000, "N" * 2000, "7" * CUT, "N" * CUT),
]  # fmt: skip


async def rows(house: House, sql: str, *arguments: object) -> list[dict[str, Any]]:
    async with Database(dsn(house.settings), connections=1) as database:
        return [dict(row) for row in await database.rows(sql, *arguments)]


async def parts(house: House) -> dict[str, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(f"{house.url}/healthz") as answer:
        found: dict[str, dict[str, Any]] = (await answer.json())["parts"]
        return found


async def part_says(house: House, part: str, words: str, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while words not in (await parts(house))[part]["detail"]:
            await asyncio.sleep(0.05)  # it cannot tell us


async def floor_is_empty(house: House, within: float = 20) -> None:
    """Wait until no interaction is live and no channel is left."""
    async with asyncio.timeout(within), RawAmi(house.settings.ami_port, secrets.ami_secret(house.settings)) as ami:
        while True:
            live = await rows(house, "SELECT id FROM interaction WHERE stage <> 'ended'")
            await ami.act(Action="CoreShowChannels")
            if not live and (await ami.event("CoreShowChannelsComplete"))["ListItems"] == "0":
                return
            await asyncio.sleep(0.2)  # it cannot tell us


def test_every_stranger_is_another() -> None:
    assert len({(each.from_, each.name) for each in STRANGERS}) == len(STRANGERS)


async def test_strangers_are_shown_as_they_are_and_carry_nothing_out(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana:
        await house.phone("ana", tmp_path, hertz=800)
        callers = [await Caller.dial("100", server=house.sip, from_=each.from_, name=each.name) for each in STRANGERS]
        house.callers += callers
        answers = await asyncio.gather(*(caller.answered(within=15) for caller in callers), return_exceptions=True)
        assert [each for each, took in zip(STRANGERS, answers, strict=True) if not isinstance(took, float)] == []
        await asyncio.gather(*(caller.hears_sound(15) for caller in callers))
        for place, caller in enumerate(callers, start=1):
            await caller.press("1")
            await ana.sees(lambda state, place=place: state["queues"]["sales"]["waiting"] == place)
        await ana.ready_with_sip_phone()
        cards = []
        for caller in callers:  # each is offered in turn, is looked at, and leaves
            cards.append(await ana.card("offered"))
            await caller.hang_up()
            await ana.sees(lambda state, gone=cards[-1]["id"]: gone not in state["interactions"])
        await ana.desk.command("presence", presence="not_ready", reason="break")

    shown = [(card["address"]["raw"][:CUT], card["caller_name"][:CUT]) for card in cards]
    assert shown == [(stranger.raw, stranger.shown_name) for stranger in STRANGERS]
    for card in cards:
        assert card["address"]["anonymous"] == (card["address"]["raw"] == "")
        assert no_control(json.dumps(card, ensure_ascii=False))
    # What was carried out is nothing; what was written down is all of it, once.
    root = Path(f"/proc/{switches_of(house.settings.data_dir)[0].pid}/root")
    assert not any((place / PWNED).exists() for place in (Path("/tmp"), root / "tmp"))
    for card in cards:
        journal = await rows(house, "SELECT kind FROM journal WHERE interaction_id = $1 ORDER BY seq", card["id"])
        kinds = [entry["kind"] for entry in journal]
        assert (kinds[0], kinds[-1], kinds.count("arrived"), kinds.count("offered")) == ("arrived", "abandoned", 1, 1)
        kept = (await rows(house, "SELECT * FROM interaction WHERE id = $1", card["id"]))[0]
        assert no_control(kept["address"] + kept["caller_name"])
        assert (kept["customer_id"] is None) == card["address"]["anonymous"]
        if card["customer"] is not None:
            owned = await rows(
                house, "SELECT address FROM customer_address WHERE customer_id = $1", kept["customer_id"]
            )
            assert [each["address"] for each in owned] == [card["address"]["e164"] or kept["address"]]
    assert await rows(house, "SELECT 1 FROM customer_address WHERE address = ''") == []


async def test_nobody_can_write_events_into_the_ear_of_the_service(house: House) -> None:
    """A caller whose number holds a whole event must not hang up another caller's call on our books."""
    async with seated(house, "ana") as ana:
        victim = await house.call_waits("1", from_="+447700900210")
        await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
        # A desk may show figures a moment before they are written.
        async with asyncio.timeout(5):
            while not (known := await rows(house, "SELECT call_id FROM interaction WHERE stage = 'waiting'")):
                pass
        uniqueid = known[0]["call_id"].partition("/")[2]
        forged = f"1\r\n\r\nEvent: Hangup\r\nUniqueid: {uniqueid}\r\nCause: 16\r\n\r\nEvent: Y\r\nZ: "
        caller = await Caller.dial("100", server=house.sip, from_=forged)
        house.callers.append(caller)
        await caller.answered()
        await caller.hears_sound(10)
        await caller.press("0")
        await ana.sees(lambda state: state["queues"]["support"]["waiting"] == 1)

        assert ana.desk.state["queues"]["sales"]["waiting"] == 1
        assert victim.is_up


async def test_a_flood_of_calls_harms_no_talk_and_leaves_nothing_behind(house: House, tmp_path: Path) -> None:
    async with seated(house, "ana") as ana:
        phone = await house.phone("ana", tmp_path, hertz=800)
        await ana.ready_with_sip_phone()
        talking = await house.call_waits("1", from_="+447700900220")
        await takes(ana, phone)
        await talking.hears_tone(800)
        from_here = talking.heard_s

        port = free_ports(12)
        flood = await asyncio.create_subprocess_exec(
            "sipp", f"127.0.0.1:{house.settings.sip_port}", "-sn", "uac", "-s", "100", "-i", "127.0.0.1",
            "-p", str(port[0]), "-mp", str(port[4]), "-r", "100", "-m", "500", "-d", "300",
            "-nostdin", "-timeout", "30",
            cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(40):
            await flood.wait()

        await no_gap(talking, from_here, hertz=800)
        assert all(part["ready"] for part in (await parts(house)).values())
        await talking.hang_up()
        await ana.wrap_up()
        following = await house.call_waits("1", from_="+447700900221")
        await takes(ana, phone)
        await following.hears_tone(800)
        await following.hang_up()
        await ana.wrap_up()
        await ana.desk.command("presence", presence="not_ready", reason="break")
    await floor_is_empty(house)


async def test_an_unknown_number_hears_a_kind_sentence(house: House) -> None:
    caller = await house.call(number="555")

    await caller.hears_sound(5)
    ended = await caller.over(within=20)

    assert ended.by == "them"
    assert caller.heard_s > 4  # the whole sentence


async def test_a_broken_flow_file_at_start_lets_the_others_serve(house: House) -> None:
    broken = house.flows / "broken.yaml"
    broken.write_text("flow: broken\nentry: {numbers: ['200']}\nstart: a\nsteps:\n  a:\n    sya: Hello.\n")
    killed = house.kill_the_service()
    await house.ready(other_than=killed)

    assert "broken.yaml:" in (await parts(house))["flows"]["detail"]
    kind = await house.call(number="200")
    assert (await kind.over(within=20)).by == "them"
    assert kind.heard_s > 4
    good = await house.call()
    await good.hears_sound(10)
    await good.hang_up()
    broken.unlink()
    await part_says(house, "flows", " flows serve")


async def test_a_flow_changes_under_its_callers(house: House) -> None:
    main = house.flows / "main.yaml"
    good = main.read_text(encoding="utf-8")
    async with seated(house, "ana") as ana:
        first = await house.call(from_="+447700900230")
        await first.hears_sound(10)
        try:
            # A broken version: the good one stays, for who is in it and for who comes.
            main.write_text(good.replace("go: sales}", "go: nowhere}"), encoding="utf-8")
            await part_says(house, "flows", "main.yaml:")
            second = await house.call_waits("1", from_="+447700900231")
            await ana.sees(lambda state: state["queues"]["sales"]["waiting"] == 1)
            # Another good one: who is in the old one goes on in it, who comes is in the new one.
            main.write_text(good.replace("label: Sales, phrases: [buy, quote], go: sales", "label: Sales, go: support"))
            await part_says(house, "flows", " flows serve")
            third = await house.call_waits("1", from_="+447700900232")
            await ana.sees(lambda state: state["queues"]["support"]["waiting"] == 1)
            await pressed_until(first, "1", ana, lambda state: state["queues"]["sales"]["waiting"] == 2)
        finally:
            main.write_text(good, encoding="utf-8")
            await part_says(house, "flows", " flows serve")
        await asyncio.gather(*(caller.hang_up() for caller in (first, second, third)))
    await floor_is_empty(house)


async def test_a_centre_file_changes_under_its_agents(house: House) -> None:
    file = house.flows / "centre.yaml"
    good = file.read_text(encoding="utf-8")
    async with seated(house, "ana") as ana:
        await ana.sees(lambda state: state["queues"]["sales"]["title"] == "Sales")
        try:
            file.write_text(good.replace("queues: [support]", "queues: [suport]"), encoding="utf-8")
            await part_says(house, "centre", "centre.yaml:")
            assert (await parts(house))["centre"]["ready"]
            better = good.replace("title: Sales,", "title: Selling,") + "  eve: {name: Eve Fox, queues: [sales]}\n"
            file.write_text(better, encoding="utf-8")
            await ana.sees(lambda state: state["queues"]["sales"]["title"] == "Selling")
            async with seated(house, "eve") as eve:
                await eve.sees(lambda state: state["me"]["name"] == "Eve Fox")
                file.write_text(good, encoding="utf-8")
                await ana.sees(lambda state: state["queues"]["sales"]["title"] == "Sales")
                assert await rows(house, "SELECT 1 FROM session WHERE agent_id = 'eve'") == []
        finally:
            file.write_text(good, encoding="utf-8")
        await part_says(house, "centre", "")


async def test_a_broken_centre_file_at_start_is_said_with_its_line(house: House, tmp_path: Path) -> None:
    broken = tmp_path / "centre.yaml"
    broken.write_text("name: Acme\nregion: Britain\nlanguage: en-GB\n")
    environment = {
        **house.environment,
        "TRUNKLINE_CENTRE_FILE": str(broken),
        "TRUNKLINE_DATA_DIR": str(tmp_path / "var"),
    }

    output = tmp_path / "out"
    began = type_in(["serve"], environment, output)

    assert await asyncio.to_thread(began.wait, 20) == 2
    said = output.read_text()
    assert f"{broken}:2" in said
    assert "Traceback" not in said


async def test_a_service_that_stays_dead_leads_to_the_fallback(house: House, tmp_path: Path) -> None:
    phone = await house.phone("ana", tmp_path, hertz=800)
    async with seated(house, "ana") as ana:
        await ana.chooses("sip")
        await ana.sees(lambda state: state["me"]["phone"]["reachable"])
    house.supervisor.kill()
    house.supervisor.wait()
    killed = house.kill_the_service()
    try:
        async with RawAmi(house.settings.ami_port, secrets.ami_secret(house.settings)) as ami:
            # A minute goes by: the switch counts from the latest sign of life.
            await ami.act(Action="Setvar", Variable="TL_ALIVE", Value=str(int(time.time()) - 61))
        caller = await house.call(from_="+447700900240")
        await phone.event("CALL_INCOMING")
        phone.do("accept")
        await caller.hears_tone(800)
        await caller.hang_up()
    finally:
        house.supervisor = start(house.environment, house.output)
        await house.ready(other_than=killed)
    await floor_is_empty(house)


def no_control(text: str) -> bool:
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)
