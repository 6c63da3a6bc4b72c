"""`trunkline flow test | explore | draw | schema`: try flows out and look at them, offline."""

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from trunkline.flows.conversation import CENTRE_FILE, Folder, World, open_folder
from trunkline.flows.draw import mermaid, svg
from trunkline.flows.explore import Ending, Exploration, Finding, explore
from trunkline.flows.loader import Draft
from trunkline.flows.problem import Problem
from trunkline.flows.samples import samples_of
from trunkline.flows.schema import schema_text
from trunkline.flows.scripts import ENDING, Script, moment, scripts_from
from trunkline.flows.trial import Verdict, tried

Medium = Literal["voice", "chat", "sms", "email"]
MEDIUM = click.Choice(["voice", "chat", "sms", "email"])
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
CENTRE = click.option(
    "--centre", "centre_file", type=FILE, help="The centre file; centre.yaml beside the flow if left out."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it for other programs.")


def moment_option(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime:
    """Read --at; now when it is left out."""
    if text is None:
        return datetime.now(UTC).replace(second=0, microsecond=0)
    try:
        return moment(text)
    except ValueError as fault:
        raise click.BadParameter(f'"{text}" {fault}') from None


AT = click.option(
    "--at", callback=moment_option, help="The simulated time, such as 2026-11-23T10:00:00+00:00; now if left out."
)


def opened(file: Path, centre_file: Path | None = None) -> tuple[Folder, World, Draft]:
    """Return a flow file's folder, world and draft; ends the command with its problems when it is not whole."""
    folder = open_folder(file.parent, centre_file)
    draft = next((draft for path, draft in folder.drafts.items() if path == file), None)
    if draft is None:
        raise click.UsageError(f"{file} is not a flow file")
    in_the_way = [each for each in folder.problems if each.code in {"no-step", "file"} or folder.centre is None]
    own = [each for each in in_the_way if each.file == draft.file or folder.centre is None]
    world = folder.worlds().get(draft.head.flow) if draft.head and draft.flow() else None
    if world is None or own:
        for problem in own or folder.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    return folder, world, draft


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--medium", type=MEDIUM, help="Only the tests on this medium.")
@CENTRE
@AS_JSON
def test_files(files: tuple[Path, ...], medium: Medium | None, centre_file: Path | None, *, as_json: bool) -> None:
    """Try the tests kept beside flows: a folder, a flow file or a file of tests; ivr_flows if left out.

    Exit code 0: every test came as written; 1: one did not, or a file has problems; 2: the call itself was wrong.
    """
    listed = _test_files(files or (Path("ivr_flows"),))
    if not listed:
        raise click.UsageError(f"no file of tests here: write one beside the flow, such as main{ENDING}")
    worlds = {path.parent: open_folder(path.parent, centre_file).worlds() for path in listed}
    problems: list[Problem] = []
    verdicts: list[Verdict] = []
    for path in listed:
        found = scripts_from(path, worlds[path.parent])
        problems += found.problems
        verdicts += [tried(each) for each in found.scripts if medium in {None, each.medium}]
    if as_json:
        click.echo(
            json.dumps(
                {"problems": [dataclasses.asdict(p) for p in problems], "tests": [_told(v) for v in verdicts]}, indent=2
            )
        )
    else:
        _show(problems, verdicts)
    sys.exit(1 if problems or any(verdict.failure for verdict in verdicts) else 0)


def _test_files(files: tuple[Path, ...]) -> list[Path]:
    """Return the files of tests that are meant."""
    found: dict[Path, None] = {}
    for path in files:
        if path.is_dir():
            found |= dict.fromkeys(sorted(path.glob(f"*{ENDING}")))
        elif path.name.endswith(ENDING):
            found[path] = None
        elif (beside := path.with_name(path.stem + ENDING)).is_file():
            found[beside] = None
        elif path.name != CENTRE_FILE:
            raise click.UsageError(f"{path} has no tests: {beside} is not there")
    return list(found)


def _show(problems: list[Problem], verdicts: list[Verdict]) -> None:
    """Print what came of it: each failing test with its conversation."""
    for problem in problems:
        click.echo(str(problem))
    for verdict in verdicts:
        if verdict.failure is None:
            continue
        script: Script = verdict.script
        click.echo(f"{script.file}:{verdict.failure.line}: {verdict.name}")
        for line in verdict.talk:
            click.echo(f"    {line}")
        click.echo(f"  expected: {verdict.failure.expected}")
        click.echo(f"      came: {verdict.failure.came}\n")
    failed = sum(verdict.failure is not None for verdict in verdicts)
    said = f"{len(verdicts)} test{'' if len(verdicts) == 1 else 's'}, {failed} failed"
    click.echo(said + (f", {len(problems)} problems in files" if problems else ""), err=True)


def _told(verdict: Verdict) -> dict[str, object]:
    """Return a verdict for other programs."""
    failure = dataclasses.asdict(verdict.failure) if verdict.failure else None
    return {
        "flow": verdict.script.world.flow.name,
        "name": verdict.script.test.name,
        "medium": verdict.script.medium,
        "file": verdict.script.file,
        "line": verdict.script.line,
        "passed": verdict.failure is None,
        "failure": failure,
        "talk": [dataclasses.asdict(line) for line in verdict.talk],
    }


@click.command("explore")
@click.argument("file", type=FILE)
@click.option("--medium", type=MEDIUM, help="Only this medium; each of the flow's if left out.")
@CENTRE
@AT
@AS_JSON
def explore_file(file: Path, medium: Medium | None, centre_file: Path | None, at: datetime, *, as_json: bool) -> None:
    """Walk every branch of a flow, through the openings of the year from --at on.

    Lists the ends with the shortest conversation to each, what was not reached, and what nobody can have meant. Exit
    code 0: nothing of that; 1: something; 2: the call itself was wrong.
    """
    _, world, draft = opened(file, centre_file)
    if medium is not None and medium not in world.flow.media:
        raise click.UsageError(f"{file} does not serve {medium}: it serves {', '.join(world.flow.media)}")
    seen = explore(world, samples_of(draft), at, [medium] if medium else None)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(seen), indent=2, default=str))
    else:
        _show_exploration(seen)
    sys.exit(1 if seen.findings or seen.unreached else 0)


