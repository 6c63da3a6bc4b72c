"""`trunkline contact`: what somebody wants from us, as they tell it by phone or letter."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click

from trunkline.cli.database import opened
from trunkline.cli.options import refuse, settled, with_settings
from trunkline.cli.whoami import user
from trunkline.core.consent import Consent, Wish
from trunkline.core.contact import Contacted, FollowedUp
from trunkline.core.errors import Rejected, TrunklineFault
from trunkline.core.mail_address import is_mail_address
from trunkline.core.phone import e164
from trunkline.flows.centre import centre_of
from trunkline.flows.fields import name as checked_name
from trunkline.settings import Settings
from trunkline.store.postgres import PostgresStore

_SHOWN = 20
_NOWHERE = "ZZ"
"""The region of those who have no centre yet: only numbers with a + are numbers there."""
_ADDRESS = click.argument("address")
_PURPOSE = click.argument("purpose")
_MEDIUM = click.option(
    "--medium",
    type=click.Choice(["sms", "email", "chat"]),
    help="What it is about; if left out, email for a mail address, else sms.",
)


@click.group("contact")
def command() -> None:
    """What somebody wants from us: do-not-contact, and what they agreed to.

    ADDRESS is a telephone number or a mail address. A service that runs takes over what is written down here within
    seconds, one that does not at its start; the journal says who wrote it down.
    """


@command.command("show")
@_ADDRESS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def show(address: str, *, as_json: bool, **flags: Any) -> None:
    """Print what an address has agreed to, whether it is written to at all, and its latest follow-ups."""
    settings = settled(flags)
    try:
        address, known = asyncio.run(_look(settings, address))
    except TrunklineFault as fault:
        refuse(str(fault))
    if as_json:
        click.echo(json.dumps(_told(known), indent=2))
        return
    lines = _lines(known)
    click.echo("\n".join(lines) if lines else f"nothing is known of {address}")


@command.command("stop")
@_ADDRESS
@_MEDIUM
@with_settings
def stop(address: str, medium: str | None, **flags: Any) -> None:
    """Write to an address no more on that medium, whatever it agreed to."""
    _write_down(settled(flags), address, medium, wanted=False)


@command.command("allow")
@_ADDRESS
@_MEDIUM
@with_settings
def allow(address: str, medium: str | None, **flags: Any) -> None:
    """End a stop: an address is written to again, for what it agreed to and what it asks."""
    _write_down(settled(flags), address, medium, wanted=True)


@command.command("consent")
@_ADDRESS
@_PURPOSE
@_MEDIUM
@with_settings
def consent(address: str, purpose: str, medium: str | None, **flags: Any) -> None:
    """Record that an address agrees to messages for PURPOSE, as the centre file and flows name it."""
    _write_down(settled(flags), address, medium, wanted=True, purpose=purpose)


@command.command("withdraw")
@_ADDRESS
@_PURPOSE
@_MEDIUM
@with_settings
def withdraw(address: str, purpose: str, medium: str | None, **flags: Any) -> None:
    """Record that an address does not agree to messages for PURPOSE any more."""
    _write_down(settled(flags), address, medium, wanted=False, purpose=purpose)


def _write_down(
    settings: Settings, address: str, medium: str | None, *, wanted: bool, purpose: str | None = None
) -> None:
    if purpose is not None:
        try:
            checked_name(purpose)
        except ValueError as fault:
            refuse(str(fault))
    try:
        wish = asyncio.run(_put(settings, address, medium, wanted=wanted, purpose=purpose))
    except TrunklineFault as fault:
        refuse(str(fault))
    click.echo(f"written down: {_wish_words(wish)}; a service that runs takes it over within seconds")


async def _look(settings: Settings, address: str) -> tuple[str, Contacted]:
    async with opened(settings) as store:
        with suppress(Rejected):  # else it is that of a chat
            _, address = await _address(store, address, None)
        return address, await store.contacted(address, at_most=_SHOWN)


async def _put(settings: Settings, address: str, medium: str | None, *, wanted: bool, purpose: str | None) -> Wish:
    by, at = user(), datetime.now(UTC)
    async with opened(settings) as store:
        medium, address = await _address(store, address, medium)
        await store.put_wish(medium, address, wanted=wanted, purpose=purpose, by=by, at=at)
    return Wish(0, at, by, medium, address, wanted=wanted, purpose=purpose)


async def _address(store: PostgresStore, text: str, medium: str | None) -> tuple[str, str]:
    """Return the medium and the address as they are kept; raises Rejected."""
    text = text.strip()
    medium = medium or ("email" if "@" in text else "sms")
    if medium == "chat":
        return medium, text
    if medium == "email":
        if not is_mail_address(text):
            raise Rejected(f'"{text}" is no mail address')
        return medium, text.lower()
    in_force = await store.centre_in_force()
    centre = centre_of(in_force.text.encode(), "")[0] if in_force is not None else None
    number = e164(text, centre.region if centre is not None else _NOWHERE)
    if number is None:
        raise Rejected(f'"{text}" is no telephone number: write it with + and the country')
    return medium, number


def _lines(known: Contacted) -> list[str]:
    return [
        *(f"{each.medium}: not written to since {each.at:%Y-%m-%d %H:%M}" for each in known.opt_outs),
        *map(_consent_words, known.consents),
        *map(_follow_up_words, known.follow_ups),
        *(f"waits for a service: {_wish_words(each)}, written down by {each.by}" for each in known.waiting),
    ]


def _consent_words(consent: Consent) -> str:
    said = "agreed to" if consent.given else "does not agree to"
    return f"{consent.medium}: {said} {consent.purpose} on {consent.at:%Y-%m-%d %H:%M} ({consent.how})"


def _follow_up_words(done: FollowedUp) -> str:
    word = "due" if done.stands == "scheduled" else done.stands.replace("_", " ")
    return f"{done.medium}: {done.flow} {word} {done.at:%Y-%m-%d %H:%M}"


def _wish_words(wish: Wish) -> str:
    if wish.purpose is None:
        return f"{wish.address} is {'' if wish.wanted else 'not '}written to on {wish.medium}"
    return f"{wish.address} {'agrees' if wish.wanted else 'does not agree'} to {wish.purpose} on {wish.medium}"


def _told(known: Contacted) -> dict[str, list[dict[str, Any]]]:
    return {
        "stopped": [{"medium": each.medium, "since": each.at.isoformat()} for each in known.opt_outs],
        "consents": [
            {
                "medium": each.medium, "purpose": each.purpose, "given": each.given, "at": each.at.isoformat(),
                "how": each.how,
            }
            for each in known.consents
        ],
        "follow_ups": [
            {"flow": each.flow, "medium": each.medium, "stands": each.stands, "at": each.at.isoformat()}
            for each in known.follow_ups
        ],
        "waiting": [
            {"medium": each.medium, "purpose": each.purpose, "wanted": each.wanted, "by": each.by}
            for each in known.waiting
        ],
    }  # fmt: skip
