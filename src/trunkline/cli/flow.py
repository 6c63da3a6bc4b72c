"""`trunkline flow`: look at flow files without a telephone, a database or a network."""

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import click

from trunkline.core.centre import Centre
from trunkline.flows.centre import load_centre
from trunkline.flows.check import check_drafts
from trunkline.flows.follow_ups import check_follow_ups
from trunkline.flows.loader import draft_from
from trunkline.flows.problem import Problem
from trunkline.garbage import leave_garbage_lie

CENTRE_FILE = "centre.yaml"


# Each is imported when it is asked for only: `check` is to be there before an admin looks up.
_ELSEWHERE = {
    "test": ("flow_tools", "test_files"),
    "explore": ("flow_tools", "explore_file"),
    "draw": ("flow_tools", "draw_file"),
    "talk": ("flow_talk", "talk"),
    "schema": ("flow_tools", "write_schema"),
    "status": ("flow_status", "status"),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, name = _ELSEWHERE[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"trunkline.cli.{module}"), name)
        return command


@click.group(cls=_Commands)
def flow() -> None:
    """Check, test, explore and draw the files that tell the centre what to do with those who call."""
    leave_garbage_lie()


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
    drafts = [draft_from(path) for path in flows]
    if centre_file is not None:
        problems += check_follow_ups(centre, drafts, centre_file)
    problems = sorted({*problems, *check_drafts(drafts, centre)})
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


command = flow
"""What `trunkline` looks for in each of its modules."""
