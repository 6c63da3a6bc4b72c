"""`trunkline routing`: why somebody was offered something, and what other rules would have brought."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import click

from trunkline.cli.database import opened_journal
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.routing_compared import Compared
from trunkline.cli.routing_journal import Story, past_of
from trunkline.core.errors import TrunklineFault
from trunkline.core.ids import InteractionId
from trunkline.flows.centre import load_centre
from trunkline.settings import Settings
from trunkline.store.journal import Journal

Found = TypeVar("Found")


@click.group("routing")
def command() -> None:
    """Who was offered what, and why; read from the journal, whether the service runs or not."""


@command.command("explain")
@click.argument("interaction")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_settings
def explain(interaction: str, *, as_json: bool, **flags: Any) -> None:
    """Tell for each offer of an interaction why it went there and not elsewhere; or why it still waits."""
    settings = settled(flags)
    try:
        id_ = InteractionId(str(uuid.UUID(interaction)))
    except ValueError:
        refuse(f"{interaction!r} is no interaction's id: those are UUIDs, as the log and the desk's address name them")
    now = datetime.now(UTC)
    story = asked(settings, lambda journal: Story.read(journal, id_, now=now))
    if story is None:
        refuse(f"the journal knows no interaction {id_}: is this its database, and is the id whole?")
    click.echo(json.dumps(story.as_json(), default=str, indent=2) if as_json else story.in_words(zone_of(settings)))


@command.command("replay")
@click.option("--from", "start", required=True, help="When the stretch begins: 2026-11-23T08:00, in the centre's zone.")
@click.option("--to", "until", required=True, help="When it ends.")
@click.option(
    "--with",
    "file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The changed centre file.",
)
@click.option("--within", default=20.0, show_default=True, help="Seconds in which a contact is served in time.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@with_settings
def replay(start: str, until: str, file: Path, *, within: float, as_json: bool, **flags: Any) -> None:
    """Play a stretch of the past again under a changed centre file, and tell what it would have been like."""
    settings = settled(flags)
    zone = zone_of(settings)
    stretch = _moment(start, zone), _moment(until, zone)
    if stretch[0] >= stretch[1]:
        refuse("the stretch ends before it begins: --to must be after --from")
    centre, problems = load_centre(file)
    if centre is None:
        refuse("\n".join(map(str, problems)))
    past = asked(settings, lambda journal: past_of(journal, *stretch))
    if past is None:
        refuse(f"nothing is in the journal between {stretch[0]:%Y-%m-%d %H:%M} and {stretch[1]:%Y-%m-%d %H:%M}")
    compared = Compared.of(past, centre, within_s=within)
    click.echo(json.dumps(compared.as_json(), indent=2) if as_json else compared.in_words())


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(f"{text!r} is no time: write it as 2026-11-23T08:00")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def asked(settings: Settings, question: Callable[[Journal], Awaitable[Found]]) -> Found:
    """Ask the journal of the configured database; ends the command where that cannot be."""
    try:
        return asyncio.run(_ask(settings, question))
    except TrunklineFault as fault:
        refuse(str(fault))


async def _ask(settings: Settings, question: Callable[[Journal], Awaitable[Found]]) -> Found:
    async with opened_journal(settings) as journal:
        return await question(journal)


def zone_of(settings: Settings) -> tzinfo:
    """Return the centre's time zone: that of its first calendar."""
    centre, _ = load_centre(settings.centre_file)
    return (centre.zone if centre is not None else None) or UTC
