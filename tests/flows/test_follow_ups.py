"""Follow-ups that the centre file names and that could not begin are told, each at its line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.flows.tools import a_draft
from trunkline.cli import main
from trunkline.flows.centre import centre_of, load_centre
from trunkline.flows.conversation import open_folder
from trunkline.flows.follow_ups import check_follow_ups, lost
from trunkline.flows.loader import Draft, draft_of
from trunkline.flows.plan import consequences

CENTRE = """name: Acme
region: GB
queues:
  sales:
    title: Sales
    follow_ups:
      - {flow: survey, after: 10m}
      - {flow: survay, after: 10m, by: sms}
      - {flow: survey, after: 2d, by: email, dispositions: [sale]}
      - {flow: spoken, after: 2d}
dispositions: [{code: sale, title: Sale}]
reasons: [{code: break, title: Break}]
"""
FLOWS = {
    "survey": "flow: survey\nmedia: [chat, sms]\nstart: begin\nsteps: {begin: {end: Good.}}\n",
    "spoken": "flow: spoken\nstart: begin\nsteps: {begin: {end: Good.}}\n",
}
WRONG = [(8, "no-flow", 'queue "sales": follow-up 2: there is no flow "survay"', 'did you mean "survey"?')]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FLOWS.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "centre.yaml").write_text(CENTRE)
    return tmp_path


def drafts() -> list[Draft]:
    return [draft_of(text.encode(), f"{name}.yaml") for name, text in FLOWS.items()]


def test_each_that_cannot_begin_is_told_at_its_line(folder: Path) -> None:
    centre, problems = load_centre(folder / "centre.yaml")
    found = check_follow_ups(centre, drafts(), folder / "centre.yaml")
    assert problems == []
    assert [(each.line, each.code, each.message, each.hint) for each in found] == WRONG
    assert [each for each in open_folder(folder).problems if each.code == "no-flow"] == found
    told = CliRunner().invoke(main, ["flow", "check", str(folder)])
    assert (told.exit_code, [line for line in told.stdout.splitlines() if "follow-up" in line]) == (
        1,
        [*map(str, found)],
    )


def test_where_not_all_flows_can_be_read_nothing_is_told() -> None:
    centre, _ = centre_of(CENTRE.encode(), "")
    assert centre is not None
    assert list(lost(centre, drafts()[:1])) == []
    assert list(lost(centre, [*drafts(), a_draft("  begin: {end: Good.}\n", "start: begin\n")])) == []
    assert check_follow_ups(None, drafts(), Path("centre.yaml")) == []


def test_an_outcome_that_there_is_not_is_a_mistake_of_the_file() -> None:
    centre, problems = centre_of(CENTRE.replace("[sale]", "[sale, sold]").encode(), "centre.yaml")
    assert centre is None
    assert [(each.line, each.code, each.message) for each in problems] == [
        (9, "no-disposition", 'queue "sales": there is no disposition "sold"')
    ]


def test_what_would_not_follow_any_more_is_told_before_it_is_in_force() -> None:
    new, _ = centre_of(CENTRE.encode(), "")
    old, _ = centre_of(CENTRE.replace("survay", "survey").encode(), "")
    assert new is not None
    assert old is not None

    told = consequences(old, new, interactions=[], agents=[], drafts=drafts())

    assert [each for each in told if "follow-up" in each] == [f"{WRONG[0][2]}: nothing follows"]
