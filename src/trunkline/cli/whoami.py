"""Who types: what the history and the journal say of them."""

import getpass
import os


def user() -> str:
    """Return who types; in a container that may be a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
