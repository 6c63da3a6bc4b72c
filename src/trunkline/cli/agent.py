"""`trunkline agent`: what an agent needs to work: a password for the desktop, an account for a SIP phone."""

import asyncio
import secrets as random
from typing import Any

import click

from trunkline import secrets
from trunkline.cli.database import opened
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.roster import agents_of
from trunkline.core.errors import TrunklineFault
from trunkline.core.ids import AgentId
from trunkline.core.sip_account import sip_password
from trunkline.settings import Settings

SHORTEST = 10


@click.group("agent")
def command() -> None:
    """Passwords and phones of agents; who they are stands in the centre (`trunkline config export`)."""


@command.command("phone")
@click.argument("name")
@with_settings
def phone(name: str, **flags: Any) -> None:
    """Print the account with which a desk or desktop SIP phone registers as this agent."""
    settings = settled(flags)
    _known(name, settings)
    click.echo(f"server    {settings.sip_host}:{settings.sip_port} (UDP or TCP)")
    click.echo(f"user      {name}")
    click.echo(f"password  {sip_password(secrets.agent_secret(settings), name)}")


@command.command("password")
@click.argument("name")
@click.option("--generate", is_flag=True, help="Make one up and print it, in place of asking for it.")
@with_settings
def password(name: str, *, generate: bool, **flags: Any) -> None:
    """Set the password with which an agent logs in; every desk that is open under the old one is closed."""
    settings = settled(flags)
    chosen = (
        random.token_urlsafe(12) if generate else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    if len(chosen) < SHORTEST:
        refuse(f"choose a password of at least {SHORTEST} characters")
    try:
        asyncio.run(_set(settings, AgentId(name), chosen))
    except TrunklineFault as fault:
        refuse(str(fault))
    click.echo(f"{name} logs in with {chosen}" if generate else f"{name} has a new password")


async def _set(settings: Settings, agent: AgentId, chosen: str) -> None:
    async with opened(settings) as store:
        await store.set_password(agent, chosen)


def _known(name: str, settings: Settings) -> None:
    names, problems = agents_of(settings)
    if problems:
        refuse("\n".join(map(str, problems)))
    if name not in names:
        refuse(f"no agent is called {name}; the centre has {', '.join(sorted(names))}")
