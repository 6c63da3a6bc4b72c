"""`trunkline outbox`: what did not come there, and sending it again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from tests.builders import NOON
from tests.fakes.memory_store import MemoryStore
from trunkline.cli.outbox import command
from trunkline.core.ids import MessageId, new_id
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.ports.store import Change


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    store = MemoryStore()

    @asynccontextmanager
    async def opened(_settings: object) -> AsyncIterator[MemoryStore]:
        yield store

    monkeypatch.setattr("trunkline.cli.outbox.opened", opened)
    return store


def failed(store: MemoryStore, channel: str = "text") -> MessageId:
    id_ = MessageId(new_id())
    out = Outgoing(
        id_, channel, "+447700900123", "My PIN is 1234", NOON, state=Delivery.FAILED, tries=3, why="no such number"
    )
    asyncio.run(store.save([Change(outgoing=[out])]))
    return id_


def typed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, words)
    return done.exit_code, done.output


def test_nothing_is_told_where_there_is_nothing(store: MemoryStore) -> None:
    assert typed("list") == (0, "nothing waits, and nothing has failed\n")


def test_what_failed_is_told_with_why_and_not_a_word_of_it(store: MemoryStore) -> None:
    id_ = failed(store)
    code, told = typed("list")
    assert code == 0
    assert told == f"text: 0 wait, 1 failed\n  {id_}  2026-11-23 12:00  text  no such number\n"
    told_json = json.loads(typed("list", "--json")[1])
    assert (told_json["channels"], told_json["failed"][0]["id"]) == ({"text": {"failed": 1}}, id_)
    assert "1234" not in told + str(told_json)


def test_what_failed_is_put_back(store: MemoryStore) -> None:
    one, other = failed(store), failed(store, "other")
    assert typed("replay", one) == (0, "1 message put back into the outbox\n")
    assert store.outbox[one].state is Delivery.WAITING
    assert typed("replay", "--channel", "other") == (0, "1 message put back into the outbox\n")
    assert store.outbox[other].state is Delivery.WAITING
    assert typed("replay", one)[0] != 0, "it has not failed any more"


def test_it_is_said_which(store: MemoryStore) -> None:
    for words in ([], [new_id(), "--channel", "text"], ["not-an-id"]):
        assert typed("replay", *words)[0] != 0
