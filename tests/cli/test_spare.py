"""The next service, ready before the present one dies: it begins at a word, and goes when nobody is there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.cli.spare import Spare

pytestmark = pytest.mark.slow
REFUSED = {"TRUNKLINE_HTTP_PORT": "no port"}
"""With these a service says what is wrong with them, and ends."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def spare(out: Path) -> Iterator[Spare]:
    with out.open("ab") as stream:
        made = Spare.made(stream, REFUSED)
    yield made
    made.dismiss()


async def ended(spare: Spare) -> None:
    async with asyncio.timeout(20):
        await spare.process.ended()


async def test_it_begins_at_the_word(spare: Spare, out: Path) -> None:
    assert spare.begin()
    await ended(spare)
    assert "http_port" in out.read_text(encoding="utf-8").lower()


async def test_it_goes_without_a_word_when_it_is_not_wanted(spare: Spare, out: Path) -> None:
    spare.dismiss()
    await ended(spare)
    assert out.read_text(encoding="utf-8") == ""


async def test_one_that_died_cannot_begin(spare: Spare) -> None:
    await spare.process.stop(patience_s=10)
    assert not spare.begin()
