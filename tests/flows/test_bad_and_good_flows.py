"""Every flow in bad/ has exactly the problems listed beside it; every flow in good/ has none."""

from pathlib import Path

import pytest

from tests.flows.examples import a_centre
from trunkline.flows.check import check
from trunkline.flows.problem import Guesser
from trunkline.flows.source import read

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))
GOOD = sorted((HERE / "good").glob("*.yaml"))


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_bad_flow_has_exactly_its_problems(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    expected = file.with_suffix(".problems").read_text(encoding="utf-8").splitlines()

    problems = check([Path(file.name)], a_centre())

    assert [str(problem) for problem in problems] == expected


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_good_flow_has_no_problem(file: Path) -> None:
    assert check([file], a_centre()) == []


def test_good_flows_get_on_with_each_other() -> None:
    assert check(GOOD, a_centre()) == []


def test_only_the_first_of_two_flows_gets_a_name_and_a_number(tmp_path: Path) -> None:
    text = 'flow: {}\nstart: bye\nentry: {{numbers: ["100"], any_other_number: true}}\nsteps: {{bye: {{end: }}}}\n'
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"]
    for file, name in zip(files, ("one", "one", "two"), strict=True):
        file.write_text(text.format(name))

    problems = check(files)

    assert [(Path(p.file).name, p.line, p.column, p.message.replace(str(tmp_path), ".")) for p in problems] == [
        ("b.yaml", 1, 7, "flow one is already ./a.yaml's"),
        ("b.yaml", 3, 19, "number 100 is already ./a.yaml's"),
        ("b.yaml", 3, 45, "any_other_number is already ./a.yaml's"),
        ("c.yaml", 3, 19, "number 100 is already ./a.yaml's"),
        ("c.yaml", 3, 45, "any_other_number is already ./a.yaml's"),
    ]


def test_only_the_first_of_two_flows_gets_a_channel(tmp_path: Path) -> None:
    text = "flow: {}\nmedia: [chat]\nstart: bye\nentry: {{channels: [{}]}}\nsteps: {{bye: {{end: }}}}\n"
    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    files[0].write_text(text.format("one", "web, sms"))
    files[1].write_text(text.format("two", "help, web"))

    [problem] = check(files)

    assert (Path(problem.file).name, problem.line, problem.column, problem.code) == ("b.yaml", 4, 26, "claimed-twice")
    assert problem.message.startswith("channel web is already ")


def test_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert [p.message for p in check([tmp_path / "none.yaml"])] == ["cannot be read: No such file or directory"]


def test_file_of_ten_megabytes_is_refused_unread(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# nothing\n" * 1_000_000)

    assert [p.message for p in check([large])] == ["the file is larger than 1 MB"]


def test_flow_that_another_is_to_run_and_is_not_there_is_found_with_a_guess(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("flow: a\nstart: go\nsteps: {go: {run: survy, next: bye}, bye: {end: }}\n")
    (tmp_path / "b.yaml").write_text("flow: survey\nstart: bye\nsteps: {bye: {end: }}\n")

    (problem,) = check([tmp_path / "a.yaml", tmp_path / "b.yaml"])

    assert (problem.line, problem.column) == (3, 19)
    assert f"{problem.message}; {problem.hint}" == 'run "go": there is no flow "survy"; did you mean "survey"?'


def test_absurd_nesting_is_refused_where_it_begins_to_be_absurd() -> None:
    for text in ("[" * 100_000, "{a: " * 100_000, "- " * 100_000, "".join(" " * n + "a:\n" for n in range(300))):
        _, problems = read(text.encode(), "x.yaml")

        assert [problem.code for problem in problems] == ["depth"]


def test_a_hundred_mistakes_in_the_yaml_are_enough() -> None:
    _, problems = read(b"flow: x\n" * 200, "x.yaml")

    assert len(problems) == 101
    assert problems[-1].message == "and 99 more problems"


def test_guesses_stop_after_some_and_never_look_at_endless_names() -> None:
    guesser = Guesser(["refund"], most=1)

    assert guesser.nearest("refunds" * 100) is None
    assert guesser.nearest("refunds") == "refund"
    assert guesser.nearest("refunds") is None
