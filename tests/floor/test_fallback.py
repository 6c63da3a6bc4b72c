"""Messages left in the switch's own fallback become work: each once, whoever dies meanwhile."""

import asyncio
import os
import struct
import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.builders import NOON, a_call, an_interaction
from tests.floor.conftest import Centre, open_floor
from trunkline.core.call import CallerSeen, Where
from trunkline.core.errors import Unavailable
from trunkline.core.ids import CallId, interaction_id_of, message_id_of
from trunkline.core.interaction import Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened
from trunkline.floor.fallback import message_in

UNIQUEID = "trunkline-1763898000.12"
CALL = a_call(UNIQUEID)
ID = message_id_of(CALL.id)


def leave(folder: Path, name: str = f"{UNIQUEID}_+447700900123_100.wav", *, seconds: float = 3) -> Path:
    """Leave a message as the dialplan does."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    with wave.open(str(file), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(8000)
        recording.writeframes(bytes(int(seconds * 16000)))
    os.utime(file, (NOON.timestamp(), NOON.timestamp()))
    return file


async def look_twice(centre: Centre) -> None:
    """A file must not have grown between two looks."""
    for _ in range(2):
        await centre.fallback.look()
        await centre.settled()


def works(centre: Centre) -> list[Interaction]:
    return [each for each in centre.store.interactions.values() if each.work is Work.VOICEMAIL]


async def test_message_becomes_work_of_its_caller(centre: Centre) -> None:
    file = leave(centre.fallback_folder)

    await look_twice(centre)

    work = centre.store.interactions[ID]
    assert (work.work, work.stage, work.address.e164, work.dialled) == (
        Work.VOICEMAIL, Stage.WAITING, "+447700900123", "100",
    )  # fmt: skip
    assert work.entry is not None
    assert (work.entry.queue, work.entry.since) == ("sales", NOON)
    assert work.voicemail is not None
    assert work.voicemail.length == timedelta(seconds=3)
    assert work.customer is not None
    assert not file.exists()
    assert (centre.recordings / work.voicemail.file).stat().st_size == 3 * 16000 + 44
    left, queued = centre.store.happened(Happened.VOICEMAIL_LEFT), centre.store.happened(Happened.QUEUED)
    assert [entry.facts["in"] for entry in left] == ["fallback"]
    assert [entry.facts["queue"] for entry in queued] == ["sales"]


async def test_message_is_offered_to_an_agent_who_can_hear_it(centre: Centre) -> None:
    await centre.ready("ana")
    leave(centre.fallback_folder)

    await look_twice(centre)

    assert centre.floor.interactions[ID].stage is Stage.OFFERED


async def test_message_is_a_new_interaction_beside_the_callers_own(centre: Centre) -> None:
    own = an_interaction(
        Stage.ENDED, id=interaction_id_of(CALL.id), outcome=Outcome.FALLBACK, dialled="4711", trunk="acme",
        caller_name="Ms Ito",
    )  # fmt: skip
    centre.store.interactions[own.id] = own
    leave(centre.fallback_folder, f"{UNIQUEID}__.wav")

    await look_twice(centre)

    work = centre.store.interactions[ID]
    assert (work.address, work.caller_name, work.dialled, work.trunk) == (own.address, "Ms Ito", "4711", "acme")
    assert centre.store.interactions[own.id] == own
    assert centre.store.happened(Happened.VOICEMAIL_LEFT)[0].facts["after"] == own.id


async def test_message_that_grows_is_left_alone(centre: Centre) -> None:
    file = leave(centre.fallback_folder)
    leave(centre.fallback_folder, "trunkline-1763898000.13__100.wav")
    await centre.fallback.look()
    leave(centre.fallback_folder, seconds=4)
    await centre.fallback.look()

    assert file.exists()
    assert ID not in centre.store.interactions
    assert len(works(centre)) == 1

    await centre.fallback.look()

    assert len(works(centre)) == 2


async def test_caller_who_is_silent_may_still_speak(centre: Centre) -> None:
    file = leave(centre.fallback_folder)
    centre.switch.callers[CALL.id] = CallerSeen(CALL, Where.FALLBACK, "+447700900123", "", "100", "demo", None)

    await look_twice(centre)

    assert file.exists()
    assert works(centre) == []


async def test_message_of_nothing_is_no_work(centre: Centre) -> None:
    file = leave(centre.fallback_folder, seconds=0.5)

    await look_twice(centre)

    assert not file.exists()
    assert works(centre) == []


async def test_other_files_are_let_be_and_old_names_are_understood(centre: Centre) -> None:
    other = leave(centre.fallback_folder, "notes (1).wav")
    leave(centre.fallback_folder, f"{UNIQUEID}.wav")

    await look_twice(centre)

    assert other.exists()
    assert [work.id for work in works(centre)] == [ID]
    assert works(centre)[0].address.anonymous


async def test_message_that_a_dying_switch_cut_off_can_be_played(centre: Centre) -> None:
    file = leave(centre.fallback_folder)
    data = bytearray(file.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", 0)
    file.write_bytes(data)

    await look_twice(centre)

    with wave.open(str(centre.recordings / f"{ID}.wav")) as recording:
        assert recording.getnframes() == 24000


async def test_file_that_cannot_be_moved_keeps_no_other_back(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = leave(centre.fallback_folder)
    good = leave(centre.fallback_folder, "trunkline-1763898000.13__100.wav")
    move = Path.replace

    def moved(file: Path, target: Path) -> Path:
        if file == bad:
            raise PermissionError(13, "not permitted", str(bad))
        return move(file, target)

    monkeypatch.setattr(Path, "replace", moved)

    await look_twice(centre)
    await look_twice(centre)

    assert bad.exists()
    assert not good.exists()
    assert len(works(centre)) == 2


async def test_message_waits_for_a_switch_that_is_away(centre: Centre) -> None:
    leave(centre.fallback_folder)
    await centre.fallback.look()
    centre.switch.away = True

    with pytest.raises(Unavailable):
        await centre.fallback.look()
    centre.switch.away = False
    await centre.fallback.look()

    assert len(works(centre)) == 1


async def test_message_stays_in_its_folder_until_it_is_durable(centre: Centre) -> None:
    file = leave(centre.fallback_folder)
    await centre.fallback.look()

    with centre.slow_store():
        looking = asyncio.ensure_future(centre.fallback.look())
        await centre.until(lambda: ID in centre.floor.interactions)
        await centre.settled()
        assert file.exists()
    await looking

    assert not file.exists()


@pytest.mark.parametrize("durable", [False, True])
async def test_service_killed_in_the_middle_loses_and_doubles_nothing(world: SimpleNamespace, durable: bool) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        file = leave(centre.fallback_folder)
        await look_twice(centre)
        work = world.store.interactions[ID]
    # As if it had been killed before the file was moved, or even before the work was written.
    (centre.recordings / f"{ID}.wav").replace(file)
    if not durable:
        del world.store.interactions[ID]
        world.store.journal.clear()

    async with open_floor(world.folder, world.store, world.clock, world.switch) as centre:
        await look_twice(centre)
        await look_twice(centre)

        assert [each.id for each in works(centre)] == [ID]
        assert world.store.interactions[ID].voicemail == work.voicemail
        assert len(world.store.happened(Happened.VOICEMAIL_LEFT)) == 1
        assert not file.exists()
        assert (centre.recordings / f"{ID}.wav").exists()


async def test_message_that_was_worked_on_does_not_come_again(centre: Centre) -> None:
    done = replace(an_interaction(Stage.ENDED, id=ID), work=Work.VOICEMAIL, outcome=Outcome.VOICEMAIL)
    centre.store.interactions[ID] = done
    file = leave(centre.fallback_folder)

    await look_twice(centre)

    assert not file.exists()
    assert centre.store.interactions[ID] == done


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("trunkline-17.1_+447700900123_100.wav", ("trunkline-17.1", "+447700900123", "100")),
        ("my_trunk_line-17.1__*43#.wav", ("my_trunk_line-17.1", "", "*43#")),
        ("17.1_0770_.wav", ("17.1", "0770", "")),
        ("trunkline-17.1.wav", ("trunkline-17.1", "", "")),
    ],
)
def test_a_name_tells_who_called(name: str, parts: tuple[str, str, str]) -> None:
    message = message_in(Path("/x") / name, written_at=datetime.now(UTC), length=timedelta(seconds=2))

    assert message is not None
    assert (message.uniqueid, message.caller, message.dialled) == parts


def test_message_is_not_taken_for_the_call() -> None:
    call = CallId(CALL.id.asterisk, UNIQUEID)

    assert message_id_of(call) != interaction_id_of(call)
    assert message_id_of(call) == message_id_of(call)
