"""Voicemails by HTTP: for whom, in which pieces, and nothing else out of the folder."""

from dataclasses import replace

import pytest

from tests.web.conftest import Web
from trunkline.core.ids import InteractionId
from trunkline.core.journal import Happened

HEADER = b"RIFF" + b"\0" * 40


async def a_voicemail(doors: Web) -> InteractionId:
    """Let a caller leave 2 s for sales."""
    doors.centre.recording = HEADER + b"\1\2" * 16_000
    doors.centre.keys.append("2")
    call = doors.centre.switch.calls_in()
    await doors.centre.settled()
    found = [each for each in doors.centre.floor.interactions.values() if each.voicemail is not None]
    assert len(found) == 1, call
    return found[0].id


async def test_an_agent_of_the_queue_hears_it_whole_and_that_is_journaled(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    browser = await doors.logged_in()
    async with browser.get(f"/api/interactions/{id_}/voicemail") as answer:
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        assert len(await answer.read()) == 44 + 32_000
        assert "no-store" in answer.headers["Cache-Control"]
    await doors.centre.settled()
    assert [entry.agent for entry in doors.centre.store.happened(Happened.RECORDING_PLAYED)] == ["ana"]


async def test_a_browser_may_ask_for_a_piece(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    browser = await doors.logged_in()
    async with browser.get(f"/api/interactions/{id_}/voicemail", headers={"Range": "bytes=44-47"}) as answer:
        assert answer.status == 206
        assert await answer.read() == b"\1\2\1\2"
    async with browser.get(f"/api/interactions/{id_}/voicemail", headers={"Range": "bytes=99999999-"}) as answer:
        assert answer.status == 416
    async with browser.get(f"/api/interactions/{id_}/voicemail", headers={"Range": "furlongs=1-2"}) as answer:
        assert answer.status in {200, 416}


async def test_without_a_session_nothing_is_heard(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    browser = await doors.browser()
    async with browser.get(f"/api/interactions/{id_}/voicemail") as answer:
        assert answer.status == 401


async def test_a_voicemail_of_another_queue_is_not_there(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    floor = doors.centre.floor
    known = floor.interaction(id_)
    assert known.entry is not None
    await floor.commit(interactions=[replace(known, entry=replace(known.entry, queue="support"))])

    browser = await doors.logged_in("ana")
    async with browser.get(f"/api/interactions/{id_}/voicemail") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "id_",
    [
        "..%2f..%2fsecrets",
        "..",
        "x",
        "%00",
        "0" * 5000,
        "%7Bint%7D",
        "';%20DROP%20TABLE%20agent;%20--",
        "8f15b57b-c735-436f-a550-d6309e1ab6d0",
    ],
)
async def test_what_is_no_voicemail_is_not_found(doors: Web, id_: str) -> None:
    browser = await doors.logged_in()
    url = doors.server.make_url("/").with_path(f"/api/interactions/{id_}/voicemail", encoded=True)
    async with browser.get(url) as answer:
        assert answer.status == 404


async def test_a_file_name_cannot_lead_out_of_the_folder(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    (doors.centre.recordings.parent / "secret.wav").write_bytes(b"secret")
    floor = doors.centre.floor
    known = floor.interaction(id_)
    assert known.voicemail is not None
    await floor.commit(interactions=[replace(known, voicemail=replace(known.voicemail, file="../secret.wav"))])

    browser = await doors.logged_in()
    async with browser.get(f"/api/interactions/{id_}/voicemail") as answer:
        assert answer.status == 404


async def test_a_supervisor_hears_the_voicemails_of_every_queue(doors: Web) -> None:
    id_ = await a_voicemail(doors)
    floor = doors.centre.floor
    known = floor.interaction(id_)
    assert known.entry is not None
    await floor.commit(
        interactions=[replace(known, entry=replace(known.entry, queue="support"))],
        agents=[replace(floor.agents["ana"], role="supervisor")],
    )

    browser = await doors.logged_in("ana")
    async with browser.get(f"/api/interactions/{id_}/voicemail") as answer:
        assert answer.status == 200
