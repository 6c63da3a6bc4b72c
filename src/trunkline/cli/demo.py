"""`trunkline demo`: simulated callers and headless agents, so that the screens live."""

import asyncio
import importlib.util
import sys
import time

import click

from trunkline import secrets
from trunkline.cli.options import refuse
from trunkline.cli.signals import until_asked
from trunkline.cli.whereabouts import settled_nearby
from trunkline.core.sip_account import sip_password
from trunkline.settings import Settings
from trunkline.simulate.crowd import USUAL_KEYS
from trunkline.simulate.demo import Demo, Plan
from trunkline.simulate.headless_agent import Order


@click.command("demo")
@click.option("--number", default="100", show_default=True, help="The number the callers dial.")
@click.option("--rate", default=4.0, show_default=True, help="Callers a minute, on average.")
@click.option("--seed", default=1, show_default=True, help="The same seed brings the same crowd.")
@click.option("--agents", default="ben,carla", show_default=True, help="Headless agents, by log-in; empty for none.")
@click.option("--talks-for", default=20.0, show_default=True, help="Seconds an agent talks, on average.")
@click.option("--most", default=30, show_default=True, help="Callers on the line at once, at most.")
@click.option(
    "--press",
    default=" ".join(USUAL_KEYS),
    show_default=True,
    help="What callers press; a comma awaits the next prompt.",
)
@click.option("--data-dir", help="Data directory of the centre, for its settings and the demo agents' password.")
def command(
    *, number: str, rate: float, seed: int, agents: str, talks_for: float, most: int, press: str, data_dir: str | None
) -> None:
    """Bring simulated callers and headless agents to the running centre; Ctrl-C ends it.

    The agents are the demo's (TRUNKLINE_DEMO); `ana` is left for your own browser.
    """
    if rate <= 0:
        refuse("--rate must be above 0")
    settings = settled_nearby({"data_dir": data_dir})
    names = [name.strip() for name in agents.split(",") if name.strip()]
    if names and importlib.util.find_spec("pyVoIP") is None:
        refuse("headless agents need pyVoIP: pip install 'trunkline[softphone]', or give --agents ''")
    orders = [_order(settings, name, seed + place, talks_for) for place, name in enumerate(names)]
    plan = Plan((settings.sip_host, settings.sip_port), number, rate, seed, most, press.split() or [""])
    click.echo(f"about {rate:g} callers a minute to {number}; agents: {', '.join(names) or 'none'}; Ctrl-C ends it")
    try:
        asyncio.run(until_asked(_run(Demo(plan, orders))))
    except asyncio.CancelledError:
        click.echo("\nthe demonstration is over")


def _order(settings: Settings, name: str, seed: int, talks_for: float) -> Order:
    return Order(
        url=settings.url,
        login=name,
        password=secrets.demo_password(settings),
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        sip_password=sip_password(secrets.agent_secret(settings), name),
        certificate=str(settings.tls_cert) if settings.tls_cert and not settings.public_url else None,
        seed=seed,
        talks_for=talks_for,
    )


async def _run(demo: Demo) -> None:
    """Run it and show its live line."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(demo.run())
        tasks.create_task(_show(demo))


async def _show(demo: Demo) -> None:
    """Show the live line: rewritten in place on a terminal, else printed when it is another."""
    said = ""
    while True:
        line = f"{time.strftime('%H:%M:%S')}  {demo.line()}"
        if demo.last_refusal and "refused" in line:
            line += f" · last refusal: {demo.last_refusal}"
        if sys.stdout.isatty():
            click.echo(f"\r\x1b[2K{line}", nl=False)
        elif line[10:] != said:
            click.echo(line)
        said = line[10:]
        await asyncio.sleep(1.0)
