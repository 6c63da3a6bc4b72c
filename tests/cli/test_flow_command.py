"""`trunkline flow check`: what it prints and how it exits."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trunkline.cli.flow import flow

SHIPPED = Path(__file__).parents[2] / "ivr_flows"
BAD = "flow: main\nstart: begin\nsteps: {begin: {queue: sails}}\n"


def run(*arguments: str | Path) -> Result:
    """Run `trunkline flow` with arguments."""
    return CliRunner().invoke(flow, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a bad flow, its tests and a good centre."""
    (tmp_path / "main.yaml").write_text(BAD)
    (tmp_path / "main.test.yaml").write_text("flow: main\n")
    (tmp_path / "centre.yaml").write_text((SHIPPED / "centre.yaml").read_text())
    return tmp_path


def test_shipped_flows_are_clean() -> None:
    result = run("check", SHIPPED)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "4 flows checked, no problems\n")


@pytest.mark.parametrize("names", [["."], ["main.yaml"], ["main.yaml", "centre.yaml"]])
def test_problem_has_its_place_and_the_exit_code_is_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.chdir(folder)

    result = run("check", *names)

    hint = 'the centre file has no queue "sails"; did you mean "sales"?'
    assert result.stdout == f'main.yaml:3:24: queue "begin": {hint}\n'
    assert (result.exit_code, result.stderr) == (1, "1 flow checked, 1 problem\n")


def test_json_is_for_other_programs(folder: Path) -> None:
    result = run("check", "--json", folder / "main.yaml", "--centre", folder / "centre.yaml")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "file": str(folder / "main.yaml"),
            "line": 3,
            "column": 24,
            "severity": "error",
            "code": "no-queue",
            "message": 'queue "begin": the centre file has no queue "sails"',
            "hint": 'did you mean "sales"?',
        }
    ]


def test_without_a_centre_queues_are_not_looked_up(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(BAD)

    assert run("check", tmp_path / "main.yaml").exit_code == 0


def test_broken_centre_is_a_problem_too(folder: Path) -> None:
    (folder / "centre.yaml").write_text("name: Acme\n")

    result = run("check", folder / "centre.yaml")

    assert result.exit_code == 1
    assert 'needs the key "queues"' in result.stdout


@pytest.mark.parametrize("arguments", [["check"], ["check", "nowhere.yaml"], ["chekc"]])
def test_unusable_call_exits_with_two(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
