"""The centre changes under a live floor: by its file, by whoever applies, one after the other, and never half."""

from types import SimpleNamespace

import pytest

from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import CENTRE, Centre, open_floor
from trunkline.core.agent import Presence
from trunkline.core.centre_version import ChangedMeanwhile, Signed, Source
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.core.ids import QueueId
from trunkline.core.interaction import Stage
from trunkline.core.journal import Happened
from trunkline.floor.administration import Archive, HasProblems
from trunkline.floor.state import NoSuch
from trunkline.flows.problem import Problem, Severity

TEXT = CENTRE.decode()
DORA = Signed("dora", Source.PAGE, "why")
ELSEWHERE = Signed("root", Source.CLI)
SHORTER = TEXT.replace("wrap_up: 60s, music: default, announce_every: 45s}\n  support", "wrap_up: 5s}\n  support")
NOT_THERE = Problem("centre.yaml", 1, 1, Severity.ERROR, "file", "cannot be read: No such file or directory")


def wrap_up_s(centre: Centre) -> float:
    return centre.floor.centre.queue(QueueId("sales")).wrap_up.total_seconds()


async def test_file_of_the_first_start_is_version_one(centre: Centre) -> None:
    version = centre.administration.in_force

    assert (version.number, version.by, version.source, version.text) == (1, "the file", Source.FILE, TEXT)
    assert centre.administration.health().detail == ""


async def test_applied_version_is_in_force_when_apply_returns(centre: Centre) -> None:
    plan = await centre.administration.plan(SHORTER)
    assert [str(each) for each in plan.changes] == ["~ queue sales: wrap_up 60s -> 5s, announce_every 45s -> none"]

    version = await centre.administration.apply(SHORTER, DORA, base=plan.base)

    assert (version.number, wrap_up_s(centre)) == (2, 5)
    [_, line] = centre.store.happened(Happened.CENTRE_CHANGED)
    assert (line.agent, line.facts["version"], line.facts["message"]) == ("dora", 2, "why")
    assert (await centre.administration.plan(SHORTER)).changes == ()


async def test_what_is_applied_elsewhere_is_followed_at_the_next_look(centre: Centre) -> None:
    await centre.store.put_centre(SHORTER, ELSEWHERE, base=1, at=centre.clock.now())

    assert await centre.administration.follow()
    assert (wrap_up_s(centre), centre.hub.centre_version) == (5, 2)
    assert not await centre.administration.follow()


async def test_apply_upon_a_version_that_was_overtaken_is_refused(centre: Centre) -> None:
    await centre.store.put_centre(SHORTER, ELSEWHERE, base=1, at=centre.clock.now())

    with pytest.raises(ChangedMeanwhile, match=r"version 2 by root \(cli\)"):
        await centre.administration.apply(TEXT.replace("Acme", "Other"), DORA, base=1)


async def test_text_with_mistakes_is_refused_with_all_of_them(centre: Centre) -> None:
    with pytest.raises(HasProblems) as refused:
        await centre.administration.apply(TEXT.replace("20s", "20").replace("region: GB", "region: gb"), DORA, base=1)

    assert len(refused.value.problems) == 3
    assert await centre.store.centre_number() == 1


async def test_text_that_is_in_force_makes_no_version(centre: Centre) -> None:
    assert (await centre.administration.apply(TEXT, DORA, base=1)).number == 1


async def test_saved_file_is_taken_over_and_a_bad_one_leaves_what_is_in_force(centre: Centre) -> None:
    await centre.administration.file_saved(b"name: [", "centre.yaml")
    assert "version 1 is in force, as before: centre.yaml:1:" in centre.administration.health().detail
    assert centre.administration.health().ready

    await centre.administration.file_saved(SHORTER.encode(), "centre.yaml")
    assert (wrap_up_s(centre), centre.administration.in_force.source) == (5, Source.FILE)
    assert centre.administration.health().detail == ""


async def test_file_in_another_encoding_is_a_problem_with_its_line(centre: Centre) -> None:
    await centre.administration.file_saved(TEXT.replace("Acme", "Acmé").encode("latin-1"), "centre.yaml")

    assert "centre.yaml:2:1: this line is not UTF-8" in centre.administration.health().detail


async def test_file_saved_while_somebody_applies_is_applied_upon_that(centre: Centre) -> None:
    put = centre.store.put_centre

    async def overtaken(*given: object, **more: object) -> object:
        centre.store.put_centre = put  # type: ignore[method-assign]
        await put(TEXT.replace("Acme", "Other"), ELSEWHERE, base=1, at=centre.clock.now())
        return await put(*given, **more)  # type: ignore[arg-type]

    centre.store.put_centre = overtaken  # type: ignore[assignment,method-assign]
    await centre.administration.file_saved(SHORTER.encode(), "centre.yaml")

    assert (centre.administration.in_force.number, wrap_up_s(centre)) == (3, 5)


