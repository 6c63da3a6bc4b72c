"""`trunkline routing` on a real database while no service runs: in words, for programs, and of mistakes."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.builders import NOON, an_agent, later
from tests.floor.conftest import CENTRE
from tests.store.server import database_url, server_url, template_url
from trunkline.cli.routing import command
from trunkline.core.agent import Presence, placed
from trunkline.core.demand import Membership
from trunkline.core.ids import AgentId, InteractionId, QueueId
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.roll_call import Hours, Rules, roll_call
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore

__all__ = ["database_url", "server_url", "template_url"]

CALL = "5b0c3d0e-8f0e-4a59-9a6e-6f0b7f1f6a10"


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "centre.yaml").write_bytes(CENTRE)
    (tmp_path / "changed.yaml").write_bytes(CENTRE.replace(b"queues: [sales]}", b"queues: [support]}"))
    monkeypatch.setenv("TRUNKLINE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TRUNKLINE_CENTRE_FILE", str(tmp_path / "centre.yaml"))
    return tmp_path


@pytest.fixture
async def journal(database_url: str, in_a_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A call that ana had, and that ben could have had."""
    agents = [
        placed(an_agent(id_, presence=Presence.READY, since=NOON, idle_since=NOON), {QueueId("sales"): Membership()})
        for id_ in ("ana", "ben")
    ]
    call, ana = InteractionId(CALL), AgentId("ana")
    offered = {"offer": "o", "queue": "sales", "medium": "voice", "waited_s": 5.0, "idle_s": 65.0, "asked": {},
               "position": 1, "strategy": "longest_idle", "able": 2, "by": "strategy"}  # fmt: skip
    there = roll_call(agents, [], [each.endpoint for each in agents], Hours(), Rules())
    lines = [
        JournalEntry(Happened.ROLL_CALLED, NOON, facts=there),
        JournalEntry(Happened.QUEUED, later(60), call, facts={"queue": "sales", "priority": 0, "medium": "voice"}),
        JournalEntry(Happened.OFFERED, later(65), call, ana, offered),
        JournalEntry(Happened.ACCEPTED, later(69), call, ana),
        JournalEntry(Happened.WRAPPED_UP, later(120), call, ana),
    ]  # fmt: skip
    async with Database(database_url, connections=1) as database:
        await PostgresStore(database).save([Change(journal=lines)])
    monkeypatch.setenv("TRUNKLINE_DATABASE_URL", database_url)
    return in_a_folder


async def told(*arguments: str) -> Result:
    # The command has a loop of its own.
    return await asyncio.to_thread(CliRunner().invoke, command, list(arguments))


@pytest.mark.usefixtures("journal")
async def test_an_offer_is_explained_in_words() -> None:
    result = await told("explain", CALL)

    assert result.exit_code == 0, result.output
    assert result.output == (
        "12:01:05 offered to ana after 5 s: no skill was asked; ana was the longest idle (65 s) of 2 able agents; next"
        " would have been ben (65 s). After 4 s: taken.\n"
    )


@pytest.mark.usefixtures("journal")
async def test_an_offer_is_explained_for_programs() -> None:
    story = json.loads((await told("explain", CALL, "--json")).output)

    assert [(offer["agent"], offer["able"], offer["end"]) for offer in story["offers"]] == [("ana", 2, "accepted")]
    assert story["waits"] is None


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize(
    ("id_", "why"), [("00000000-0000-4000-8000-000000000000", "knows no interaction"), ("12", "is no interaction's id")]
)
async def test_an_unknown_interaction_is_a_mistake(id_: str, why: str) -> None:
    result = await told("explain", id_)

    assert (result.exit_code, why in result.stderr) == (2, True), result.output


async def test_a_stretch_is_replayed_under_a_changed_file(journal: Path) -> None:
    stretch = ["--from", "2026-11-23T12:00", "--to", "2026-11-23T12:10", "--with", str(journal / "changed.yaml")]

    words, programs = await told("replay", *stretch), await told("replay", *stretch, "--json")

    assert words.exit_code == 0, words.output
    assert "really was" in words.output
    assert "at most 0.0 points" in words.output
    sales = json.loads(programs.output)["queues"]["sales"]
    assert [sales[column]["served"] for column in ("was", "replayed", "changed")] == [1, 1, 1]
    assert sales["was"]["handling_s"] == sales["replayed"]["handling_s"] == 51


@pytest.mark.parametrize(
    ("start", "until", "why"),
    [
        ("noon", "2026-11-23T12:10", "is no time"),
        ("2026-11-23T12:10", "2026-11-23T12:00", "must be after --from"),
        ("2026-11-20T12:00", "2026-11-20T13:00", "nothing is in the journal"),
    ],
)
async def test_a_stretch_that_is_none_is_a_mistake(journal: Path, start: str, until: str, why: str) -> None:
    result = await told("replay", "--from", start, "--to", until, "--with", str(journal / "changed.yaml"))

    assert (result.exit_code, why in result.stderr) == (2, True), result.output


@pytest.mark.usefixtures("in_a_folder")
async def test_a_database_that_is_away_is_told_with_the_cure() -> None:
    result = await told("explain", CALL, "--postgres-port", "30799")

    assert result.exit_code == 2
    assert "start Trunkline (trunkline run)" in result.stderr
