"""What is printed once everything is ready: where to look, how to log in, what to dial, what to try."""

import shutil
import sys
from pathlib import Path

from trunkline import secrets
from trunkline.channels.file import channels_in
from trunkline.cli.progress import Progress
from trunkline.cli.roster import agents_of
from trunkline.core.sip_account import sip_password
from trunkline.settings import Settings

NUMBER = "100"


def show(settings: Settings, progress: Progress, *, took_s: float) -> None:
    """Tell the admin what there is; passwords are printed for the demo only, and never kept in the log."""
    progress.tell(f"Ready in {took_s:.1f} s.")
    progress.say()
    for label, text in _facts(settings):
        progress.say(f"  {label:<12} {text}")
    progress.say()
    progress.say("Ctrl-C stops all of it.")


def _facts(settings: Settings) -> list[tuple[str, str]]:
    sip = f"{settings.sip_host}:{settings.sip_port}"
    facts = [("Desktop", settings.url)]
    channels, _ = channels_in(settings.channels_file)
    facts += [("Chat", f"{settings.url}/chat/{name}") for name, each in channels.items() if each.kind == "webchat"]
    facts += [
        ("Texts", f"{each.sender}; the provider posts to {settings.url}/sms/{name}")
        for name, each in channels.items()
        if each.kind == "twilio"
    ]
    facts += [("Texts", f"{each.sender}, by {each.host}") for each in channels.values() if each.kind == "smpp"]
    facts += [
        ("Mails", f"{each.address}, read at {each.imap.host}") for each in channels.values() if each.kind == "email"
    ]
    agents, _ = agents_of(settings)
    if settings.demo and agents:
        first, secret = agents[0], secrets.agent_secret(settings)
        facts += [
            ("Log in as", f"{', '.join(agents)}   password {secrets.demo_password(settings)}"),
            ("Dial", f"{NUMBER}, that is sip:{NUMBER}@{sip}, from any SIP phone on this machine (UDP or TCP)"),
            ("SIP phone", f"for an agent who wants one instead of the browser: server {sip}, user {first},"),
            ("", f"password {sip_password(secret, first)} (Linphone, baresip; each agent's own user and password)"),
        ]
    else:
        facts.append(("Calls", f"arrive from the trunks in {settings.trunks_file}, at {sip}"))
    offered = _demo_commands() if settings.demo else _commands(agents[0] if agents else "NAME")
    for label, (words, what) in zip(("Try next", *[""] * len(offered)), offered, strict=False):
        facts.append((label, f"{_ourselves()} {words:<22} {what}"))
    return [*facts, ("Logs", str(settings.log_dir))]


def _demo_commands() -> list[tuple[str, str]]:
    return [
        (f"call {NUMBER} --press 1", "a test caller, told step by step"),
        ("demo", "simulated callers and agents"),
        ("doctor", "a look at this machine"),
    ]


def _commands(agent: str) -> list[tuple[str, str]]:
    """Calls from this machine are nobody's trunk without the demo: test calls are not offered."""
    return [
        (f"agent password {agent}", "the password with which an agent logs in"),
        ("doctor", "a look at this machine"),
    ]


def _ourselves() -> str:
    """Our command as it can be typed here."""
    if shutil.which("trunkline"):
        return "trunkline"
    script, here = Path(sys.executable).with_name("trunkline"), Path.cwd()
    return str(script.relative_to(here)) if script.is_relative_to(here) else str(script)