def _show_exploration(seen: Exploration) -> None:
    """Print it, the worst last, where an admin looks first."""
    for ending in seen.endings:
        _show_ending(ending)
    for way in seen.untaken:
        click.echo(f"not taken: {way}")
    for step in seen.unreached:
        click.echo(f"not reached: {step}")
    for finding in seen.findings:
        _show_finding(finding)
    summary = f"{len(seen.endings)} ends, {seen.states} states; {len(seen.findings)} findings"
    click.echo(f"{seen.flow}: {summary}, {len(seen.unreached)} steps not reached", err=True)


def _show_ending(ending: Ending) -> None:
    """Print an end and the way to it."""
    where = f' at "{ending.step}"' if ending.step else ""
    hours = f", {ending.hours} (such as {ending.at:%Y-%m-%d %H:%M})" if ending.hours else ""
    click.echo(f"{ending.what}{where} on {ending.medium}{hours}")
    for line in ending.talk:
        click.echo(f"    {line}")
    click.echo()


def _show_finding(finding: Finding) -> None:
    """Print a finding and the way to it."""
    click.echo(f"{finding.code}: {finding.message}")
    for line in finding.talk:
        click.echo(f"    {line}")


@click.command("draw")
@click.argument("file", type=FILE)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; standard output if left out.",
)
@click.option("--mermaid", "as_mermaid", is_flag=True, help="Mermaid's text instead of an SVG picture.")
@CENTRE
def draw_file(file: Path, output: Path | None, centre_file: Path | None, *, as_mermaid: bool) -> None:
    """Draw a flow, its problems marked. A file that is only half right is drawn as far as it goes."""
    folder = open_folder(file.parent, centre_file)
    draft = folder.drafts.get(file)
    if draft is None or not draft.nodes:
        for problem in draft.problems if draft else ():
            click.echo(str(problem), err=True)
        raise click.UsageError(f"{file} holds no steps to draw")
    problems = [problem for problem in folder.problems if problem.file == draft.file]
    text = mermaid(draft) if as_mermaid else svg(draft, problems)
    _write(text, output)


@click.command("schema")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; standard output if left out.",
)
def write_schema(output: Path | None) -> None:
    """Write the JSON Schema of flow files, with which editors complete and explain while you write."""
    _write(schema_text(), output)


def _write(text: str, output: Path | None) -> None:
    """Write to a file or to standard output."""
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
