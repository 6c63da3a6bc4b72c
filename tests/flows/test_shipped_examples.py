"""The flows that come with Trunkline: clean, tested, explored, able to serve, and an example of every kind of step."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.flows.planted import EXAMPLES, FAULTS, FLOWS, Fault, plant
from trunkline.cli import main
from trunkline.flows.centre import load_centre
from trunkline.flows.conversation import open_folder
from trunkline.flows.library import Library
from trunkline.flows.prompts import prompts_of
from trunkline.flows.steps import KINDS
from trunkline.settings import Settings

FOLDERS = [FLOWS, *(FLOWS / name for name in EXAMPLES)]
AT = "2026-11-23T10:00:00+00:00"
FILES = [file for folder in FOLDERS for file in open_folder(folder).drafts]


def flow(*arguments: object) -> tuple[int, str]:
    """Run `trunkline flow` with arguments; return its exit code and what it prints."""
    came = CliRunner().invoke(main, ["flow", *map(str, arguments)])
    return came.exit_code, came.stdout


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folder_checks_clean(folder: Path) -> None:
    assert flow("check", folder) == (0, "")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_tests_pass_on_each_of_its_media(folder: Path) -> None:
    code, printed = flow("test", "--json", folder)

    told = json.loads(printed)
    assert [each for each in told["tests"] if not each["passed"]] == []
    assert (code, told["problems"]) == (0, [])
    tried = {(each["flow"], each["medium"]) for each in told["tests"]}
    assert tried == {
        (name, medium) for name, world in open_folder(folder).worlds().items() for medium in world.flow.media
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_explorer_finds_nothing(file: Path) -> None:
    code, printed = flow("explore", "--json", "--at", AT, file)

    seen = json.loads(printed)
    assert (code, seen["findings"], seen["unreached"], seen["untaken"]) == (0, [], [], [])


def test_examples_have_every_kind_of_step() -> None:
    flows = [world.flow for name in EXAMPLES for world in open_folder(FLOWS / name).worlds().values()]

    assert {step.kind for each in flows for step in each.steps.values()} == set(KINDS)


def test_examples_are_not_served_with_the_flows_above_them() -> None:
    centre, _ = load_centre(FLOWS / "centre.yaml")
    assert centre is not None
    library = Library(FLOWS)

    library.load(centre)

    assert set(library.flows) == {"main", "order-number", "unknown", "webchat"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_serves_where_the_settings_name_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_FLOWS_DIR", str(FLOWS / name))
    monkeypatch.setenv("TRUNKLINE_CENTRE_FILE", str(FLOWS / name / "centre.yaml"))
    settings = Settings()  # type: ignore[call-arg]
    centre, problems = load_centre(settings.centre_file)
    assert centre is not None, problems
    library = Library(settings.flows_dir)

    loaded = library.load(centre)

    served = library.flow_for("100")
    assert loaded.problems == ()
    assert served is not None
    assert served.name == name
    assert len(prompts_of(served)) > 5


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_explorer_finds_what_was_planted(fault: Fault, tmp_path: Path) -> None:
    file = plant(fault, tmp_path)

    code, printed = flow("explore", "--json", "--at", AT, file)

    found = [each for each in json.loads(printed)["findings"] if each["code"] == fault.code]
    assert code == 1
    assert any(fault.says in each["message"] for each in found), found


@pytest.mark.slow
def test_explorer_finds_nothing_three_years_later_either() -> None:
    # The examples have dates of one year: those must not be needed for any of their steps.
    later = datetime.fromisoformat(AT).replace(year=2029).isoformat()

    assert [flow("explore", "--at", later, file)[0] for file in FILES] == [0] * len(FILES)
