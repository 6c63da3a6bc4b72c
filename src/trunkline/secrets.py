"""Secrets that nobody has to invent: made once, kept in `<data_dir>/secrets`, readable by us only, never logged."""

import os
import secrets
from pathlib import Path

from trunkline.core.errors import Misconfigured
from trunkline.settings import Settings


def ami_secret(settings: Settings) -> str:
    """Our password at Asterisk's manager interface."""
    return settings.ami_secret or _kept(settings, "ami_secret")


def agent_secret(settings: Settings) -> bytes:
    """The key from which the agents' SIP passwords are derived."""
    return (settings.agent_secret or _kept(settings, "agent_secret")).encode()


def database_password(settings: Settings) -> str:
    """The password of our own PostgreSQL."""
    return _kept(settings, "database_password")


def database_superuser_password(settings: Settings) -> str:
    """The password of our own PostgreSQL's user `postgres`, which only an admin needs."""
    return _kept(settings, "database_superuser_password")


def switch_database_password(settings: Settings) -> str:
    """The password with which Asterisk reads the agents' SIP accounts."""
    return _kept(settings, "switch_database_password")


def mail_secret(settings: Settings) -> bytes:
    """The key by which the names of our mails are signed: an answer to one is known by it."""
    return _kept(settings, "mail_secret").encode()


def file_secret(settings: Settings) -> bytes:
    """The key by which the addresses of files are signed, that people outside are given."""
    return _kept(settings, "file_secret").encode()


def demo_password(settings: Settings) -> str:
    """The password of the demo agents: short enough to type, 50 bits."""
    return settings.demo_password or _kept(settings, "demo_password", spoken=True)


def _kept(settings: Settings, name: str, *, spoken: bool = False) -> str:
    path = settings.secrets_dir / name
    if not path.exists():
        settings.secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path, _spoken() if spoken else secrets.token_urlsafe(32))
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read ({error.strerror}); who runs us must own it") from None
    if not value:
        raise Misconfigured(f"{path} is empty; delete it and a new one is made")
    return value


def _make(path: Path, value: str) -> None:
    """Write the secret whole or not at all; the first of several writers wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _spoken() -> str:
    """Ten letters and digits that are not mistaken for one another."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(10))
