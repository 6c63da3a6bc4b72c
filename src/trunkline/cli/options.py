"""Every setting as a flag, and one plain line for each that is wrong."""

from collections.abc import Callable
from typing import Any, Never, TypeVar

import click

from trunkline.core.errors import Misconfigured
from trunkline.settings import Settings, env_name, load, unknown_environment

Function = TypeVar("Function", bound=Callable[..., Any])


def with_settings(function: Function) -> Function:
    """Give a command a flag for every option; it receives them by name, None where not given. See `settled`."""
    for name, field in reversed(Settings.model_fields.items()):
        flag = f"--{name.replace('_', '-')}"
        boolean = field.annotation is bool
        decorate = click.option(
            f"{flag}/--no-{name.replace('_', '-')}" if boolean else flag,
            name,
            default=None,
            metavar=None if boolean else "VALUE",
            help=f"{field.description} [{env_name(name)}]",
        )
        function = decorate(function)
    return function


def settled(flags: dict[str, Any]) -> Settings:
    """The settings in force; ends the command with exit code 2 and one line for each mistake."""
    for line in unknown_environment():
        click.echo(f"trunkline: note: {line}", err=True)
    try:
        return load(flags)
    except Misconfigured as fault:
        refuse(str(fault))


def as_environment(flags: dict[str, Any]) -> dict[str, str]:
    """The flags that were given, as environment variables for a child of ours."""
    return {env_name(name): str(value) for name, value in flags.items() if value is not None}


def refuse(reason: str) -> Never:
    """End the command with exit code 2, the reason on standard error."""
    for line in reason.splitlines():
        click.echo(f"trunkline: {line}", err=True)
    raise SystemExit(2)
