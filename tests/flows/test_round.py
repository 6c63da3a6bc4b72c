"""A round of the tests beside the flows: each verdict with its conversation, and none of it lost between processes."""

import asyncio
from pathlib import Path

import pytest

from trunkline.core.errors import Unavailable
from trunkline.flows import round as rounds
from trunkline.flows.problem import Severity
from trunkline.flows.round import Round, carried_out, round_from_json, round_to_json
from trunkline.trials import round_of_tests as carried_out_apart

SHIPPED = Path(__file__).parents[2] / "ivr_flows"
FLOW = """flow: main
media: [voice, chat]
start: begin
steps:
  begin: {say: Hello., next: bye}
  bye: {end: Goodbye.}
"""
TESTS = """flow: main
tests:
  - name: they are greeted
    talk: [{hears: Hello}]
  - name: they reach sales
    media: [voice]
    talk:
      - hears: Hello
      - queued: sales
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "centre.yaml").write_text((SHIPPED / "centre.yaml").read_text())
    (tmp_path / "main.yaml").write_text(FLOW)
    return tmp_path


def test_each_test_is_told_on_each_medium_and_a_failing_one_with_its_conversation(folder: Path) -> None:
    (folder / "main.test.yaml").write_text(TESTS)

    done = carried_out(folder, folder / "centre.yaml")

    assert [(test.name, test.medium, test.passed) for test in done.tests] == [
        ("they are greeted", "voice", True),
        ("they are greeted", "chat", True),
        ("they reach sales", "voice", False),
    ]
    failed = done.tests[-1]
    assert (failed.flow, Path(failed.file).name, failed.line) == ("main", "main.test.yaml", 9)
    assert (failed.expected, failed.came) == ("queued queue sales", "ended")
    assert failed.talk[0] == ("flow", "Hello.")
    assert done.tests[0].line == 3


def test_mistake_in_a_file_of_tests_is_told_at_its_place(folder: Path) -> None:
    (folder / "main.test.yaml").write_text(TESTS.replace("hears: Hello\n", "heard: Hello\n"))

    done = carried_out(folder, folder / "centre.yaml")

    assert done.tests == ()
    assert [(problem.line, problem.severity) for problem in done.problems] == [(8, Severity.ERROR)]


def test_folder_without_tests_has_none(folder: Path) -> None:
    assert carried_out(folder, folder / "centre.yaml") == Round()


@pytest.mark.parametrize("tests", [TESTS, TESTS.replace("hears", "heard")])
def test_round_is_read_back_as_it_was_written(folder: Path, tests: str) -> None:
    (folder / "main.test.yaml").write_text(tests)
    done = carried_out(folder, folder / "centre.yaml")

    assert round_from_json(round_to_json(done)) == done


def test_round_is_written_by_its_own_process(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr("os.nice", given.append)
    (folder / "main.test.yaml").write_text(TESTS)

    rounds.main(str(folder), str(folder / "centre.yaml"))

    assert given == [rounds.NICENESS]
    assert round_from_json(capsys.readouterr().out) == carried_out(folder, folder / "centre.yaml")


@pytest.mark.slow
async def test_another_process_comes_to_the_same(folder: Path) -> None:
    (folder / "main.test.yaml").write_text(TESTS)

    assert await carried_out_apart(folder, folder / "centre.yaml") == carried_out(folder, folder / "centre.yaml")


async def test_tests_that_come_to_no_end_are_given_up(folder: Path) -> None:
    (folder / "main.test.yaml").write_text(TESTS)

    with pytest.raises(Unavailable, match="did not come to an end"):
        await carried_out_apart(folder, folder / "centre.yaml", within_s=0.01)


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("raise RuntimeError('no memory')", "could not be carried out.*no memory"),
        ("raise SystemExit(3)", "could not be carried out: exit code 3"),
        ("print('hello'); raise SystemExit", "cannot be read"),
    ],
)
async def test_process_that_breaks_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str, why: str) -> None:
    monkeypatch.setenv("PYTHONPATH", str(folder))
    (folder / "trunkline").mkdir()
    (folder / "trunkline" / "__init__.py").write_text(does)

    with pytest.raises(Unavailable, match=f"(?s){why}"):
        await carried_out_apart(folder, folder / "centre.yaml")


async def test_process_that_cannot_begin_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(folder / "nothing"))

    with pytest.raises(Unavailable, match="No such file"):
        await carried_out_apart(folder, folder / "centre.yaml")


async def test_round_that_is_given_up_leaves_no_process(folder: Path) -> None:
    begun = asyncio.ensure_future(carried_out_apart(folder, folder / "centre.yaml"))
    async with asyncio.timeout(5):
        while not (children := _children()):
            await asyncio.sleep(0)

    begun.cancel()
    await asyncio.gather(begun, return_exceptions=True)

    assert begun.cancelled()
    assert not children & _children()


def _children() -> set[str]:
    """Return our child processes of this module."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline")
            if command.exists() and b"trunkline.flows.round" in command.read_bytes():
                found.add(child)
    return found
