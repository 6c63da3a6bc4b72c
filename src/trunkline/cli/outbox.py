"""`trunkline outbox`: messages that wait for their provider, and those that did not come there."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import click

from trunkline.cli.database import opened
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.core.errors import TrunklineFault
from trunkline.core.ids import MessageId
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.settings import Settings

_SHOWN = 50


@click.group("outbox")
def command() -> None:
    """Messages that wait for their provider, and those that did not come there."""


@command.command("list")
@click.option("--channel", help="Only this channel's.")
@click.option("--most", type=click.IntRange(1, 10_000), default=_SHOWN, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_(channel: str | None, most: int, *, as_json: bool, **flags: Any) -> None:
    """Say how many wait and have failed, and the latest that failed, with why. Their words are not shown."""
    settings = settled(flags)
    try:
        counted, failed = asyncio.run(_look(settings, channel, most))
    except TrunklineFault as fault:
        refuse(str(fault))
    if as_json:
        letters = [
            {"id": each.id, "channel": each.channel, "at": each.at.isoformat(), "tries": each.tries, "why": each.why}
            for each in failed
        ]
        click.echo(json.dumps({"channels": counted, "failed": letters}, indent=2))
        return
    for name, figures in sorted(counted.items()):
        click.echo(f"{name}: {figures.get(Delivery.WAITING, 0)} wait, {figures.get(Delivery.FAILED, 0)} failed")
    if not counted:
        click.echo("nothing waits, and nothing has failed")
    for each in failed:
        click.echo(f"  {each.id}  {each.at:%Y-%m-%d %H:%M}  {each.channel}  {each.why}")


@command.command("replay")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--channel", help="All that failed of this channel.")
@with_settings
def replay(ids: Sequence[UUID], channel: str | None, **flags: Any) -> None:
    """Send again what failed: these messages, or all of a channel. A service that runs takes them up within seconds."""
    if bool(ids) == (channel is not None):
        refuse("name messages (trunkline outbox list shows them), or --channel for all of one")
    chosen = [MessageId(str(each)) for each in ids] or None
    try:
        many = asyncio.run(_put_back(settled(flags), chosen, channel))
    except TrunklineFault as fault:
        refuse(str(fault))
    click.echo(f"{many} message{'' if many == 1 else 's'} put back into the outbox")
    if many == 0:
        refuse("none of these has failed")


async def _look(
    settings: Settings, channel: str | None, most: int
) -> tuple[dict[str, dict[Delivery, int]], Sequence[Outgoing]]:
    async with opened(settings) as store:
        counted = {name: dict(figures) for name, figures in (await store.counted()).items()}
        return counted, await store.failed(channel=channel, at_most=most)


async def _put_back(settings: Settings, ids: Sequence[MessageId] | None, channel: str | None) -> int:
    async with opened(settings) as store:
        return await store.put_failed_back(ids, channel=channel)
