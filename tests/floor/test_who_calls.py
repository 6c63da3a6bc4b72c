"""A flow that goes by who calls waits a moment to know it; no other does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace

import pytest

from tests.fakes.memory_store import MemoryStore
from tests.floor.conftest import Centre, open_floor
from trunkline.core.customer import Customer

GREETING = """
flow: greeting
media: [voice]
start: hello
steps:
  hello: {say: "Hello {customer.name}.", next: bye}
  bye: {end: Bye.}
"""
INNER = """
flow: main
entry: {numbers: ["100"]}
start: greet
steps:
  greet: {run: greeting, next: bye}
  bye: {end: Goodbye.}
"""
PLAIN = """
flow: main
entry: {numbers: ["100"]}
start: hello
steps:
  hello: {say: Hello., next: bye}
  bye: {end: Goodbye.}
"""


class SlowStore(MemoryStore):
    """It knows Chris, and takes its time to say so."""

    def __init__(self) -> None:
        super().__init__()
        self.found = asyncio.Event()

    async def customer_at(self, address: str, *, medium: str, name: str | None, at: datetime) -> Customer:
        await self.found.wait()
        return await super().customer_at(address, medium=medium, name=name or "Chris", at=at)


@pytest.fixture
async def store() -> AsyncIterator[SlowStore]:
    store = SlowStore()
    yield store
    store.found.set()


async def said_before_and_after(world: SimpleNamespace, store: SlowStore, main: str) -> tuple[list[str], list[str]]:
    """Return what a caller heard before it was known who they are, and in the end."""
    (world.folder / "flows" / "main.yaml").write_text(main, encoding="utf-8")
    (world.folder / "flows" / "greeting.yaml").write_text(GREETING, encoding="utf-8")
    async with open_floor(world.folder, store, world.clock, world.switch) as centre:
        call = world.switch.calls_in()
        await centre.settled()
        before = list(said(centre, call.id.uniqueid))
        store.found.set()
        await centre.settled()
        return before, said(centre, call.id.uniqueid)


def said(centre: Centre, uniqueid: str) -> list[str]:
    return centre.lines[uniqueid].said


async def test_a_flow_whose_inner_flow_greets_by_name_waits_for_it(world: SimpleNamespace, store: SlowStore) -> None:
    assert await said_before_and_after(world, store, INNER) == ([], ["Hello Chris.", "Bye.", "Goodbye."])


async def test_a_flow_that_greets_everybody_alike_begins_at_once(world: SimpleNamespace, store: SlowStore) -> None:
    before, _ = await said_before_and_after(world, store, PLAIN)

    assert before == ["Hello.", "Goodbye."]
