"""`trunkline config`: the centre as code. What would change, making it so, and who changed what."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Never, TypeVar

import click

from trunkline.cli.config_words import plan_lines, version_lines
from trunkline.cli.database import opened
from trunkline.cli.flow import flow_files
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.whoami import user
from trunkline.core.centre_version import CentreVersion, ChangedMeanwhile, Signed, Source
from trunkline.core.errors import TrunklineFault
from trunkline.flows.document import bytes_of, document_of
from trunkline.flows.loader import draft_from
from trunkline.flows.plan import Change, Plan, changes_between, changes_of_texts, consequences
from trunkline.flows.plan_view import plan_json, version_json
from trunkline.flows.problem import Problem
from trunkline.settings import Settings
from trunkline.store.postgres import PostgresStore

T = TypeVar("T")

NOTHING, REFUSED, CHANGES = 0, 1, 3
_MANY = 20
_FILE = click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print it for other programs.")
_MESSAGE = click.option("--message", "-m", default="", help="Why: it stands in the history.")
_BASE = click.option(
    "--base",
    type=click.IntRange(min=0),
    help="The version that was planned against: refused when another is in force.",
)


@click.group("config")
def command() -> None:
    """The centre as code: see what a file would change, apply it, export it, and who changed what.

    Exit code 0: done, or nothing changes; 1: refused, nothing was changed; 2: the call itself was wrong, or the
    database does not answer; 3 (of `plan`): the file changes something.
    """


@command.command("plan")
@_FILE
@_AS_JSON
@with_settings
def plan(file: Path | None, *, as_json: bool, **flags: Any) -> None:
    """Print what applying FILE would change against what is in force; without FILE, the centre file of the settings.

    Exit code 0: nothing changes; 1: FILE has mistakes; 3: it changes something.
    """
    settings = settled(flags)
    file = file or settings.centre_file
    made = _with(settings, lambda store: _planned(store, settings, bytes_of(file), str(file)))
    click.echo(json.dumps(plan_json(made), indent=2) if as_json else "\n".join(plan_lines(made, str(file))))
    raise SystemExit(REFUSED if made.problems else CHANGES if made.changes else NOTHING)


@command.command("apply")
@_FILE
@_MESSAGE
@_BASE
@with_settings
def apply(file: Path | None, message: str, base: int | None, **flags: Any) -> None:
    """Put FILE in force; a service that runs follows within a second.

    Refused with every mistake at once, and when somebody else applied another version since.
    """
    settings = settled(flags)
    file = file or settings.centre_file
    data = bytes_of(file)
    own = file.resolve() == settings.centre_file.resolve()
    _with(settings, lambda store: _apply(store, settings, data, str(file), message=message, base=base, own=own))


@command.command("export")
@click.option("--at", "number", type=click.IntRange(min=1), metavar="VERSION", help="An older version.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file; else it is printed.")
@with_settings
def export(number: int | None, output: Path | None, **flags: Any) -> None:
    """Write what is in force, as YAML, with the comments that it was applied with."""
    settings = settled(flags)
    text = _with(settings, lambda store: _version(store, number)).text
    if output is None:
        click.echo(text.encode(), nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")


@command.command("history")
@click.option("--limit", type=click.IntRange(min=1), default=_MANY, show_default=True, help="How many at most.")
@_AS_JSON
@with_settings
def history(limit: int, *, as_json: bool, **flags: Any) -> None:
    """Print who changed what, when and why, the newest first."""
    settings = settled(flags)
    # One more, to tell what the oldest of them changed.
    found = list(_with(settings, lambda store: store.centre_history(below=None, at_most=limit + 1)))
    pairs = [(each, before) for each, before in zip(found, [*found[1:], None], strict=True)][:limit]
    changed = [(each, _changes(before, each)) for each, before in pairs]
    if as_json:
        click.echo(json.dumps([version_json(each, changes) for each, changes in changed], indent=2))
        return
    for each, changes in changed:
        click.echo("\n".join(version_lines(each, changes)))


@command.command("back")
@click.argument("number", metavar="VERSION", type=click.IntRange(min=1))
@_MESSAGE
@_BASE
@with_settings
def back(number: int, message: str, base: int | None, **flags: Any) -> None:
    """Put an older version in force again, as a new one."""
    settings = settled(flags)

    async def go(store: PostgresStore) -> None:
        text = (await _version(store, number)).text
        why = message or f"back to version {number}"
        await _apply(store, settings, text.encode(), f"version {number}", message=why, base=base, own=False)

    _with(settings, go)


async def _planned(store: PostgresStore, settings: Settings, data: bytes | Problem, name: str) -> Plan:
    """Return what a file would change."""
    in_force = await store.centre_in_force()
    base = in_force.number if in_force is not None else 0
    if isinstance(data, Problem):
        return Plan(base, "", problems=(data,))
    document, problems = document_of(data, name)
    if document is None:
        return Plan(base, "", problems=tuple(problems))
    text = data.decode("utf-8-sig")
    old = document_of(in_force.text.encode(), "")[0] if in_force is not None else None
    if old is None:
        # The first one, or after one that is no centre by today's rules.
        changes = changes_of_texts(in_force.text if in_force is not None else "", text)
        return Plan(base, text, changes, rewritten=True)
    situation = await store.load()
    warnings = consequences(
        old.centre, document.centre, interactions=situation.interactions, agents=situation.agents,
        drafts=[draft_from(path) for path in flow_files(settings.flows_dir)],
    )  # fmt: skip
    rewritten = in_force is None or in_force.text != text
    return Plan(base, text, changes_between(old.values, document.values, document.given), warnings, (), rewritten)


async def _apply(
    store: PostgresStore,
    settings: Settings,
    data: bytes | Problem,
    name: str,
    *,
    message: str,
    base: int | None,
    own: bool,
) -> None:
    """Apply a text and tell of it; ends the command with exit code 1 when it is refused."""
    made = await _planned(store, settings, data, name)
    if made.problems:
        _refused("\n".join(map(str, made.problems)))
    if base is not None and base != made.base:
        _refused(str(ChangedMeanwhile(base, await store.centre_in_force())))
    if not made.rewritten:
        click.echo(f"nothing to do: version {made.base} says the same")
        return
    signed = Signed(user(), Source.CLI, message)
    seen = hashlib.sha256(data).hexdigest() if own and isinstance(data, bytes) else None
    try:
        version = await store.put_centre(made.text, signed, base=made.base, at=datetime.now(UTC), from_file=seen)
    except ChangedMeanwhile as meanwhile:
        _refused(str(meanwhile))
    for line in (*map(str, made.changes), *(f"! {each}" for each in made.warnings)):
        click.echo(line)
    click.echo(f"version {version.number} is in force; a service that runs takes it over within a second")


async def _version(store: PostgresStore, number: int | None) -> CentreVersion:
    found = await (store.centre_in_force() if number is None else store.centre_version(number))
    if found is None and number is None:
        refuse("nothing was applied yet: start Trunkline once (trunkline run)")
    if found is None:
        refuse(f"there is no version {number}: see `trunkline config history`")
    return found


def _changes(before: CentreVersion | None, version: CentreVersion) -> tuple[Change, ...]:
    """Return what a version changed; of the first, nothing."""
    if before is None:
        return ()
    return changes_of_texts(before.text, version.text)


def _refused(reason: str) -> Never:
    """End the command with exit code 1."""
    click.echo("\n".join(f"trunkline: {line}" for line in reason.splitlines()), err=True)
    raise SystemExit(REFUSED)


def _with(settings: Settings, work: Callable[[PostgresStore], Awaitable[T]]) -> T:
    """Do something with the store; ends the command with exit code 2 where the database is not there."""

    async def do() -> T:
        async with opened(settings) as store:
            return await work(store)

    try:
        return asyncio.run(do())
    except TrunklineFault as fault:
        refuse(str(fault))
