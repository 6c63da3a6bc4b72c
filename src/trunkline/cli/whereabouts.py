"""Where the centre that runs can be reached, noted by `trunkline run` for commands typed in another terminal.

Addresses only, never a secret: the note is there to be read.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from trunkline.cli.options import refuse, settled
from trunkline.core.errors import Misconfigured
from trunkline.settings import Settings, load, origins

_NOTED = ("http_host", "http_port", "public_url", "tls_cert", "tls_key", "sip_host", "sip_port")


def note(settings: Settings) -> None:
    """Note where this centre is."""
    values = {name: getattr(settings, name) for name in _NOTED}
    _path(settings).write_text(json.dumps({name: value for name, value in values.items() if value}, default=str))


def forget(settings: Settings) -> None:
    """Take the note back: the centre has ended."""
    _path(settings).unlink(missing_ok=True)


def settled_nearby(flags: Mapping[str, Any]) -> Settings:
    """The settings in force, and where nothing is said of an address, that of the centre that runs in the data dir.

    Ends the command with exit code 2 and one line for each mistake.
    """
    settings = settled(dict(flags))
    noted: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        noted = json.loads(_path(settings).read_text(encoding="utf-8"))
    said = origins(flags)
    try:
        return load({**flags, **{name: noted[name] for name in _NOTED if name in noted and said[name] == "default"}})
    except Misconfigured as fault:
        refuse(f"{_path(settings)}: {fault}")


def _path(settings: Settings) -> Path:
    return settings.run_dir / "ports.json"