async def test_version_that_this_release_cannot_read_leaves_the_one_before(centre: Centre) -> None:
    await centre.store.put_centre("name: later\n", ELSEWHERE, base=1, at=centre.clock.now())

    assert not await centre.administration.follow()
    assert not await centre.administration.follow()
    assert centre.administration.in_force.number == 1
    assert "version 2" in centre.administration.health().detail


async def test_version_waits_for_a_database_that_is_away(centre: Centre) -> None:
    taken, take_over = [], centre._take_over

    async def away(*_: object) -> None:
        taken.append(1)
        raise Unavailable("away")

    centre.administration._take_over = away
    version = await centre.administration.apply(SHORTER, DORA, base=1)
    assert (version.number, wrap_up_s(centre), len(taken)) == (2, 60, 1)

    centre.administration._take_over = take_over
    assert await centre.administration.follow()
    assert wrap_up_s(centre) == 5


async def test_agent_who_is_taken_out_finishes_what_is_in_hand(centre: Centre) -> None:
    await centre.ready("ana")
    call, _ = await centre.call_talks()
    plan = await centre.administration.plan(TEXT.replace("  ana: {name: Ana Torres, queues: [sales]}\n", ""))
    assert "agent ana leaves with something in hand: they can finish it, and are logged out" in plan.warnings

    await centre.administration.apply(plan.text, DORA, base=1)

    assert (centre.agent("ana").presence, centre.agent("ana").queues) == (Presence.OFFLINE, {})
    assert centre.stage(call) is Stage.TALKING


# --- from one start to the next ---


async def test_page_outlives_a_restart_until_the_file_is_another(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        await first.administration.apply(SHORTER, DORA, base=1)

    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        assert (second.administration.in_force.number, second.administration.in_force.text) == (2, SHORTER)
        await second.administration.file_saved(TEXT.replace("Acme", "Acme Ltd").encode(), "centre.yaml")
        assert second.administration.in_force.number == 3


async def opened(store: MemoryStore, file: bytes | Problem) -> Archive:
    archive = Archive(store, FakeClock())
    await archive.open(file, "centre.yaml")
    return archive


async def test_first_start_needs_a_good_file() -> None:
    for file, said in ((NOT_THERE, "No such file"), (b"name: [", "not YAML")):
        with pytest.raises(Misconfigured, match=said):
            await opened(MemoryStore(), file)


@pytest.mark.parametrize("file", [NOT_THERE, b"name: ["])
async def test_later_start_goes_by_what_was_in_force_where_the_file_is_wrong(file: bytes | Problem) -> None:
    store = MemoryStore()
    await opened(store, CENTRE)

    archive = await opened(store, file)

    assert archive.in_force is not None
    assert archive.in_force.text == TEXT
    assert archive.fault.startswith("centre.yaml:1:")


async def test_file_that_says_what_is_in_force_is_only_remembered() -> None:
    store = MemoryStore()
    await opened(store, CENTRE)
    await store.put_centre(SHORTER, DORA, base=1, at=FakeClock().now())

    await opened(store, SHORTER.encode())  # exported into the file
    assert await store.centre_number() == 2
    await store.put_centre(TEXT, DORA, base=2, at=FakeClock().now())

    archive = await opened(store, SHORTER.encode())
    assert archive.in_force is not None
    assert archive.in_force.number == 3


async def test_file_that_was_changed_while_the_service_was_away_is_applied() -> None:
    store = MemoryStore()
    await opened(store, CENTRE)
    await store.put_centre(TEXT.replace("Acme", "Other"), DORA, base=1, at=FakeClock().now())

    archive = await opened(store, SHORTER.encode())

    assert archive.in_force is not None
    assert (archive.in_force.number, archive.in_force.by, archive.in_force.text) == (3, "the file", SHORTER)


async def test_start_with_a_version_that_is_no_centre_any_more_says_the_cure() -> None:
    store = MemoryStore()
    await opened(store, CENTRE)
    await store.put_centre("name: A\n", ELSEWHERE, base=1, at=FakeClock().now())

    with pytest.raises(Misconfigured, match="trunkline config apply FILE"):
        await opened(store, CENTRE)


async def test_there_is_no_version_that_was_never_applied(centre: Centre) -> None:
    assert (await centre.administration.version(1)).text == TEXT
    with pytest.raises(NoSuch):
        await centre.administration.version(2)
