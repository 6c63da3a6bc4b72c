"""`trunkline report`: figures of what was, computed from the journal."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from trunkline.cli.options import refuse, settled, with_settings
from trunkline.core.errors import TrunklineFault
from trunkline.core.ids import QueueId
from trunkline.core.waiting import WaitTold, error_of, quantile
from trunkline.settings import Settings
from trunkline.store.database import Database
from trunkline.store.embedded import dsn
from trunkline.store.postgres import PostgresStore

_AT_MOST = 200_000
_KINDS = (("by_queue_s", "place, handling time and agents"), ("by_last_s", "wait of the last who was served"))


@click.group("report")
def command() -> None:
    """Figures of what was, computed from the journal."""


@command.command("waits")
@click.option("--from", "since", type=click.DateTime(), help="From then on, UTC; a week ago if left out.")
@click.option("--to", "until", type=click.DateTime(), help="Until then, UTC; now if left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def waits(since: datetime | None, until: datetime | None, *, as_json: bool, **flags: Any) -> None:
    """Say how far the expected waits were off: the median and the p90 of the error, by queue and kind of guess."""
    end = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    begin = since.replace(tzinfo=UTC) if since else end - timedelta(days=7)
    found = errors_by_queue(_told(settled(flags), begin, end))
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo("nobody was served in that time")
    for each in found:
        click.echo(f"{each['queue']}: {each['served']} served, waited {each['median_wait_s']:.0f} s (median)")
        for key, title in _KINDS:
            off = each[key]
            told = f"off by {off['median_s']:.0f} s (median), {off['p90_s']:.0f} s (p90)" if off else "too few guesses"
            click.echo(f"  expected from {title}: {told}")


def errors_by_queue(told: Sequence[WaitTold]) -> list[dict[str, Any]]:
    """Return, for each queue, how many were served and how far each kind of guess was off, in seconds."""
    by_queue: dict[QueueId, list[WaitTold]] = defaultdict(list)
    for each in told:
        by_queue[each.queue].append(each)
    return [
        {
            "queue": queue,
            "served": len(served),
            "median_wait_s": quantile(sorted(each.waited.total_seconds() for each in served), 0.5),
            "by_queue_s": _errors([(each.by_queue_s, each.waited.total_seconds()) for each in served]),
            "by_last_s": _errors([(each.by_last_s, each.waited.total_seconds()) for each in served]),
        }
        for queue, served in sorted(by_queue.items())
    ]


def _errors(tests: Sequence[tuple[float | None, float]]) -> dict[str, float] | None:
    known = [(guess, actual) for guess, actual in tests if guess is not None]
    if not known:
        return None
    off = sorted(abs(guess - actual) for guess, actual in known)
    return {"guesses": len(known), "median_s": round(error_of(known), 1), "p90_s": round(quantile(off, 0.9), 1)}


def _told(settings: Settings, since: datetime, until: datetime) -> Sequence[WaitTold]:
    try:
        return asyncio.run(_waits(settings, since, until))
    except TrunklineFault as fault:
        refuse(str(fault))


async def _waits(settings: Settings, since: datetime, until: datetime) -> Sequence[WaitTold]:
    async with Database(dsn(settings), deadline=timedelta(seconds=30)) as database:
        return await PostgresStore(database).waits(since=since, until=until, at_most=_AT_MOST)
