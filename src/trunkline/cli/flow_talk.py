"""`trunkline flow talk`: try a flow in the terminal, as a caller, a visitor or somebody who texts."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from trunkline.cli.flow_tools import AT, CENTRE, FILE, MEDIUM, opened
from trunkline.core.errors import Rejected
from trunkline.flows.conversation import CannotGoOn, Conversation
from trunkline.flows.reactions import Reaction
from trunkline.flows.render import Shown, understood
from trunkline.flows.scripts import long_while
from trunkline.flows.sms_length import too_long
from trunkline.flows.talk import Ask, End, Menu, Rate, TakeVoicemail

HELP = (
    "An empty line says nothing. /wait 5m lets time pass, /quit hangs up; where the world decides, the number of what"
    " comes of it."
)


@click.command("talk")
@click.argument("file", type=FILE)
@click.option("--medium", type=MEDIUM, help="Where the talk is; the flow's first if left out.")
@click.option("--caller", default="+447700900123", help="The caller's number; empty: withheld.")
@click.option("--customer", default="{}", help='What is known of the customer, as JSON: {"tier": "gold"}.')
@CENTRE
@AT
def talk(  # noqa: PLR0917 - click gives them by name
    file: Path, medium: str | None, caller: str, customer: str, centre_file: Path | None, at: datetime
) -> None:
    """Try a flow in the terminal. Lines can be piped in; the end of input hangs up.

    Exit code 0: the flow came to an end or the caller hung up; 1: the flow has problems; 2: the call itself was wrong.
    """
    _, world, _ = opened(file, centre_file)
    medium = medium or world.flow.media[0]
    if medium not in world.flow.media:
        raise click.UsageError(f"{file} does not serve {medium}: it serves {', '.join(world.flow.media)}")
    known = _record(customer)
    conversation = Conversation(world, world.facts(medium, caller or None, known), at)
    click.echo(f"{world.flow.title} on {medium}, {at:%Y-%m-%d %H:%M %Z}. {HELP}")
    try:
        _hold(conversation)
    except CannotGoOn as fault:
        click.echo(f"trunkline: the flow cannot go on: {fault}", err=True)
        raise SystemExit(1) from fault


def _record(text: str) -> Mapping[str, Any]:
    """Read --customer."""
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise click.BadParameter('write keys and values as JSON, such as {"tier": "gold"}', param_hint="--customer")
    return record


def _hold(conversation: Conversation) -> None:
    """Show what is said, read a line, answer, until the end."""
    conversation.begin()
    shown = told = 0
    while True:
        for line in conversation.lines[shown:]:
            if line.who != "caller":
                click.echo(str(line))
        shown = len(conversation.lines)
        if conversation.facts.medium == "sms":
            _warn_of_long(conversation.shown[told:])
            told = len(conversation.shown)
        if isinstance(conversation.action, End):
            return
        choices = _decided_by_world(conversation)
        for number, reaction in enumerate(choices, start=1):
            click.echo(f"        {number}  {reaction.says}")
        text = _line()
        if text is None or text.strip() == "/quit":
            click.echo("        you hung up")
            return
        _answer(conversation, text, choices)


def _warn_of_long(messages: Sequence[Shown]) -> None:
    """Tell which messages are sent in more pieces than anybody should pay for."""
    for message in messages:
        if found := too_long(message.text):
            click.echo(f"        sms-long: sent in {found.count} pieces, each of which is charged")


def _line() -> str | None:
    """Read a line, None at the end of input."""
    try:
        text: str = click.prompt("", prompt_suffix="> ", default="", show_default=False)
    except click.Abort:
        click.echo()
        return None
    return text


def _decided_by_world(conversation: Conversation) -> list[Reaction]:
    """Return what may come of an action that is no question to the caller."""
    if isinstance(conversation.action, Menu | Ask | Rate | TakeVoicemail):
        return []
    return conversation.reactions


def _answer(conversation: Conversation, text: str, choices: list[Reaction]) -> None:
    """Do what a line says; tell what it could be when it says nothing that fits."""
    if text.startswith("/wait"):
        if (length := _length(text.removeprefix("/wait").strip())) is None:
            click.echo("        write /wait 20s, /wait 5m or /wait 3d")
        else:
            conversation.wait(length)
        return
    if choices:
        chosen = int(text) if text.strip().isdigit() else 0
        if 1 <= chosen <= len(choices):
            conversation.now += choices[chosen - 1].takes
            conversation.answer(choices[chosen - 1].answer, choices[chosen - 1].says)
        else:
            click.echo(f"        write a number from 1 to {len(choices)}, or /quit")
        return
    answer = understood(conversation.action, text, conversation.facts.medium)
    if answer is None:
        click.echo("        an agent would take it from here; /quit ends")
        return
    try:
        conversation.answer(answer, text)
    except Rejected as refusal:
        click.echo(f"        {refusal}")


def _length(text: str) -> timedelta | None:
    """Read a length of time."""
    try:
        return long_while(text)
    except ValueError:
        return None
