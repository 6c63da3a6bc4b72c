"""The committed schema in the validator that editors have: silent on good flows, to the line on bad ones, helpful."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.editor.language_server import REPOSITORY, Editor, an_editor
from trunkline.flows.steps import KINDS

FLOWS = REPOSITORY / "ivr_flows"
GOOD = [FLOWS / "main.yaml", FLOWS / "shop/shop.yaml", FLOWS / "clinic/clinic.yaml", FLOWS / "helpdesk/helpdesk.yaml"]
HEAD = "# yaml-language-server: $schema=flow.schema.json\nflow: new\nstart: begin\nsteps:\n"
BYE = "  bye: {end: Goodbye.}\n"


pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def editor() -> AsyncIterator[Editor]:
    """Return an editor with the YAML plug-in."""
    async with an_editor() as found:
        yield found


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
async def test_good_flow_is_not_underlined(editor: Editor, file: Path) -> None:
    assert await editor.opened(file, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        ("  begin:\n    say: Hello.\n    nxt: bye\n    next: bye\n", 7),
        ("  begin: {say: Hello., next: bye}\n  other:\n    mneu: Which?\n    next: bye\n", 6),
        ("  begin: {say: Hello., next: bye}\n  look:\n    hours: support\n    open: bye\n", 6),
        ('  begin:\n    menu: Which?\n    choices:\n      - {key: "12", label: One, go: bye}\n', 8),
        ("  begin:\n    queue: sales\n    overflow: {after: 5 minutes, go: bye}\n", 7),
    ],
    ids=["unknown key", "misspelt kind", "missing way", "no such key", "no length of time"],
)
async def test_mistake_is_underlined_in_its_line(editor: Editor, steps: str, line: int) -> None:
    underlined = await editor.opened(editor.new_file(), HEAD + steps + BYE)

    assert line in {at for at, _ in underlined}, underlined
    assert {at for at, _ in underlined} <= set(range(line - 2, line + 2)), underlined


async def test_unknown_key_of_the_head_is_underlined(editor: Editor) -> None:
    underlined = await editor.opened(editor.new_file(), HEAD.replace("start:", "strat: begin\nstart:") + BYE)

    assert [at for at, _ in underlined] == [3]
    assert "strat" in underlined[0][1]


async def test_kinds_of_step_are_offered_where_a_step_begins(editor: Editor) -> None:
    file = editor.new_file()
    await editor.opened(file, HEAD + BYE + "  begin:\n    \n")

    assert set(KINDS) <= await editor.offered(file, 7, 5)


async def test_keys_of_a_step_are_offered_inside_it(editor: Editor) -> None:
    file = editor.new_file()
    await editor.opened(file, HEAD + BYE + "  begin:\n    menu: Which?\n    \n")

    assert {"choices", "no_answer", "no_match", "title"} <= await editor.offered(file, 8, 5)


async def test_key_is_explained_where_the_mouse_rests(editor: Editor) -> None:
    file = editor.new_file()
    await editor.opened(file, HEAD + "  begin: {queue: sales}\n")

    assert "A queue of the centre file." in await editor.explained(file, 5, 13)
