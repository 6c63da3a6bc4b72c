"""`trunkline flow`: look at flow files without a telephone, a database or a network."""

import dataclasses
import json
import sys
from pathlib import Path

import click

from trunkline.cli.flow_status import status
from trunkline.cli.flow_talk import talk
from trunkline.cli.flow_tools import draw_file, explore_file, test_files, write_schema
from trunkline.core.centre import Centre
from trunkline.flows.centre import load_centre
from trunkline.flows.check import check
from trunkline.flows.problem import Problem

CENTRE_FILE = "centre.yaml"


@click.group()
def flow() -> None:
    """Check, test, explore and draw the files that tell the centre what to do with those who call."""


@flow.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--centre",
    "centre_file",
    type=click.Path(path_type=Path),
    help="The centre file with queues and hours; centre.yaml beside the first flow when left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of problems for other programs.")
def check_files(files: tuple[Path, ...], centre_file: Path | None, *, as_json: bool) -> None:
    """Find every problem in flow files (and the centre file) at once.

    A folder stands for the flow files in it. Exit code 0: no problem; 1: problems; 2: the call itself was wrong.
    """
    flows, named = _flow_files(files)
    for missing in (path for path in (*flows, *([centre_file] if centre_file else ())) if not path.is_file()):
        raise click.UsageError(f"there is no file {missing}")
    centre_file = centre_file or named or _beside(flows)
    problems: list[Problem] = []
    centre: Centre | None = None
    if centre_file is not None:
        centre, problems = load_centre(centre_file)
    problems = sorted({*problems, *check(flows, centre)})
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            click.echo(str(problem))
        checked = f"{len(flows)} flow{'' if len(flows) == 1 else 's'}"
        found = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "no problems"
        click.echo(f"{checked} checked, {found}", err=True)
    sys.exit(1 if problems else 0)


def _flow_files(files: tuple[Path, ...]) -> tuple[list[Path], Path | None]:
    """Return the flow files, folders opened, and the centre file if it is among them."""
    listed = [each for path in files for each in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    return list(dict.fromkeys(filter(_is_flow, listed))), next(
        (path for path in listed if path.name == CENTRE_FILE), None
    )


def flow_files(folder: Path) -> list[Path]:
    """Return the flow files of a folder."""
    return [path for path in sorted(folder.glob("*.yaml")) if _is_flow(path)]


def _is_flow(path: Path) -> bool:
    return path.name != CENTRE_FILE and not path.name.endswith(".test.yaml")


def _beside(flows: list[Path]) -> Path | None:
    """Return the centre file beside the first flow, if there is one."""
    beside = flows[0].parent / CENTRE_FILE if flows else None
    return beside if beside is not None and beside.is_file() else None


for each in (test_files, explore_file, draw_file, talk, write_schema, status):
    flow.add_command(each)
command = flow
"""What `trunkline` looks for in each of its modules."""
