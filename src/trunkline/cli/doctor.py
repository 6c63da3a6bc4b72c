"""`trunkline doctor`: looks the machine over and prints the cure for each finding."""

import asyncio
import dataclasses
import json
from typing import Any

import click

from trunkline.cli import findings
from trunkline.cli.findings import Finding
from trunkline.cli.options import settled, with_settings
from trunkline.cli.run import left_over
from trunkline.settings import Settings


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@with_settings
def command(as_json: bool, **flags: Any) -> None:
    """Look this machine over; exit code 0 when all is well, else 1."""
    found = asyncio.run(_look(settled(flags)))
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in found], indent=2))
    else:
        for finding in found:
            click.echo(f"{'✓' if finding.good else '✗'} {finding.subject}: {finding.text}")
            if not finding.good:
                click.echo(f"    cure: {finding.cure}")
    wrong = sum(not finding.good for finding in found)
    if not as_json:
        click.echo(f"{wrong} to cure." if wrong else "All is well.")
    raise SystemExit(1 if wrong else 0)


async def _look(settings: Settings) -> list[Finding]:
    return [
        *findings.on_versions(),
        *findings.on_ports(settings, left_over(settings)),
        *await findings.on_asterisk(settings),
        *await findings.on_database(settings),
        *await findings.on_clock(),
        *findings.on_disk(settings),
        *findings.on_files(settings),
        *findings.on_browser_application(),
    ]
