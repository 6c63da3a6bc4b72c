"""`trunkline settings`: every option with its value, where it came from and what it does."""

from typing import Any

import click

from trunkline.cli.options import settled, with_settings
from trunkline.settings import Settings, env_name, origins

_HIDDEN = "(hidden)"


@click.command("settings")
@with_settings
def command(**flags: Any) -> None:
    """Print every option: its value, where it came from, what it does."""
    settings = settled(flags)
    came_from = origins(flags)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        shown = _HIDDEN if value is not None and not field.repr else "" if value is None else str(value)
        click.echo(f"{name} = {shown}".rstrip() + f"   [{came_from[name]}]")
        click.echo(f"    {field.description}")
        click.echo(f"    {env_name(name)}")
